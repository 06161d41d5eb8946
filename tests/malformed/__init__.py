"""Malformed specs as tables.

A case is the code of the fault, a piece of the example with the fault's place between « and » (a « alone marks a
place that is only a point), a part of the message and, in some, a part of the cure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from graphgen.faults import EXAMPLE
from graphgen.faults.uses import MODEL
from tests.malformed.equations import EQUATIONS, EXPRESSIONS, STYLES
from tests.malformed.limits import LIMITS
from tests.malformed.operations import ARRAYS, CALLS
from tests.malformed.reading import READING
from tests.malformed.uses import USES


class Case(NamedTuple):
    """One malformed spec and what is to be told of it; `width` is 0 where the place is only a point."""

    name: str
    text: str
    code: str
    line: int
    column: int
    width: int
    message: str
    cure: str


def cases() -> list[Case]:
    """Every case of every table."""
    return [_case(*row) for row in _rows()]


def _rows() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    pieces = [
        *READING.items(),
        *EQUATIONS.items(),
        ("tanh(z)", EXPRESSIONS),
        ("- y = tanh(z)", STYLES),
        *LIMITS.items(),
    ]
    for piece, rows in pieces:
        assert piece in EXAMPLE, piece
        for row in rows:
            yield EXAMPLE, piece, row
    for piece, rows in USES.items():
        assert piece in MODEL, piece
        for row in rows:
            yield MODEL, piece, row
    for row in CALLS:
        yield ARRAYS, "CALL", row


def _case(spec: str, piece: str, row: tuple[str, ...]) -> Case:
    code, marked, message, *cure = row
    text, line, column, width = unmarked(spec.replace(piece, marked, 1))
    name = marked if len(marked) < 60 else f"{marked[:40]}…{len(marked)}"
    return Case(f"{code}: {name}", text, code, line, column, width, message, *cure or [""])


def unmarked(text: str) -> tuple[str, int, int, int]:
    """The text without « and »; line and column of «, and how many characters of its line » is behind it, or 0."""
    before, after = text.split("«")
    marked, closed, rest = after.partition("»")
    lines = re.split(r"\r?\n", before)
    width = len(re.split(r"\r?\n", marked)[0]) if closed else 0
    return before + marked + rest, len(lines), len(lines[-1]) + 1, width
