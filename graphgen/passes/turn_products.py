"""Products whose transpose is wanted, computed transposed."""

from __future__ import annotations

from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.step import Step
from graphgen.ops.linear import is_swap, swap


def turn_products(step: Step) -> Step:
    """The pass: the transpose of a product is the product of the transposes, and no gradient lies across memory."""
    readers = step.readers()

    def change(old: Node, new: Node) -> Node | None:
        if not is_swap(old) or old.inputs[0].op is not OPS["matmul"] or readers[old.inputs[0]] > 1:
            return None
        a, b = new.inputs[0].inputs
        return swap(b) @ swap(a) if len(a.shape) == len(b.shape) == 2 else None

    return step.rebuilt(change)
