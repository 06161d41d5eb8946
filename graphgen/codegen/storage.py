"""A sequence's function written for speed: arrays of all steps are allocated once, and written in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate

from graphgen.codegen.buffers import takes_place
from graphgen.codegen.into import into
from graphgen.codegen.loop_over_buffers import FOR_STEPS, LoopOverBuffers
from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import Naming
from graphgen.codegen.program import Array, Line
from graphgen.codegen.text import tidy
from graphgen.codegen.views import is_copy, storage_of
from graphgen.ir.graph import NOTHING, Graph, Note, below
from graphgen.ir.node import Node
from graphgen.ir.op import OPS, shape_text
from graphgen.ir.shape import Dim, Shape, count
from graphgen.ops.linear import is_swap
from graphgen.ops.scan import Carry, Loop

RETURNED, SHARED = 64, 40  # how wide the names may be that share a piece of memory, by what stands behind them


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
        self.arrays: list[Array] = []
        kept = list(kept)
        scans = [node for node in below(kept) if node.op is OPS["scan"]]
        self.steps = {symbol for scan in scans for symbol in scan.attrs["length"].symbols}
        self.sequences = {operand for scan in scans for _, operand in Loop.of(scan).sliced}
        super().__init__(graph, texts, kept, naming, heading)
        self.returned = {storage_of(node) for node in self.kept}
        self.ours: set[Node] = set()  # what stands in the workspace
        self.seen_as: dict[Node, Node] = {}  # what is only read in another shape, and the view that does
        for node in self.order:
            if node.op is OPS["reshape"] and self.reads[node.inputs[0]] == 1:
                self.seen_as[node.inputs[0]] = node

    def deserves_line(self, node: Node, reads: int) -> bool:
        """Besides what is named or read more than once, every array of all steps."""
        return super().deserves_line(node, reads) or (self._large(node) and takes_place(node))

    def _large(self, node: Node) -> bool:
        """Whether an array has an axis of steps."""
        return any(self.steps.intersection(dim.symbols) for dim in node.shape)

    def state(self, node: Node) -> None:
        """Write the line of one node: over an operand that is ours and not read again, or into room of its own."""
        if is_swap(node) and node in self.sequences:
            self._in_order(node)
            return
        returned = node in self.returned
        if not takes_place(node) or not (returned or self._large(node)):
            super().state(node)
            self._count(node)
            return
        note = self.note(node)
        over = None if returned else next((x for x in node.inputs if self._may_overwrite(node, x)), None)
        if over is not None and over not in self.texts:
            super().state(over)
        expression = self.fitting(node)
        if over is not None:
            place = self.operand(over)
        elif node in self.seen_as:
            view = self.seen_as[node]
            self.texts[view] = self.reserve(view, self.assign(self.naming.name(view, self.note(view), ())), note)
            place = tidy(f"np.reshape({self.texts[view]}, {shape_text(node.shape)})")
        else:
            place = self.reserve(node, self.assign(self.naming.name(node, note, ())), note)
        self.ours.update([] if returned else [node])
        self.texts[node] = place
        self.write(Line(str(into(expression, place)), note.rule), note)

    def _count(self, node: Node) -> None:
        """Enter the array that a statement makes; a matrix seen in another shape is copied if it is transposed."""
        if not node.op.view or is_copy(node):
            stays = storage_of(node) in self.returned or node in self.kept
            self.arrays.append(Array(count(node.shape), "returned" if stays else "local"))

    def _may_overwrite(self, node: Node, operand: Node) -> bool:
        """Whether a value can stand where an operand does that nobody else reads."""
        if not node.op.elementwise or operand.shape != node.shape or storage_of(operand) not in self.ours:
            return False
        inner = operand
        while self.reads[inner] == 1 and inner.op.view and inner.op is not OPS["broadcast_to"]:
            inner = inner.inputs[0]
        return self.reads[inner] == 1 and not inner.op.view  # of a broadcast, many elements are one

    def _in_order(self, node: Node) -> None:
        """Copy a sequence whose steps lie across memory, so that they lie side by side."""
        note = self.note(node)
        name = self.reserve(node, self.assign(self.naming.name(node, note, ())), note)
        self.write(Line(f"{name}[...] = {self.fitting(node)}", note.rule), note)
        self.texts[node] = name

    def reserve(self, node: Node, name: str, note: Note = FOR_STEPS) -> str:
        """Write the line that takes room for a value: of its own if it is returned, else in the workspace."""
        room = self.room(name, node.shape, node.dtype, storage_of(node) in self.returned)
        self.write(Line(f"{name} = {room}"), note)
        return name

    def room(self, name: str, shape: Shape, dtype: str = "float", returned: bool = False) -> str:
        """The expression for an array to be filled."""
        self.arrays.append(Array(count(shape), "returned" if returned else "workspace"))
        text, kind = tidy(shape_text(shape)), "dtype" if dtype == "float" else dtype
        return f'workspace.{"result" if returned else "array"}("{self.function}.{name}", {text}, {kind})'

    def rooms(
        self, names: list[str], shape: Shape, dtype: str = "float", returned: bool = False, note: Note = NOTHING
    ) -> None:
        """Write the lines that take room for values of one shape: for as many in one piece as fit a line."""
        while names:
            room = RETURNED if returned else SHARED
            widths = accumulate(len(name) + 2 for name in names[:room])
            fitting = sum(width <= room for width in widths) or 1
            several = fitting if shape else 1  # what is unpacked of a vector are scalars, which cannot be written
            whole = shape if several == 1 else (Dim.of(several), *shape)
            self.write(Line(f"{', '.join(names[:several])} = {self.room(names[0], whole, dtype, returned)}"), note)
            names = names[several:]

    def start(self, name: str, carry: Carry) -> Line:
        """The statement that begins a carry, in an array of its own: it may be returned."""
        initial = self.text(carry.initial)
        if carry.initial.op is not OPS["zeros"]:
            initial = f'np.array({initial}, dtype, order="C")'  # a transposed one would slow down every step
        return Line(f"{name} = {initial}")

    def final(self, text: str) -> str:
        """What a loop ends with, in an array of its own: it may be returned."""
        return f"{text}.copy()"

    def loop(self, scan: Node) -> None:
        """Write a scan as a loop over buffers."""
        LoopOverBuffers(self, scan).run()
