"""The loop over time.  Its backward is made in `graphgen.autodiff.loop`: a scan the other way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphgen.errors import ShapeError
from graphgen.ir.graph import Graph, Note, below, move_notes
from graphgen.ir.node import Node, fresh, make, variable
from graphgen.ir.op import OPS, Op, Type, declare
from graphgen.ir.shape import Dim, Shape, show


@declare
class Scan(Op):
    """A body graph run once a step: `carry, y = body(carry, x[t], constants)` for t = 0 … length - 1.

    Operands: the initial carries, the sequences (a leading axis of `length`), the constants, in the order of the
    body's inputs.  Results: the final carries, then each y of every step.  With `reverse` t runs backwards.
    """

    name = junction = "scan"
    public, keeps_integers = False, True

    def infer(
        self, *operands: Node, body: Graph, carries: int, sequences: int, length: Dim, reverse: bool
    ) -> tuple[Type, ...]:
        leaves, results = list(body.inputs.values()), list(body.outputs.values())
        if len(leaves) != len(operands):
            raise ShapeError(
                "missing-argument", f"a scan's body reads {len(leaves)} arrays and was given {len(operands)}"
            )
        for place, (leaf, operand) in enumerate(zip(leaves, operands)):
            sliced = carries <= place < carries + sequences
            expected = (length, *leaf.shape) if sliced else leaf.shape
            if operand.shape != expected:
                raise ShapeError(
                    "same-shape", f"{leaf.attrs['name']} must be {show(expected)}, not {show(operand.shape)}"
                )
        for leaf, result in zip(leaves[:carries], results):
            if leaf.shape != result.shape:
                raise ShapeError("state-shape", f"a carry changes from {show(leaf.shape)} to {show(result.shape)}")
        final = tuple(Type(result.shape, result.dtype) for result in results[:carries])
        return final + tuple(Type((length, *result.shape), result.dtype) for result in results[carries:])


@declare
class Item(Op):
    """One of the results of a scan."""

    name = junction = "item"
    public, keeps_integers = False, True

    def infer(self, x: Node, *, at: int) -> Type:
        return x.results[at]


def with_bodies(graph: Graph) -> Iterator[Graph]:
    """A graph, and the bodies of its loops."""
    yield graph
    for node in graph.order:
        if node.op is OPS["scan"]:
            yield from with_bodies(node.attrs["body"])


def has_loops(graph: Graph) -> bool:
    """Whether anything in a graph runs over steps."""
    return any(node.op is OPS["scan"] for node in graph.order)


@dataclass
class Carry:
    """A value that goes from step to step."""

    leaf: Node
    initial: Node
    key: str  # of the next value among the body's results
    following: Node


@dataclass
class Loop:
    """A scan taken apart, to be changed and put together again."""

    carried: list[Carry]
    sliced: list[tuple[Node, Node]]  # leaf, and the sequence that it is a step of
    constant: list[tuple[Node, Node]]  # leaf, operand
    every: dict[str, Node]  # what is returned of every step
    notes: dict[Node, Note]
    length: Dim
    reverse: bool
    origin: Node  # the scan that was taken apart

    @staticmethod
    def of(scan: Node) -> Loop:
        """The parts of a scan."""
        body: Graph = scan.attrs["body"]
        carries, sequences = scan.attrs["carries"], scan.attrs["sequences"]
        pairs = list(zip(body.inputs.values(), scan.inputs))
        results = list(body.outputs.items())
        return Loop(
            [Carry(*pair, *result) for pair, result in zip(pairs[:carries], results)],
            pairs[carries : carries + sequences],
            pairs[carries + sequences :],
            dict(results[carries:]),
            dict(body.notes),
            scan.attrs["length"],
            scan.attrs["reverse"],
            scan,
        )

    @property
    def results(self) -> list[Node]:
        """The body's results, in the scan's order."""
        return [*(carry.following for carry in self.carried), *self.every.values()]

    def leaf(self, name: str, shape: Shape, dtype: str = "float") -> Node:
        """A leaf for the body, under a name that is free in it."""
        known = {leaf for leaf, _ in (*self.sliced, *self.constant)} | {carry.leaf for carry in self.carried}
        return variable(fresh(name, {leaf.attrs["name"] for leaf in known}), shape, dtype)

    def change(self, became: dict[Node, Node]) -> None:
        """Put other nodes in the place of the body's."""
        for carry in self.carried:
            carry.following = became.get(carry.following, carry.following)
        self.every = {key: became.get(node, node) for key, node in self.every.items()}
        self.notes = move_notes(self.notes, became)

    def scan(self) -> Node:
        """The scan of the parts; what its body does not read is left out."""
        read = below(self.results)
        self.sliced = [(leaf, operand) for leaf, operand in self.sliced if leaf in read]
        self.constant = [(leaf, operand) for leaf, operand in self.constant if leaf in read]
        leaves = [*(c.leaf for c in self.carried), *(leaf for leaf, _ in (*self.sliced, *self.constant))]
        outputs = {**{c.key: c.following for c in self.carried}, **self.every}
        return make.scan(
            *(carry.initial for carry in self.carried),
            *(operand for _, operand in (*self.sliced, *self.constant)),
            body=Graph({leaf.attrs["name"]: leaf for leaf in leaves}, outputs, self.notes),
            carries=len(self.carried),
            sequences=len(self.sliced),
            length=self.length,
            reverse=self.reverse,
        )

    def items(self) -> list[Node]:
        """The results of the scan, put together."""
        scan = self.scan()
        return [make.item(scan, at=at) for at in range(len(scan.results))]
