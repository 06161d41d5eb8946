"""A loop over steps written for speed: its body over buffers, what every step keeps in arrays of all steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from graphgen.codegen.buffers import Body, takes_place
from graphgen.codegen.lower import AT_END, Lowering
from graphgen.codegen.program import Block, Line
from graphgen.codegen.program import Loop as WrittenLoop
from graphgen.codegen.text import names_in
from graphgen.codegen.views import storage_of
from graphgen.ir.graph import NOTHING, Graph, Note
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import Shape
from graphgen.ops.scan import Carry, Loop

if TYPE_CHECKING:
    from graphgen.codegen.storage import Stored

ROOM = "room for every step and for one; the workspace's is written again by the next call"
FOR_STEPS = Note(place=ROOM)
WITHIN = Note(place="of the loop within: what it starts from, and where it keeps what is read later")


def is_stacked(node: Node) -> bool:
    """Whether a value is what a loop returns of every step."""
    return node.op is OPS["item"] and bool(node.attrs["at"] >= node.inputs[0].attrs["carries"])


def written(lowering: Lowering, node: Node) -> str:
    """What is written to fill a buffer with a value."""
    return "0" if storage_of(node).op is OPS["zeros"] else lowering.text(node)


class BodyWithLoops(Body):
    """The body of a loop, with the loops within it: what those keep of every step stands in buffers too."""

    returned = frozenset[Node]()

    def prepare(self, places: Mapping[Node, str], carried: Mapping[Node, str], starting: Mapping[Node, str]) -> None:
        """Tell where values belong; `starting` are the leaves that stand in buffers of `carried`."""
        super().prepare(places, carried, starting)
        self.wanted: list[tuple[list[str], Shape, str]] = []  # arrays that there must be before the loop
        self.filled: set[Node] = set()  # what loops within this one wrote where it is kept

    def rooms(
        self, names: list[str], shape: Shape, dtype: str = "float", returned: bool = False, note: Note = NOTHING
    ) -> None:
        """Take room for values of one shape, before the loop."""
        self.wanted.append((names, shape, dtype))

    def start(self, name: str, carry: Carry) -> Line:
        """The statement that begins a carry of a loop within this one, in a buffer."""
        self.rooms([name], carry.leaf.shape)
        return Line(f"{name}[...] = {written(self, carry.initial)}")

    def final(self, text: str) -> str:
        """What a loop within this one ends with."""
        return text

    def loop(self, scan: Node) -> None:
        """Write a scan as a loop over buffers."""
        LoopOverBuffers(self, scan).run()

    def is_placed(self, node: Node) -> bool:
        """Whether a value was computed where it is kept."""
        return super().is_placed(node) or node in self.filled


class LoopOverBuffers:
    """One scan, as it is written."""

    def __init__(self, outer: Stored | BodyWithLoops, scan: Node) -> None:
        self.outer, self.scan, self.naming = outer, scan, outer.naming
        self.loop = Loop.of(scan)
        self.items = [node for node in outer.order if node.op is OPS["item"] and node.inputs[0] is scan]
        self.results = self.loop.results
        self.t = self.naming.index(outer.depth)
        self.room = WITHIN if isinstance(outer, BodyWithLoops) else FOR_STEPS
        self.places: dict[Node, str] = {}  # of values of the step: where they are kept
        self.stacked: dict[str, Node] = {}  # the arrays that keep values of the step, if they are no histories
        self.buffers: dict[Node, str] = {}  # of the next values of carries: their buffer
        self.starting: dict[Node, str] = {}  # of the leaves of carries: the same
        self.texts: dict[Node, str] = {}
        self.copies: list[tuple[str, Node]] = []  # what is kept in a second place
        self.head: list[tuple[Node, str]] = []  # leaves, and the statements that name what they stand for at a step

    def run(self) -> None:
        """Write what the loop starts from, the loop, and what its results are called."""
        outer, loop = self.outer, self.loop
        self.texts = {leaf: outer.constant(operand) for leaf, operand in loop.constant}
        for leaf, operand in loop.sliced:
            self._slice(leaf, operand)
        totals = self._totals()
        for carry in loop.carried:
            self._carry(carry, totals)
        self._stack()
        kept = [node for node in self.results if node not in self.places or node in self.stacked.values()]
        body = BodyWithLoops(
            self._graph(), self.texts, [*kept, *self.places], self.naming, outer.heading, outer.depth + 1
        )
        body.lasting = {leaf for leaf, _ in loop.constant}
        body.assigned |= outer.assigned
        body.totals = {carry.following: self.texts[carry.leaf] for carry in totals}
        body.prepare(self.places, self.buffers, self.starting)
        self._finish(body, body.run())

    def _graph(self) -> Graph:
        body: Graph = self.scan.attrs["body"]
        return body

    def _name(self, leaf: Node) -> str:
        return self.outer.assign(self.naming.name(leaf, self.loop.notes.get(leaf, NOTHING), ()))

    def _slice(self, leaf: Node, operand: Node) -> None:
        """A step's part of a sequence.  Steps that lie across memory are brought in order once."""
        outer = self.outer
        if operand not in outer.texts and operand.inputs:
            outer.state(operand)
        self.texts[leaf] = self._name(leaf)
        self.head.append((leaf, f"{self.texts[leaf]} = {outer.text(operand)}[{self.t}]"))

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
        outer.write(outer.start(name, carry), self.room)
        if carry not in totals:
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
        finals, place = len(self.loop.carried), self.loop.carried.index(carry)
        steps = [item for item in self.items if item.attrs["at"] >= finals and self._at(item) in (leaf, following)]
        mine = [*steps, *(item for item in self.items if item.attrs["at"] == place)]
        outer.rooms([name], shape, returned=any(item in outer.returned for item in mine), note=self.room)
        first, last = ("-1", "0") if self.loop.reverse else ("0", "-1")
        outer.write(Line(f"{name}[{first}] = {written(outer, carry.initial)}"), self.room)
        here, there = (f"{self.t} + 1", self.t) if self.loop.reverse else (self.t, f"{self.t} + 1")
        self.head.append((leaf, f"{self.texts[leaf]} = {name}[{here}]"))
        if following in self.places:  # two states with the same next value
            self.copies.append((f"{name}[{there}]", following))
        else:
            self.places[following] = f"{name}[{there}]"
        before, after = (":-1", "1:") if not self.loop.reverse else ("1:", ":-1")
        for item in mine:
            is_final = item.attrs["at"] < finals
            every = f"{name}[{before if self._at(item) is leaf else after}]"
            outer.texts[item] = outer.final(f"{name}[{last}]") if is_final else every

    def _stack(self) -> None:
        """Room for what is kept of every step: what has one shape in one piece, which the system hands out faster."""
        outer = self.outer
        alike: dict[tuple[Shape, str, bool], list[str]] = defaultdict(list)
        for item in self.items:
            node = self._at(item)
            if item in outer.texts or item.attrs["at"] < len(self.loop.carried):
                continue
            name = outer.texts[item] = outer.assign(self.naming.name(item, outer.note(item), ()))
            if isinstance(outer, BodyWithLoops) and item in outer.places:
                outer.write(Line(f"{name} = {outer.places[item]}"), self.room)
                outer.filled.add(item)
            else:
                alike[item.shape, item.dtype, item in outer.returned].append(name)
            if node not in self.places and node not in self.texts and (takes_place(node) or is_stacked(node)):
                self.places[node] = f"{name}[{self.t}]"
            else:
                self.stacked[name] = node
        for (shape, dtype, returned), names in alike.items():
            outer.rooms(names, shape, dtype, returned, self.room)

    def _finish(self, body: BodyWithLoops, blocks: tuple[Block, ...]) -> None:
        outer, loop = self.outer, self.loop
        outer.assigned |= body.assigned
        alike: dict[Shape, list[str]] = defaultdict(list)
        for name, shape in body.scratch.shapes.items():
            alike[shape].append(name)
        for names, shape, dtype in [*body.wanted, *((names, shape, "float") for shape, names in alike.items())]:
            outer.rooms(names, shape, dtype)
        read = [line for leaf, line in self.head if body.is_read(leaf)]
        ends = [f"{name}[{self.t}] = {body.text(node)}" for name, node in self.stacked.items()]
        ends += [f"{place} = {body.text(node)}" for node, place in self.places.items() if not body.is_placed(node)]
        ends += [f"{place} = {body.text(node)}" for place, node in self.copies]
        ends += self._moves(body)
        head = [Block("", tuple(map(Line, read)))] if read else []
        tail = [Block(AT_END, tuple(map(Line, ends)))] if ends else []
        steps = f"reversed(range({loop.length}))" if loop.reverse else f"range({loop.length})"
        if within := (*head, *blocks, *tail):
            outer.write(WrittenLoop(f"for {self.t} in {steps}:", within), self.room)

    def _moves(self, body: Body) -> list[str]:
        """Bring what the next step starts from to where it is read."""
        moves, standing = [], set()
        for carry in self.loop.carried:
            name, text = self.texts[carry.leaf], written(body, carry.following)
            if carry.leaf in self.starting and body.buffers.get(carry.following) != name:
                moves.append((f"{name}[...]", text))
                standing.add(f"{body.buffers.get(storage_of(carry.following))}[...]")
        carried = {self.texts[carry.leaf] for carry in self.loop.carried}
        if len(moves) > 1 and (
            any(left in standing for left, _ in moves)  # written before what stands there is read
            or carried & names_in(text for _, text in moves)
        ):
            lefts = [left for left, _ in moves]
            copies = [text if text == "0" else f"{text}.copy()" for _, text in moves]
            return [f"{', '.join(lefts)} = {', '.join(copies)}"]
        return [f"{left} = {text}" for left, text in moves if left != f"{text}[...]"]
