"""Where does a NaN come from?  A module's `trace_nan` finds the operation; here it is told with its equation."""

from __future__ import annotations

import re
import traceback
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from graphgen.check.module import emptied, filled, keys_of, load
from graphgen.check.numeric import Arrays
from graphgen.errors import GraphgenError, did_you_mean
from graphgen.ir.node import fresh
from graphgen.spec.model import Cell, Equation

LENGTH = 1000  # of a sequence where no arrays are given
HEADING = re.compile(r"\s+# (?:(\d+)\. |([\w.]+): (\w+) = )")  # of an equation, or of one of a used spec


def read_arrays(path: Path) -> Arrays:
    """The arrays of an .npz file."""
    try:
        with np.load(path) as file:
            return dict(file)
    except (OSError, ValueError, AttributeError, TypeError, BadZipFile) as error:
        raise GraphgenError(f"{path} is no .npz file of arrays: {error}") from None


def trace_nan(source: str, cell: Cell, arrays: Arrays | None = None) -> str:
    """The first NaN that a module makes, with the equation that it is from; "" if there is none.

    The arrays are named as in `inputs.x`; without them the parameters are fresh and the inputs random.
    """
    module = load(source, cell.name)
    function = module.trace_nan
    records = _records(module, cell, _drawn(module, cell) if arrays is None else arrays)
    told = [p.name for p in signature(function).parameters.values() if p.kind == p.KEYWORD_ONLY]
    known = {**_sizes(cell), fresh("T", cell.names): LENGTH}
    try:
        function(**records, **{name: known[name] for name in told})
    except ValueError as error:
        raise GraphgenError(f"{cell.name}: {error}") from None
    except FloatingPointError as error:
        return _told(error, source, cell)
    return ""


def _records(module: ModuleType, cell: Cell, arrays: Arrays) -> dict[str, Any]:
    """The arguments of `trace_nan`.  What is not there is None: the module says whether it has to be."""
    kinds = {"parameters": module.Parameters, "inputs": module.Inputs, "d_outputs": module.Outputs}
    kinds |= {"state": module.State, "d_final": module.State} if cell.states else {}
    names = [name for group, kind in kinds.items() for name in keys_of(kind, group)]
    for key in arrays:
        if key not in names:
            raise GraphgenError(f"{cell.name} has no array '{key}'; {did_you_mean(key, names)}")
    given = {key.partition(".")[0] for key in arrays} | set(kinds) - {"d_outputs", "d_final"}
    values = {name: arrays.get(name) for name in names}
    return {group: filled(kind, group, values) for group, kind in kinds.items() if group in given}


def _sizes(cell: Cell) -> dict[str, int]:
    """Small sizes that all differ."""
    return {name: size for size, name in enumerate(cell.dims, start=2)}


def _drawn(module: ModuleType, cell: Cell) -> Arrays:
    """Fresh parameters, a state of zeros, and normal inputs; indices are 0 and 1, which no size rules out."""
    rng, sizes = np.random.default_rng(0), _sizes(cell)
    records = {"parameters": _called(module.init_parameters, sizes, rng)}
    records |= {"state": _called(module.zero_state, sizes)} if cell.states else {}
    arrays = {f"{group}.{name}": a for group, record in records.items() for name, a in emptied(record)}
    for variable in cell.inputs:
        shape = (*([LENGTH] if cell.states else []), *(dim.evaluate(sizes) for dim in variable.shape))
        values = rng.standard_normal(shape) if variable.dtype == "float" else rng.integers(0, 2, shape)
        arrays[f"inputs.{variable.name}"] = np.asarray(values, variable.dtype)
    return arrays


def _called(function: Any, sizes: dict[str, int], *arguments: Any) -> Any:
    """What a function returns for those of the sizes that it takes."""
    return function(
        *arguments, **{name: size for name, size in sizes.items() if name in signature(function).parameters}
    )


def _told(error: FloatingPointError, source: str, cell: Cell) -> str:
    """What the module says of a NaN, with the equation and the statement if one of the module's made it."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    lines = [
        n for code, n in frames if code.co_filename == f"<{cell.name}>" and code.co_name in ("forward", "backward")
    ]
    if not lines:
        return str(error)
    statement = source.splitlines()[lines[-1] - 1].strip()
    equation = _equation(source.splitlines()[: lines[-1]], cell)
    if equation is None:
        return f"{error}\n  in {statement}"
    place = equation.place
    return f"{place.file}:{place.line}:{place.column}: {error}\n{place.pointer()}\n  in {statement}"


def _equation(lines: list[str], cell: Cell) -> Equation | None:
    """The equation under whose heading the last of some lines stands; what left a loop has another heading."""
    # Blocks are parted by empty lines; the first one of a loop stands below its header.
    block_begin = max(at for at, line in enumerate(lines) if not line or line.lstrip().startswith("for ")) + 1
    heading = HEADING.match(lines[min(block_begin, len(lines) - 1)])
    if heading is None:
        return None
    number, use, target = heading.groups()
    used = {(path, equation.target): equation for path, equation in cell.written_out}
    return cell.equations[int(number) - 1] if number else used[f"{use}.", target]
