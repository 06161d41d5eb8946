"""Breaking the compiler in memory, a line of it at a time, and seeing whether anybody notices."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper, cache, cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from graphgen.check.module import Trial, load
from graphgen.compiler import compile_cell
from graphgen.passes.identities import IDENTITIES
from graphgen.resources import find_spec
from graphgen.spec.model import Cell
from graphgen.spec.reader import read_text
from tests.oracle import by_jax
from tests.support import assert_close

LENGTH = 3
SHIPPED = ("gru_reset_after", "mgu", "lstm_separate", "lstm_averaged", "lstm", "lstm_layer")
FOLDER = Path(__file__).parent / "fuzz"


@contextmanager
def broken(module: ModuleType, source: str | ast.Module) -> Iterator[None]:
    """The module's functions with the code of another text; whoever imported them runs it too."""
    functions = {f.__qualname__: f for f in defined(vars(module).values(), module.__name__)}
    whole = {name: function.__code__ for name, function in functions.items()}
    other = {code.co_qualname: code for code in codes(compile(source, str(module.__file__), "exec"))}
    try:
        for name, function in functions.items():
            function.__code__ = other[name]
        yield
    finally:
        for name, function in functions.items():
            function.__code__ = whole[name]


def defined(values: Iterable[Any], module: str) -> Iterator[FunctionType]:
    """Every function and method whose text a module has; what `dataclass` writes has none."""
    for value in values:
        if isinstance(value, property | cached_property):
            value = value.fget if isinstance(value, property) else value.func
        if isinstance(value, type) and value.__module__ == module:
            yield from defined(vars(value).values(), module)
        elif isinstance(value, FunctionType | staticmethod | _lru_cache_wrapper):
            function = inspect.unwrap(value)
            if function.__module__ == module and function.__code__.co_filename != "<string>":
                yield function


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and all within it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def replaced(module: ModuleType, old: str, new: str) -> str:
    """The module's text with one place changed, which must be there once."""
    source = inspect.getsource(module)
    assert source.count(old) == 1, f"'{old}' is {source.count(old)} times in {module.__name__}"
    return source.replace(old, new)


@cache
def witnesses() -> dict[str, Cell]:
    """The specs that are asked: shipped ones, some made for it, and one equation for each identity."""
    shipped = {name: find_spec(name) for name in SHIPPED}
    made = {path.stem: path for path in sorted((FOLDER / "witnesses").glob("*.yaml"))}
    found = {path.stem: path for path in sorted((FOLDER / "found").glob("*.yaml"))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in (made | shipped | found).items()}
    texts["identities"] = identities()
    return {name: read_text(text) for name, text in texts.items()}


def identities() -> str:
    """A spec that has the left side of each identity."""
    names = {"zeros()": "zeros((n, m))", "(p,": "(x > y,"}
    patterns = [line.split("->")[0].strip() for line in IDENTITIES.strip().splitlines()]
    for old, new in names.items():
        patterns = [pattern.replace(old, new) for pattern in patterns]
    lines = ["cell: identities", "dims: {n: a size, m: a size}", "inputs: {x: [n, m], y: [n, m]}", "equations:"]
    lines += [f"  - z{at} = tanh({pattern})" for at, pattern in enumerate(patterns)]
    return "\n".join([*lines, f"outputs: [{', '.join(f'z{at}' for at in range(len(patterns)))}]", ""])


@cache
def expected(name: str) -> list[tuple[int | None, Any]]:
    """What JAX says of a witness, for a step and for a sequence."""
    cell = witnesses()[name]
    done = compile_cell(cell)
    lengths = (None, LENGTH) if cell.states else (None,)
    trials = [Trial(load(done.source, cell.name), cell, done.step.forward, length) for length in lengths]
    return [(one.length, by_jax(one)) for one in trials]


def complaint(first: str = "") -> str:
    """What a witness that does not compute what JAX says complains of; nothing if all are content.

    The one that is likeliest to notice may be asked `first`.
    """
    for name in sorted(witnesses(), key=lambda name: name != first):
        try:
            for level in (1, 2):
                disagree(name, witnesses()[name], level)
        except Exception as error:
            return f"{name}: {type(error).__name__}: {error}"
    return ""


def disagree(name: str, cell: Cell, level: int) -> None:
    """An error unless a witness computes what JAX says."""
    done = compile_cell(cell, level)
    module = load(done.source, cell.name)
    for length, (results, gradients) in expected(name):
        one = Trial(module, cell, done.step.forward, length)
        with np.errstate(all="ignore"):
            assert_close(one.run(one.arrays)[0], results, 1e-10, "results")
            assert_close(one.gradients(), gradients, 1e-10, "gradients")
