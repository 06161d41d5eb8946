"""The shipped specs, each compiled once a process at a level, whichever tests ask for it."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from graphgen import passes
from graphgen.check.module import load
from graphgen.compiler import Compilation, compile_file
from graphgen.resources import find_spec
from graphgen.spec.model import Cell
from graphgen.spec.reader import read


@cache
def cell(name: str) -> Cell:
    """A spec as it is read, which costs next to nothing."""
    return read(find_spec(name))


@cache
def compiled(name: str, level: int = passes.DEFAULT) -> Compilation:
    """What the stages make of a spec."""
    return compile_file(find_spec(name), level)


@cache
def module(name: str, level: int = passes.DEFAULT) -> ModuleType:
    """Its module, loaded."""
    return load(compiled(name, level).source, name)
