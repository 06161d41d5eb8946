"""The body of a loop written into buffers: nothing is allocated at a step that NumPy can write where it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from graphgen.codegen.into import into, takes_out
from graphgen.codegen.lower import Lowering
from graphgen.codegen.places import Place, copies, places
from graphgen.codegen.program import Line
from graphgen.codegen.scratch import Scratch
from graphgen.codegen.text import tidy
from graphgen.ir.graph import depending
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim


def takes_place(node: Node) -> bool:
    """Whether NumPy can write what a node computes into an array that is there already; a number is no array."""
    if node.op.view or node.op is OPS["item"] or node.weak or node.dtype != "float":
        return False
    if not (node.inputs and node.shape):
        return False
    return node.op is OPS["concat"] or takes_out(node.op.spell(node, [f"_{i}" for i in range(len(node.inputs))]))


def late(order: list[Node], leaves: Mapping[str, Node], carried: Mapping[Node, str]) -> list[Node]:
    """An order in which what the next step starts from comes when the value that it may replace is read no more.

    `leaves` are what stands in the buffers at first, `carried` the buffer of what the next step starts from.
    """
    ordered = list(order)
    for node, buffer in carried.items():
        if node not in order or not node.op.elementwise or any(node in user.inputs for user in order):
            continue
        old = depending(order, [leaves[buffer]])
        replaced = {operand for operand in node.inputs if operand in old}
        last = max((at for at, user in enumerate(ordered) if replaced.intersection(user.inputs)), default=0)
        ordered.insert(last + 1, node)
        ordered.remove(node)
    return ordered


class Body(Lowering):
    """Writes the statements of one step.

    `places` are where values of every step are kept; `carried` gives the buffer of each value that the next step
    starts from.  A buffer is written again as soon as what stands in it is not read any more.
    """

    places: Mapping[Node, str]
    carried: Mapping[Node, str]

    def prepare(self, places: Mapping[Node, str], carried: Mapping[Node, str], starting: Mapping[Node, str]) -> None:
        """Tell where values belong; `starting` are the leaves that stand in buffers of `carried`."""
        self.places, self.carried = places, carried
        self.order = late(self.order, {buffer: leaf for leaf, buffer in starting.items()}, carried)
        self.statements = [node for node in self.order if node in self.stated and node not in self.texts]
        self.number = {node: at for at, node in enumerate(self.statements)}
        self.parts = self._parts()
        self.buffers: dict[Node, str] = dict(starting)  # what stands in a buffer that may be written again
        self.holds: dict[str, Node] = {buffer: leaf for leaf, buffer in starting.items()}
        self.scratch = Scratch()
        self.wholes: dict[Node, str] = {}  # what parts are laid side by side in
        self.direct: set[Node] = set()  # parts that were written where they are joined
        self.at = 0  # the statement that is written
        self.last: dict[Node, float] = {}  # the statement that reads a value last
        for at, node in enumerate(self.statements):
            for read in self._roots(node.inputs):
                self.last[read] = at
        for read in self._roots(self.kept):
            self.last[read] = inf
        self.expiring = sorted(self.last, key=self.last.__getitem__, reverse=True)  # the next one to die comes last

    def deserves_line(self, node: Node, reads: int) -> bool:
        """Besides what is named or read more than once, whatever is computed in a buffer."""
        return super().deserves_line(node, reads) or takes_place(node)

    def _parts(self) -> dict[Node, Place]:
        """What is laid side by side with others, and where: it is computed there."""
        parts: dict[Node, Place] = {}
        for whole in self.statements:
            if whole.op is not OPS["concat"] or whole.dtype != "float":
                continue
            for part, place in places(whole):
                fixed = part in self.places or part in self.carried or part in parts
                if not fixed and part in self.number and takes_place(part) and whole.inputs.count(part) == 1:
                    parts[part] = place
        return parts

    def _roots(self, nodes: Iterable[Node]) -> set[Node]:
        """What has to be there for some expressions: values with storage of their own, through names and views."""
        roots, waiting = set(), list(nodes)
        while waiting:
            node = waiting.pop()
            if node in self.parts:
                waiting.append(self.parts[node].whole)
            elif (node in self.number and not node.op.view) or (node in self.texts and node.op is OPS["input"]):
                roots.add(node)
            else:
                waiting.extend(node.inputs)
        return roots

    def state(self, node: Node) -> None:
        """Write the line of one node: into its place, a buffer that is free, or an array of its own."""
        if node in self.totals or not takes_place(node):
            super().state(node)
        elif node in self.wholes:
            self._join(node)
        else:
            expression = self.fitting(node)
            self._advance(self.number[node])
            place = self._place(node)
            self._write(node, place, into(expression, place))

    def _advance(self, at: int) -> None:
        """Go on to a statement: scratch whose value no statement reads from here on may be written again."""
        self.at = at
        while self.expiring and self._dead(self.expiring[-1]):
            value = self.expiring.pop()
            buffer = self.buffers.get(value, "")
            if buffer in self.scratch and self.holds[buffer] is value:
                self.scratch.release(buffer)

    def _write(self, node: Node, place: str, code: str | None) -> None:
        """Write a statement that fills a place, and name the place if it has no name of its own."""
        assert code is not None
        note = self.note(node)
        named = bool(note.name or note.cotangent_of)
        if place.isidentifier() and not named:
            self.texts[node] = place
            self.write(Line(code, note.rule), note)
            return
        dying = [place] if place.isidentifier() else []
        preferred = self.naming.name(node, note, dying)
        name = place if preferred == place else self.assign(preferred)
        self.texts[node] = name
        self.write(Line(f"{name} = {code}" if name != place else code, note.rule), note)

    def _place(self, node: Node) -> str:
        """Where a value is written."""
        if node in self.places:
            return self.places[node]
        if node in self.parts:
            self.direct.add(node)
            return self._slice(self.parts[node])
        buffer = self._carry(node) or self._operand(node) or self._scratch(node)
        self.buffers[node] = buffer
        self.holds[buffer] = node
        return buffer

    def _whole(self, whole: Node) -> str:
        """The name of what parts are laid side by side in; it is in use from the first of them on."""
        if whole not in self.wholes:
            place, note = self._place(whole), self.note(whole)
            if place.isidentifier() and not (note.name or note.cotangent_of):
                self.wholes[whole] = place
            else:
                name = self.wholes[whole] = self.assign(self.naming.name(whole, note, ()))
                self.write(Line(f"{name} = {place}"), note)
        return self.wholes[whole]

    def _slice(self, place: Place) -> str:
        """A place as a slice of the whole."""
        whole, start, stop = place
        axis = whole.attrs["axis"][0]
        first = "" if start == Dim.of(0) else start
        last = "" if stop == whole.shape[axis] else stop
        return tidy(f"{self._whole(whole)}[{':, ' * (len(whole.shape) + axis)}{first}:{last}]")

    def _join(self, node: Node) -> None:
        """The parts that could not be computed in their places are copied there."""
        self.texts[node] = self._whole(node)
        note = self.note(node)
        for place, source, _ in copies(node, {part: self.parts[part] for part in node.inputs if part in self.direct}):
            text = self._slice(source) if isinstance(source, Place) else self.text(source)
            self.write(Line(f"{self._slice(place)} = {text}", note.rule), note)

    def _dead(self, value: Node) -> bool:
        return self.last.get(value, -1) < self.at

    def _carry(self, node: Node) -> str | None:
        """The buffer of the value that the next step starts from, if this is that value and the buffer is free."""
        buffer = self.carried.get(node)
        if buffer is None:
            return None
        value = self.holds[buffer]
        free = self._dead(value) or (value in node.inputs and self._may_overwrite(node, value))
        return buffer if free else None

    def _operand(self, node: Node) -> str | None:
        """The buffer of an operand that is not read again."""
        for operand in node.inputs:
            if operand in self.buffers and self._may_overwrite(node, operand):
                return self.buffers[operand]
        return None

    def _may_overwrite(self, node: Node, value: Node) -> bool:
        same = value.shape == node.shape and value.dtype == node.dtype
        dying = self.last.get(value) == self.at and self.holds[self.buffers[value]] is value
        return node.op.elementwise and same and dying

    def _scratch(self, node: Node) -> str:
        """A buffer of the shape that is free, or a new one."""
        return self.scratch.take(node.shape) or self.scratch.make(self.assign(self.naming.claim("work")), node.shape)

    def is_placed(self, node: Node) -> bool:
        """Whether a value was computed where it is kept."""
        return node in self.number and takes_place(node)
