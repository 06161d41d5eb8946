"""What can be wrong, and how it is told: where it stands, what was expected, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from graphgen.faults import KINDS

WIDEST = 118  # characters of a line that are shown
LONGEST = 400  # characters of a message
MOST = 20  # faults told of one spec
MANY = 2000  # names among which the nearest is looked for


@dataclass(frozen=True)
class Position:
    """A stretch of one line of a file; line and column count from 1."""

    file: str
    line: int
    column: int
    width: int
    text: str  # the whole line

    @property
    def end(self) -> int:
        """The column behind the stretch."""
        return self.column + max(1, min(self.width, len(self.text) - self.column + 1))

    def pointer(self) -> str:
        """The line itself and, below it, carets under the stretch; of a long line, the part around it."""
        first = max(0, min(self.column - WIDEST // 2, len(self.text) - WIDEST))
        text = printable(self.text[first : first + WIDEST])
        at = self.column - 1 - first
        carets = "^" * min(self.end - self.column, WIDEST - at)
        return f"{self.line:>5} | {text}\n{' ' * 5} | {' ' * at}{carets}"


@dataclass(frozen=True)
class Fault:
    """One fault of a spec; `code` is a row of the table of faults, which knows a cure where none is given.

    `beside` are other places that belong to it, each after what is to be said of it.
    """

    code: str
    message: str
    position: Position
    cure: str = ""
    beside: tuple[tuple[str, Position], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", _short(self.message))
        object.__setattr__(self, "cure", _short(self.cure or KINDS[self.code].cure))

    def __str__(self) -> str:
        places = ((f"{self.message} [{self.code}]", self.position), *self.beside)
        told = (f"{p.file}:{p.line}:{p.column}: {what}\n{p.pointer()}" for what, p in places)
        return "\n".join([*told, f"  {self.cure}"])


class GraphgenError(Exception):
    """Anything that is told to the user as a message, never as a traceback."""


class DefectError(Exception):
    """A defect of graphgen's own, never of a spec."""


class ShapeError(GraphgenError):
    """Shapes, axes or attributes that an operation cannot take; the caller knows the position."""

    def __init__(self, code: str, message: str, cure: str = "") -> None:
        self.code, self.message, self.cure = code, message, cure
        super().__init__(message)


class SpecError(GraphgenError):
    """The faults of a spec; none where one that is told already leaves a piece impossible to judge."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))

    def also(self, what: str, position: Position) -> SpecError:
        """The same faults, each with one place more that belongs to it."""
        return SpecError(*(replace(fault, beside=(*fault.beside, (what, position))) for fault in self.faults))


class Faults:
    """Collects the faults of pieces that can be judged each on its own, up to as many as anybody reads at once."""

    def __init__(self, found: Iterable[Fault] = ()) -> None:
        self.found = list(found)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """What is wrong within is kept for later, and the piece left where it went wrong."""
        try:
            yield
        except SpecError as error:
            self.found += error.faults
        if len(self.found) >= MOST:
            self.check()

    def check(self) -> None:
        """Raise what was found, in the order of the file."""
        if self.found:
            raise SpecError(*sorted(self.found, key=lambda f: (f.position.line, f.position.column))[:MOST])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A cure that names the nearest known name, or lists all of them when there are few."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names[:MANY], n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def printable(text: str) -> str:
    """The text without anything that moves a terminal's cursor, every character in its place."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _short(text: str) -> str:
    return printable(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
