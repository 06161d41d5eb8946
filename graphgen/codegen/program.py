"""What the templates lay out: a module as records, functions and blocks of named statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphgen.ir.shape import Dim


@dataclass(frozen=True)
class Line:
    """One statement and the remark beside it."""

    code: str
    remark: str = ""


@dataclass(frozen=True)
class Block:
    """Statements that belong together under a heading."""

    heading: str
    items: tuple[Line | Loop, ...]

    @property
    def column(self) -> int:
        """How wide the statements are that have remarks beside them; very wide ones do not count."""
        widths = [len(item.code) for item in self.items if isinstance(item, Line) and item.remark]
        return max((width for width in widths if width <= 56), default=0)


@dataclass(frozen=True)
class Loop:
    """A loop over the steps."""

    header: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Field:
    """A field of a record, and the remark beside it."""

    name: str
    type: str
    remark: str = ""


@dataclass(frozen=True)
class Record:
    """A NamedTuple."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Array:
    """An array that a function takes room for; it is returned, lies in the workspace, or goes when it returns."""

    size: Dim
    kind: Literal["returned", "workspace", "local"]


@dataclass(frozen=True)
class Function:
    """A function: its signature and type, its docstring's lines, its statements, what it returns, and its arrays."""

    name: str
    arguments: tuple[str, ...]
    result: str
    doc: tuple[str, ...]
    blocks: tuple[Block, ...]
    returns: str
    arrays: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Program:
    """A whole module."""

    header: tuple[str, ...]
    doc: tuple[str, ...]
    records: tuple[Record, ...]
    imports: tuple[str, ...]  # statements, beside those of every module
    types: tuple[str, ...]  # source text of what the functions' signatures mention
    helpers: tuple[str, ...]  # source text of what the functions call
    checks: tuple[str, ...]  # statements that tell the shapes of what each function is handed
    functions: tuple[Function, ...]
