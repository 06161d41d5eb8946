"""A sequence's function written for speed: arrays of all steps are allocated once, and written in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from graphgen.codegen.buffers import Body, takes_place
from graphgen.codegen.into import into
from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import Naming
from graphgen.codegen.program import Block, Line
from graphgen.codegen.program import Loop as Written
from graphgen.codegen.text import names_in, tidy
from graphgen.ir.graph import Graph, Note
from graphgen.ir.node import Node
from graphgen.ir.op import OPS, shape_text
from graphgen.ir.shape import Dim, Shape
from graphgen.ops.linear import is_swap
from graphgen.ops.scan import Carry, Loop

ROOM = "room for every step and for one; the workspace's is written again by the next call"
FOR_STEPS = Note(place=ROOM)
AT_END = "of this step: what is kept, and what the next one starts from"


class Stored(Lowering):
    """Writes the graph of a sequence.

    What is returned gets an array of its own.  All else stands in arrays of the workspace, which the next call writes
    again.
    """

    def __init__(
        self,
        graph: Graph,
        texts: dict[Node, str],
        kept: Iterable[Node],
        naming: Naming,
        heading: Callable[[int], str],
        function: str,
    ) -> None:
        """`function` keeps its arrays in the workspace apart from those of others."""
        self.function = function
        kept = list(kept)
        scans: list[Node] = [node for node in graph.order(kept) if node.op is OPS["scan"]]
        self.steps = {symbol for scan in scans for symbol in scan.attrs["length"].symbols}
        self.sequences = {operand for scan in scans for _, operand in Loop.of(scan).sliced}
        super().__init__(graph, texts, kept, naming, heading)
        self.returned = {_storage(node) for node in self.kept}
        self.ours: set[Node] = set()  # what stands in the workspace
        self.seen_as: dict[Node, Node] = {}  # what is only read in another shape, and the view that does
        for node in self.order:
            if node.op is OPS["reshape"] and self.reads[node.inputs[0]] == 1:
                self.seen_as[node.inputs[0]] = node

    def deserves_line(self, node: Node, reads: int) -> bool:
        """Besides what is named or read more than once, every array of all steps."""
        return super().deserves_line(node, reads) or self._large(node)

    def _large(self, node: Node) -> bool:
        """Whether an array has an axis of steps, and NumPy can write it into another that is there already."""
        return any(self.steps.intersection(dim.symbols) for dim in node.shape) and takes_place(node)

    def state(self, node: Node) -> None:
        """Write the line of one node: over an operand that is ours and not read again, or into the workspace."""
        if is_swap(node) and node in self.sequences:
            self._in_order(node)
            return
        if node in self.returned or not self._large(node):
            super().state(node)
            return
        note, expression = self.note(node), self.fitting(node)
        over = next((operand for operand in node.inputs if self._may_overwrite(node, operand)), None)
        if over is not None:
            place = self.operand(over)
            expression = self.fitting(node)
        elif node in self.seen_as:
            view = self.seen_as[node]
            self.texts[view] = self.reserve(view, self.assign(self.naming.name(view, self.note(view), ())), note)
            place = tidy(f"np.reshape({self.texts[view]}, {shape_text(node.shape)})")
        else:
            place = self.reserve(node, self.assign(self.naming.name(node, note, ())), note)
        self.ours.add(node)
        self.texts[node] = place
        self.write(Line(str(into(expression, place)), note.rule), note)

    def _may_overwrite(self, node: Node, operand: Node) -> bool:
        if not node.op.elementwise or operand.shape != node.shape or _storage(operand) not in self.ours:
            return False
        inner = operand
        while self.reads[inner] == 1 and inner.op.view:
            inner = inner.inputs[0]
        if self.reads[inner] > 1:
            return False
        if operand not in self.texts:
            super().state(operand)
        return True

    def _in_order(self, node: Node) -> None:
        """Copy a sequence whose steps lie across memory, so that they lie side by side."""
        note = self.note(node)
        name = self.reserve(node, self.assign(self.naming.name(node, note, ())), note)
        self.write(Line(f"{name}[...] = {self.expression(node)}", note.rule), note)
        self.texts[node] = name

    def reserve(self, node: Node, name: str, note: Note = FOR_STEPS) -> str:
        """Write the line that takes room for a value: of its own if it is returned, else in the workspace."""
        room = self.room(name, node.shape, node.dtype, _storage(node) in self.returned or node in self.returned)
        self.write(Line(f"{name} = {room}"), note)
        return name

    def room(self, name: str, shape: Shape, dtype: str = "float", returned: bool = False) -> str:
        """The expression for an array to be filled."""
        text, kind = tidy(shape_text(shape)), "dtype" if dtype == "float" else dtype
        return (
            f"np.empty({text}, {kind})" if returned else f'workspace.array("{self.function}.{name}", {text}, {kind})'
        )

    def rooms(self, names: list[str], shape: Shape, dtype: str = "float", returned: bool = False) -> str:
        """The statement that takes room for several values of one shape in one piece."""
        whole = shape if len(names) == 1 else (Dim.of(len(names)), *shape)
        return f"{', '.join(names)} = {self.room(names[0], whole, dtype, returned)}"

    def loop(self, scan: Node) -> None:
        """Write a scan as a loop over buffers."""
        _Written(self, scan).run()


class _Written:
    """One scan, as it is written."""

    def __init__(self, outer: Stored, scan: Node) -> None:
        self.outer, self.scan, self.naming = outer, scan, outer.naming
        self.loop = Loop.of(scan)
        self.items = [node for node in outer.order if node.op is OPS["item"] and node.inputs[0] is scan]
        self.results = self.loop.results
        self.t = self.naming.index(0)
        self.places: dict[Node, str] = {}  # of values of the step: where they are kept
        self.stacked: dict[Node, str] = {}  # of values of the step: the array that keeps them, if it is no history
        self.buffers: dict[Node, str] = {}  # of the next values of carries: their buffer
        self.starting: dict[Node, str] = {}  # of the leaves of carries: the same
        self.texts: dict[Node, str] = {}
        self.copies: list[tuple[str, Node]] = []  # what is kept in a second place
        self.head: list[str] = []

    def run(self) -> None:
        """Write what the loop starts from, the loop, and what its results are called."""
        outer, loop = self.outer, self.loop
        self.texts = {leaf: outer.text(operand) for leaf, operand in loop.constant}
        for leaf, operand in loop.sliced:
            self._slice(leaf, operand)
        totals = self._totals()
        for carry in loop.carried:
            self._carry(carry, totals)
        self._stack()
        kept = [node for node in self.results if node not in self.places or node in self.stacked]
        body = Body(self._graph(), self.texts, [*kept, *self.places], self.naming, outer.heading, 1)
        body.lasting = {leaf for leaf, _ in loop.constant}
        body.assigned |= outer.assigned
        body.totals = {carry.following: self.texts[carry.leaf] for carry in totals}
        body.prepare(self.places, self.buffers, self.starting)
        self._finish(body, body.run())

    def _graph(self) -> Graph:
        body: Graph = self.scan.attrs["body"]
        return body

    def _name(self, leaf: Node) -> str:
        return self.outer.assign(self.naming.name(leaf, self.loop.notes.get(leaf, Note()), ()))

    def _slice(self, leaf: Node, operand: Node) -> None:
        """A step's part of a sequence.  Steps that lie across memory are brought in order once."""
        outer = self.outer
        if operand not in outer.texts and operand.inputs:
            outer.state(operand)
        self.texts[leaf] = self._name(leaf)
        self.head.append(f"{self.texts[leaf]} = {outer.text(operand)}[{self.t}]")

    def _totals(self) -> list[Carry]:
        """The carries that are only ever added to, and so grow in place."""
        reads = Lowering(
            self._graph(), dict.fromkeys(self._graph().inputs.values(), "_"), self.results, self.naming, str
        )
        return [
            carry
            for carry in self.loop.carried
            if carry.initial.op is OPS["zeros"] and reads.only_grows(carry.leaf, carry.following)
        ]

    def _carry(self, carry: Carry, totals: list[Carry]) -> None:
        """Where a carry stands: in an array of all its values if they are kept, else in a buffer."""
        outer = self.outer
        if carry.leaf in self.loop.every.values() or carry.following in self.loop.every.values():
            self._history(carry)
            return
        name = self.texts[carry.leaf] = self._name(carry.leaf)
        initial = outer.text(carry.initial)
        copied = carry.initial.op is OPS["zeros"] or carry.leaf.dtype != "float"
        outer.write(
            Line(f"{name} = {initial}" if copied else f"{name} = np.array({initial}, dtype)"), Note(place=ROOM)
        )
        if carry not in totals and carry.leaf.dtype == "float":
            self.starting[carry.leaf] = name
            self.buffers[carry.following] = name
        for item in self.items:
            if self._at(item) is carry.following and item.attrs["at"] < len(self.loop.carried):
                outer.texts[item] = name

    def _at(self, item: Node) -> Node:
        at: int = item.attrs["at"]
        return self.results[at]

    def _history(self, carry: Carry) -> None:
        """All values of a carry, the initial one too: step t reads one place and writes its neighbour."""
        outer, leaf, following = self.outer, carry.leaf, carry.following
        self.texts[leaf] = self._name(leaf)
        name = outer.assign(self.naming.claim(self.texts[leaf].removesuffix("_prev") + "_states"))
        shape = (self.loop.length + 1, *leaf.shape)
        mine = [item for item in self.items if self._at(item) in (leaf, following)]
        outer.write(
            Line(f"{name} = {outer.room(name, shape, leaf.dtype, any(i in outer.returned for i in mine))}"),
            Note(place=ROOM),
        )
        first, last = ("-1", "0") if self.loop.reverse else ("0", "-1")
        outer.write(Line(f"{name}[{first}] = {outer.text(carry.initial)}"))
        here, there = (f"{self.t} + 1", self.t) if self.loop.reverse else (self.t, f"{self.t} + 1")
        self.head.append(f"{self.texts[leaf]} = {name}[{here}]")
        if following in self.places:  # two states with the same next value
            self.copies.append((f"{name}[{there}]", following))
        else:
            self.places[following] = f"{name}[{there}]"
        before, after = (":-1", "1:") if not self.loop.reverse else ("1:", ":-1")
        for item in mine:
            is_final = item.attrs["at"] < len(self.loop.carried)
            outer.texts[item] = (
                f"{name}[{last}].copy()" if is_final else f"{name}[{before if self._at(item) is leaf else after}]"
            )

    def _stack(self) -> None:
        """Room for what is kept of every step: what has one shape in one piece, which the system hands out faster."""
        outer = self.outer
        alike: dict[tuple[Shape, str, bool], list[str]] = defaultdict(list)
        for item in self.items:
            node = self._at(item)
            if item in outer.texts or item.attrs["at"] < len(self.loop.carried):
                continue
            name = outer.texts[item] = outer.assign(self.naming.name(item, outer.note(item), ()))
            alike[item.shape, item.dtype, item in outer.returned].append(name)
            if node not in self.places and takes_place(node) and node not in self.texts:
                self.places[node] = f"{name}[{self.t}]"
            else:
                self.stacked[node] = name
        for (shape, dtype, returned), names in alike.items():
            outer.write(Line(outer.rooms(names, shape, dtype, returned)), FOR_STEPS)

    def _finish(self, body: Body, blocks: tuple[Block, ...]) -> None:
        outer, loop = self.outer, self.loop
        outer.assigned |= body.assigned
        alike: dict[Shape, list[str]] = defaultdict(list)
        for name, shape in body.scratch.items():
            alike[shape].append(name)
        for shape, names in alike.items():
            outer.write(Line(outer.rooms(names, shape)))
        read = [line for line in self.head if body.mentions(line.split(" = ")[0])]
        ends = [f"{name}[{self.t}] = {body.text(node)}" for node, name in self.stacked.items()]
        ends += [f"{place} = {body.text(node)}" for node, place in self.places.items() if not body.is_placed(node)]
        ends += [f"{place} = {body.text(node)}" for place, node in self.copies]
        ends += self._moves(body)
        head = [Block("", tuple(map(Line, read)))] if read else []
        tail = [Block(AT_END, tuple(map(Line, ends)))] if ends else []
        steps = f"reversed(range({loop.length}))" if loop.reverse else f"range({loop.length})"
        outer.write(Written(f"for {self.t} in {steps}:", (*head, *blocks, *tail)))

    def _moves(self, body: Body) -> list[str]:
        """Bring what the next step starts from to where it is read."""
        moves, named = [], []
        for carry in self.loop.carried:
            name, text = self.texts[carry.leaf], body.text(carry.following)
            if carry.leaf in self.starting and body.buffers.get(carry.following) != name:
                moves.append((f"{name}[...]", text))
            elif carry.leaf not in self.starting and carry.following not in self.places and text != name:
                named.append((name, text))
        together = [*moves, *named]
        if len(together) > 1 and any(
            _mentions(text, self.texts[c.leaf]) for _, text in together for c in self.loop.carried
        ):
            together = [(left, f"{text}.copy()" if left.endswith("]") else text) for left, text in together]
            return [f"{', '.join(left for left, _ in together)} = {', '.join(text for _, text in together)}"]
        return [f"{left} = {text}" for left, text in together if left != f"{text}[...]"]


def _storage(node: Node) -> Node:
    """What a value stands in, through views."""
    while node.op.view:
        node = node.inputs[0]
    return node


def _mentions(text: str, name: str) -> bool:
    return name in names_in([text])
