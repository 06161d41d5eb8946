"""YAML as nodes with positions: nothing is resolved, so `NO`, `12:30` and `1e-5` stay what was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from graphgen.errors import Position, SpecError


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a spec and the name of its file."""

    file: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return re.split("\r\n|[\n\r\x85\u2028\u2029]", self.text)  # as YAML counts them

    def at(self, line: int, column: int, width: int = 1) -> Position:
        """A position; line and column count from 0, as YAML's marks do."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Position(self.file, line + 1, column + 1, width, text)


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

    def fail(self, message: str, cure: str = "") -> SpecError:
        """The error to raise about this piece."""
        return SpecError(message, self.position, cure)

    def text(self, what: str, cure: str = "") -> str:
        """The value of a scalar, as written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.fail(f"expected {what}", cure or _kind_cure(self.node))
        return str(self.node.value)

    def items(self, what: str, cure: str = "") -> list[tuple[Part, Part]]:
        """The pairs of a mapping whose keys are scalars that differ."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail(f"expected {what}", cure)
        seen: dict[str, Part] = {}
        pairs = [(Part(self.source, key), Part(self.source, value)) for key, value in self.node.value]
        for key, _ in pairs:
            name = key.text("a name", "a key is a single name")
            if name in seen:
                raise key.fail(f"'{name}' is given twice", f"the first is on line {seen[name].position.line}")
            seen[name] = key
        return pairs

    def elements(self, what: str, cure: str = "") -> list[Part]:
        """The elements of a sequence."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail(f"expected {what}", cure)
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


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses what a spec has no use for: anchors, aliases and tags."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """As the base class does, after a look at the event."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        for given, what in (
            (isinstance(event, yaml.AliasEvent), "aliases (*name)"),
            (getattr(event, "anchor", None), "anchors (&name)"),
            (getattr(event, "tag", None), "tags (!name)"),
        ):
            if given:
                raise yaml.MarkedYAMLError(None, None, f"{what} are not part of the spec language", event.start_mark)
        return super().compose_node(parent, index)


def compose(source: Source) -> Part:
    """The root of the document, or a SpecError that says where YAML was left."""
    try:
        loader = _Loader(source.text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = source.at(mark.line, mark.column) if mark else source.at(0, 0)
        message = f"this is not YAML: {error.problem or error.context}"
        refused = str(error.problem).endswith("the spec language")
        raise SpecError(str(error.problem) if refused else message, position, _yaml_cure(error)) from None
    except yaml.reader.ReaderError as error:
        line = source.text.count("\n", 0, error.position)
        column = error.position - (source.text.rfind("\n", 0, error.position) + 1)
        raise SpecError(f"this is not text: {error.reason}", source.at(line, column)) from None
    except RecursionError:
        raise SpecError("nested too deeply", source.at(0, 0), "a spec nests three levels at most") from None
    if node is None:
        raise SpecError("the spec is empty", source.at(0, 0), "`graphgen new NAME` writes one to start from")
    return Part(source, node)


def _yaml_cure(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    if "mapping values are not allowed" in problem:
        return "put text that has ': ' in it in quotes"
    if "\\t" in problem or "tab" in problem:
        return "indent with spaces, not tabs"
    return ""
