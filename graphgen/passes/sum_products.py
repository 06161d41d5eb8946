"""A sum of products, one of every step or example, as one product of matrices that hold them all."""

from __future__ import annotations

from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.step import Step
from graphgen.ops.linear import matrix, swap


def sum_products(step: Step) -> Step:
    """The pass: the single products, larger than what they are made of, are never there."""
    readers = step.readers()

    def change(old: Node, new: Node) -> Node | None:
        if old.op is not OPS["sum"] or readers[old.inputs[0]] > 1 or not _is_of_products(new):
            return None
        return sum_of_products(*new.inputs[0].inputs)

    return step.rebuilt(change)


def sum_of_products(a: Node, b: Node) -> Node:
    """The sum of a @ b over all their leading axes."""
    return swap(matrix(swap(a))) @ matrix(b)


def _is_of_products(total: Node) -> bool:
    """Whether a sum is over all the matrices in a stack of products, of which each has operands of its own."""
    (products,) = total.inputs
    if products.op is not OPS["matmul"] or total.attrs["keepdims"]:
        return False
    a, b = products.inputs
    leading = tuple(range(-len(products.shape), -2))
    return bool(leading) and total.attrs["axis"] == leading and a.shape[:-2] == b.shape[:-2]
