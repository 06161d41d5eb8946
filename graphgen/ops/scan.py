"""The loop over time.  Its backward is made in `graphgen.autodiff.loop`: a scan the other way."""

from __future__ import annotations

from graphgen.errors import ShapeError
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node
from graphgen.ir.op import Op, Type, declare
from graphgen.ir.shape import Dim, show


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
            raise ShapeError(f"a scan's body reads {len(leaves)} arrays and was given {len(operands)}")
        for place, (leaf, operand) in enumerate(zip(leaves, operands)):
            sliced = carries <= place < carries + sequences
            expected = (length, *leaf.shape) if sliced else leaf.shape
            if operand.shape != expected:
                raise ShapeError(f"{leaf.attrs['name']} must be {show(expected)}, not {show(operand.shape)}")
        for leaf, result in zip(leaves[:carries], results):
            if leaf.shape != result.shape:
                raise ShapeError(f"a carry changes from {show(leaf.shape)} to {show(result.shape)}")
        final = tuple(Type(result.shape, result.dtype) for result in results[:carries])
        return final + tuple(Type((length, *result.shape), result.dtype) for result in results[carries:])


@declare
class Item(Op):
    """One of the results of a scan."""

    name = junction = "item"
    public, keeps_integers = False, True

    def infer(self, x: Node, *, at: int) -> Type:
        return x.results[at]
