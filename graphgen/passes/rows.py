"""The layout of the arrays in a loop: examples along rows, [m, n], where a spec writes them along columns, [n, m].

Rows of all steps lie side by side in memory, so that a product for every step is one product of two matrices; of
columns it is a stack of small ones, or a copy.  What the loop is handed and returns stays as the spec has it.  Where
an example is more than a vector, as in a state of matrices, all stays along columns: most of the work is done there.
"""

from __future__ import annotations

from graphgen.errors import ShapeError
from graphgen.ir.graph import Note, depending, walk
from graphgen.ir.node import Node, again, build, make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.linear import is_swap, swap
from graphgen.ops.scan import Loop
from graphgen.passes.lift import is_bulky
from graphgen.passes.loops import change_loops, spoken


def in_rows(step: Step) -> Step:
    """The pass."""
    return change_loops(step, _change)


def _change(loop: Loop) -> tuple[list[Node], dict[Node, Note]]:
    order = walk(loop.results)
    varying = depending(order, [carry.leaf for carry in loop.carried] + [leaf for leaf, _ in loop.sliced])
    batch = _batch(order, varying)
    if not batch or any(is_bulky(node) and node.shape[-1] in batch for node in varying):
        return loop.items(), {}
    return _Rows(loop, {node for node in varying if len(node.shape) == 2 and node.shape[-1] in batch}).run(order)


def _batch(order: list[Node], varying: set[Node]) -> set[Dim]:
    """The dims along columns, if most products of a weight and an array have the weight on the left."""
    products = [n for n in order if n.op is OPS["matmul"] and all(len(i.shape) == 2 for i in n.inputs)]
    columns = [n for n in products if n.inputs[0] not in varying and n.inputs[1] in varying]
    rows = [n for n in products if n.inputs[0] in varying and n.inputs[1] not in varying]
    return {node.shape[-1] for node in columns} if len(columns) > len(rows) else set()


class _Rows:
    """A loop being turned: of each node the array as it was, or the transposed array."""

    def __init__(self, loop: Loop, columns: set[Node]) -> None:
        self.loop, self.columns = loop, columns
        self.plain: dict[Node, Node] = {}
        self.turned: dict[Node, Node] = {}

    def run(self, order: list[Node]) -> tuple[list[Node], dict[Node, Note]]:
        """The loop's results, in the spec's layout."""
        loop = self.loop
        for node in order:
            if node in self.columns:
                self.turned[node] = self.turn(node)
            else:
                self.plain[node] = self.again(node)
        back = []
        for carry in loop.carried:
            turned = carry.leaf in self.columns
            back.append(turned)
            if turned:
                carry.initial, carry.leaf = swap(carry.initial), self.turn(carry.leaf)
            carry.following = (self.across if turned else self.along)(carry.following)
        loop.sliced = [
            (self.turned[leaf], swap(operand)) if leaf in self.turned else (leaf, operand)
            for leaf, operand in loop.sliced
        ]
        back += [node in self.turned for node in loop.every.values()]
        loop.every = {key: self.turned.get(node) or self.plain[node] for key, node in loop.every.items()}
        loop.notes = {self.turned.get(n) or self.plain.get(n, n): note for n, note in loop.notes.items()}
        results = [swap(item) if turned else item for item, turned in zip(loop.items(), back)]
        names = [f"{spoken(loop, node)}_final" for node in loop.results[: len(loop.carried)]]
        names += [f"{spoken(loop, node)}_steps" for node in loop.every.values()]
        called = {node: Note(called=name) for node, name, turned in zip(results, names, back) if turned}
        return results, called

    def along(self, node: Node) -> Node:
        """The node as the spec has it."""
        return self.plain[node] if node in self.plain else swap(self.turned[node])

    def again(self, node: Node) -> Node:
        """The node on operands as the spec has them."""
        operands = tuple(map(self.along, node.inputs))
        return swap(operands[0]) if is_swap(node) else again(node, operands)

    def across(self, node: Node) -> Node:
        """The node transposed."""
        return self.turned.get(node) or swap(self.plain[node])

    def turn(self, node: Node) -> Node:
        """The transposed node, of transposed operands where the operation allows."""
        if node.op is OPS["input"]:
            return variable(node.attrs["name"], node.shape[::-1], node.dtype)
        if node.op is OPS["matmul"] and all(len(operand.shape) == 2 for operand in node.inputs):
            return self.across(node.inputs[1]) @ self.across(node.inputs[0])
        if node.op.elementwise:
            return build(node.op, *map(self._operand, node.inputs), **node.attrs)
        return self._along_axis(node) or swap(self.again(node))

    def _operand(self, node: Node) -> Node:
        """An operand as it broadcasts against transposed matrices."""
        if len(node.shape) == 2:
            return self.across(node)
        return make.expand_dims(self.plain[node], axis=-1) if len(node.shape) == 1 else self.plain[node]

    def _along_axis(self, node: Node) -> Node | None:
        """An operation along one axis of matrices, along the other one."""
        axis = node.attrs.get("axis")
        if not isinstance(axis, tuple) or any(len(operand.shape) != 2 for operand in node.inputs):
            return None
        other = tuple(sorted(-3 - place for place in axis))
        try:
            turned = build(node.op, *map(self.across, node.inputs), **{**node.attrs, "axis": other})
        except ShapeError:
            return None
        return turned if turned.shape == node.shape[::-1] and turned.dtype == node.dtype else None
