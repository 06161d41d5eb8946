"""The dims of a used spec in those of the spec that calls it: told at the use, by arguments, or by their names."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphgen.errors import SpecError
from graphgen.ir.bind import solve
from graphgen.ir.shape import Dim, Shape, show
from graphgen.spec.model import Variable

if TYPE_CHECKING:
    from graphgen.elaborate.expression import Elaborator
    from graphgen.elaborate.place import Place

Given = tuple[Variable, Shape, ast.expr]  # what is declared, the shape that it meets, and where


def find_sizes(at: Elaborator, tree: ast.Call, place: Place, given: Sequence[Given]) -> dict[str, Dim]:
    """The size of every dim, so that each declared shape is the one it meets; or an error at the first that is not.

    What a use says under `dims` goes first; a dim that no argument tells is the caller's dim of that name.
    """
    cell, use = place.cell, place.use
    caller = {name: value for name, value in at.names.items() if isinstance(value, Dim)}
    known = {name: dim.put(caller) for name, dim in (use.dims if use else {}).items()}
    pairs: list[tuple[Dim, Dim]] = []
    for variable, shape, where in given:
        if len(shape) != len(variable.shape):
            raise _mismatch(at, place, (variable, shape, where), known)
        pairs += zip(variable.shape, shape)
    while found := next((f for pair in pairs if (f := _solved(*pair, known))), None):
        known |= found
    for name in cell.dims:
        if name not in known and name not in caller:
            cure = f"say it: {place.name}: {{spec: {cell.name}, dims: {{{name}: …}}}}"
            raise at.fail("use-size", f"no argument tells the size {name} of {place.name}", tree, cure)
        known.setdefault(name, caller.get(name, Dim.of(1)))
    for one in given:
        variable, shape, _ = one
        if tuple(dim.put(known) for dim in variable.shape) != shape:
            raise _mismatch(at, place, one, known)
    return known


def _solved(declared: Dim, actual: Dim, known: dict[str, Dim]) -> dict[str, Dim] | None:
    """The one dim that is not known yet, if the declared one is linear in it."""
    unknown = [symbol for symbol in declared.symbols if symbol not in known]
    linear = solve(declared, unknown[0]) if len(unknown) == 1 else None
    if linear is None:
        return None
    coefficient, rest = linear
    size = (actual - rest.put(known)).divided_by(Dim.of(coefficient))
    return None if size is None else {unknown[0]: size}


def _mismatch(at: Elaborator, place: Place, given: Given, known: dict[str, Dim]) -> SpecError:
    variable, shape, tree = given
    symbols = {symbol for dim in variable.shape for symbol in dim.symbols if symbol in known}
    where = " and ".join(f"{name} = {known[name]}" for name in sorted(symbols) if str(known[name]) != name)
    told = f"{show(variable.shape)}{f' with {where}' if where else ''}"
    message = f"'{variable.name}' of {place.name} is declared {told}, and this is {show(shape)}"
    return at.fail("use-shape", message, tree).also("declared here", variable.part.position)
