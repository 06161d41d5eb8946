"""What can be wrong, and how it is told: where it stands, what was expected, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Position:
    """A stretch of one line of a file; line and column count from 1."""

    file: str
    line: int
    column: int
    width: int
    text: str  # the whole line

    def pointer(self) -> str:
        """The line itself and, below it, carets under the stretch."""
        gutter = f"{self.line:>5} | "
        carets = "^" * max(1, min(self.width, len(self.text) - self.column + 1))
        return f"{gutter}{self.text}\n{' ' * 5} | {' ' * (self.column - 1)}{carets}"


class GraphgenError(Exception):
    """Anything that is told to the user as a message, never as a traceback."""


class DefectError(Exception):
    """A defect of graphgen's own, never of a spec."""


class ShapeError(GraphgenError):
    """Shapes, axes or attributes that an operation cannot take; the caller knows the position."""


class SpecError(GraphgenError):
    """A fault in a spec, with its position and, where there is one, the cure.

    `beside` are other places that belong to it, each after what is to be said of it.
    """

    def __init__(self, message: str, position: Position, cure: str = "", *beside: tuple[str, Position]) -> None:
        self.message, self.position, self.cure, self.beside = message, position, cure, beside
        super().__init__(str(self))

    def also(self, what: str, position: Position) -> SpecError:
        """The same fault, with one place more."""
        return SpecError(self.message, self.position, self.cure, *self.beside, (what, position))

    def __str__(self) -> str:
        cure = f"\n  {self.cure}" if self.cure else ""
        places = ((self.message, self.position), *self.beside)
        return "\n".join(f"{p.file}:{p.line}:{p.column}: {what}\n{p.pointer()}" for what, p in places) + cure


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A cure that names the nearest known name, or lists all of them when there are few."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= 12 else ""
