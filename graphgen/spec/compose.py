"""YAML as nodes with positions: nothing is resolved, so `NO`, `12:30` and `1e-5` stay what was written.

libyaml reports events, which nest as deep as they like without a stack; the nodes are put together here, where
what a spec has no use for, and what is too much of it, is refused at the first event that has it.
"""

from __future__ import annotations

from typing import Any

import yaml

from graphgen.errors import Fault, SpecError
from graphgen.faults import limits
from graphgen.spec.source import Part, Source

PARSER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def compose(source: Source) -> Part:
    """The root of the document, or a SpecError that says where YAML was left."""
    if len(source.text.encode("utf-8", "surrogatepass")) > limits.FILE:
        raise SpecError(Fault("file-size", "the file is larger than 1 MiB", source.at(0, 0)))
    odd = yaml.reader.Reader.NON_PRINTABLE.search(source.text)
    if odd:
        raise SpecError(Fault("control-character", f"this is not text: {odd[0]!r}", source.place(odd.start())))
    composer = Composer(source)
    try:
        for event in yaml.parse(source.text, Loader=PARSER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = source.at(mark.line, mark.column) if mark else source.at(0, 0)
        message = f"this is not YAML: {error.problem or error.context}"
        raise SpecError(Fault("yaml", message, position, _cure(str(error.problem)))) from None
    if composer.root is None:
        raise SpecError(Fault("empty", "the spec is empty", source.at(0, 0)))
    return Part(source, composer.root)


class Composer:
    """Puts the nodes of one document together from events."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0
        self.root: yaml.Node | None = None
        self.open: list[yaml.CollectionNode] = []  # from the root to where we are
        self.keys: list[yaml.Node | None] = []  # of each open node, the key whose value comes next

    def take(self, event: yaml.Event) -> None:
        """The next event."""
        match event:
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self.fail("one-document", "another document begins here", event)
            case yaml.AliasEvent():
                raise self.fail("alias", "aliases (*name) are not part of the spec language", event)
            case yaml.NodeEvent(anchor=str()):
                raise self.fail("alias", "anchors (&name) are not part of the spec language", event)
            case yaml.ScalarEvent(tag=str()) | yaml.CollectionStartEvent(tag=str()):
                raise self.fail("tag", "tags (!name) are not part of the spec language", event)
            case yaml.ScalarEvent():
                self.add(yaml.ScalarNode("", event.value, *_marks(event), event.style), event)
            case yaml.SequenceStartEvent():
                self.enter(yaml.SequenceNode("", [], *_marks(event)), event)
            case yaml.MappingStartEvent():
                self.enter(yaml.MappingNode("", [], *_marks(event)), event)
            case yaml.CollectionEndEvent():
                self.keys.pop()
                _, self.open.pop().end_mark = _marks(event)

    def enter(self, node: yaml.CollectionNode, event: yaml.Event) -> None:
        """A list or mapping begins."""
        if len(self.open) == limits.DEPTH:
            raise self.fail("nesting", "this is nested too deeply", event, "a spec nests four levels at most")
        self.add(node, event)
        self.open.append(node)
        self.keys.append(None)

    def add(self, node: yaml.Node, event: yaml.Event) -> None:
        """A node is an element, a key or a value of what is open, or the root."""
        self.count += 1
        if self.count > limits.NODES:
            raise self.fail("too-many", f"this is more than {limits.NODES:,} keys, values and elements", event)
        if not self.open:
            self.root = node
            return
        inner = self.open[-1]
        if len(inner.value) == limits.ELEMENTS:
            raise self.fail("too-many", f"this is more than {limits.ELEMENTS:,} elements", event)
        if isinstance(inner, yaml.SequenceNode):
            inner.value.append(node)
            return
        key = self.keys[-1]
        if key is None and isinstance(node, yaml.ScalarNode) and node.value == "<<" and not node.style:
            raise self.fail("merge-key", "merge keys (<<) are not part of the spec language", event)
        if key is not None:
            inner.value.append((key, node))
        self.keys[-1] = node if key is None else None

    def fail(self, code: str, message: str, event: yaml.Event, cure: str = "") -> SpecError:
        """The error to raise about an event."""
        mark, _ = _marks(event)
        return SpecError(Fault(code, message, self.source.at(mark.line, mark.column), cure))


def _marks(event: yaml.Event) -> tuple[Any, Any]:
    return event.start_mark, event.end_mark


def _cure(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "put text that has ': ' in it in quotes"
    if "cannot start any token" in problem:
        return "indent with spaces, not tabs; text that begins with a sign stands in quotes"
    return ""
