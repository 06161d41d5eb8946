"""A spec's text and the pieces of it, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import yaml

from graphgen.errors import Fault, Position, SpecError

BREAK = "\r\n|[\n\r\x85\u2028\u2029]"  # between lines, as YAML counts them


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a spec and the name of its file."""

    file: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return re.split(BREAK, self.text)

    def at(self, line: int, column: int, width: int = 1) -> Position:
        """A position; line and column count from 0, as YAML's marks do.  Past the end it is the end."""
        if line >= len(self.lines):
            line, column = len(self.lines) - 1, len(self.lines[-1])
        return Position(self.file, line + 1, column + 1, width, self.lines[line])

    def place(self, offset: int) -> Position:
        """The position of a character of the text."""
        before = re.split(BREAK, self.text[:offset])
        return self.at(len(before) - 1, len(before[-1]))


class Part:
    """A piece of a spec: a scalar, a sequence or a mapping, and where it stands."""

    def __init__(self, source: Source, node: yaml.Node) -> None:
        self.source, self.node = source, node

    @property
    def position(self) -> Position:
        """Where it begins."""
        start, end = self.node.start_mark, self.node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        return self.source.at(start.line, start.column, max(1, width))

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def is_mapping(self) -> bool:
        """Whether it is made of pairs."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def words(self) -> set[str]:
        """What may be names in it, up to the first `=` or `:`."""
        text = str(self.node.value) if self.is_scalar else self.position.text[self.position.column - 1 :]
        return set(re.findall(r"[^\W\d]\w*", re.split("[=:]", text)[0]))

    def fail(self, code: str, message: str, cure: str = "") -> SpecError:
        """The error to raise about this piece."""
        return SpecError(Fault(code, message, self.position, cure))

    def text(self, what: str, cure: str = "") -> str:
        """The value of a scalar, as written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.fail("text", f"expected {what}", cure or _kind_cure(self.node))
        return str(self.node.value)

    def items(self, what: str, cure: str = "") -> list[tuple[Part, Part]]:
        """The pairs of a mapping."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail("mapping", f"expected {what}", cure)
        return [(Part(self.source, key), Part(self.source, value)) for key, value in self.node.value]

    def elements(self, what: str, cure: str = "") -> list[Part]:
        """The elements of a sequence."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail("list", f"expected {what}", cure)
        return [Part(self.source, element) for element in self.node.value]

    def within(self, offset: int, width: int = 1) -> Position:
        """The position of a character of a scalar's value."""
        line, column = self._places[min(offset, len(self._places) - 1)]
        return self.source.at(line, column, width)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """Line and column of every character of the value: they stand in the source in the same order."""
        start, end = self.node.start_mark, self.node.end_mark
        raw = list(_characters(self.source, start.line, start.column, end.line, end.column))
        at, quoted = self._begin(raw), getattr(self.node, "style", None) == '"'
        last = raw[at][0] if at < len(raw) else (start.line, start.column)
        places: list[tuple[int, int]] = []
        for character in str(self.node.value):
            if character.isspace():
                last = (last[0], last[1] + 1) if places else last
                places.append(last)
                continue
            while at < len(raw) and (blank := _blank(raw, at, quoted)):
                at += blank
            if at < len(raw):
                last = raw[at][0]
                at += _width(raw, at) if quoted and raw[at][1] == "\\" else raw[at][1] == character
            places.append(last)
        return [*places, (last[0], last[1] + 1)]

    def _begin(self, raw: list[tuple[tuple[int, int], str]]) -> int:
        """Where the value begins, behind a quote or the header of a block."""
        style = getattr(self.node, "style", None) or ""
        header = {"|": "\n", ">": "\n"}.get(style, style)
        return next((at + 1 for at, (_, c) in enumerate(raw) if c == header), 0) if header else 0


def _blank(raw: list[tuple[tuple[int, int], str]], at: int, quoted: bool) -> int:
    """How many characters of white space stand here, written out or escaped; a folded line's backslash counts."""
    if not quoted or raw[at][1] != "\\":
        return int(raw[at][1].isspace())
    width = _width(raw, at)
    code = "".join(c for _, c in raw[at + 2 : at + width])
    kind = raw[at + 1][1] if at + 1 < len(raw) else ""
    return width if (chr(int(code, 16)).isspace() if code else kind in " \t\ntnvfrN_LP") else 0


def _width(raw: list[tuple[tuple[int, int], str]], at: int) -> int:
    """How many characters an escape in double quotes takes."""
    kind = raw[at + 1][1] if at + 1 < len(raw) else ""
    return {"x": 4, "u": 6, "U": 10}.get(kind, 2)


def _characters(
    source: Source, line: int, column: int, end_line: int, end_column: int
) -> Iterator[tuple[tuple[int, int], str]]:
    """Each character between two marks with its place."""
    for at in range(line, min(end_line, len(source.lines) - 1) + 1):
        text = source.lines[at] + "\n"
        first = column if at == line else 0
        last = end_column if at == end_line else len(text)
        yield from (((at, i), text[i]) for i in range(first, last))


def _kind_cure(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "this is a mapping; text with ': ' in it must stand in quotes"
    return "this is a list"
