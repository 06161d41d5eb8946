"""Products with values laid side by side, split where only some of the parts read the carry.

`concat(a_prev, x) @ W` becomes `a_prev @ W[:n_a] + x @ W[n_a:]`: the second product can leave the loop.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from graphgen.ir.graph import depending, rebuild
from graphgen.ir.node import Node, make
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.linear import is_swap, swap
from graphgen.ops.scan import Loop
from graphgen.passes.loops import change_bodies


def split_products(step: Step) -> Step:
    """The pass."""
    return change_bodies(step, _change)


def _change(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    carried = depending(order, [carry.leaf for carry in loop.carried])

    def change(old: Node, new: Node) -> Node | None:
        if old.op is not OPS["matmul"]:
            return None
        joined = [operand for operand in old.inputs if operand.op is OPS["concat"]]
        mixed = any(0 < sum(part in carried for part in operand.inputs) < len(operand.inputs) for operand in joined)
        return split(new) if mixed else None

    return rebuild(order, change)


def split(product: Node) -> Node | None:
    """A product as the sum of the products of the parts that one of its operands is joined of."""
    left, right = product.inputs
    if left.op is OPS["concat"] and left.attrs["axis"] == (-1,):
        along = -2 if len(right.shape) > 1 else -1
        return reduce(add, (part @ _part(right, along, *place) for part, place in _places(left)))
    if right.op is OPS["concat"] and right.attrs["axis"] == (-2 if len(right.shape) > 1 else -1,):
        return reduce(add, (_part(left, -1, *place) @ part for part, place in _places(right)))
    return None


def _places(joined: Node) -> list[tuple[Node, tuple[Dim, Dim]]]:
    """The parts of a concat, and from where to where they go."""
    (along,), places, start = joined.attrs["axis"], [], Dim.of(0)
    for part in joined.inputs:
        stop = start + part.shape[along]
        places.append((part, (start, stop)))
        start = stop
    return places


def _part(x: Node, along: int, start: Dim, stop: Dim) -> Node:
    """A slice; of a transposed matrix the transpose of a slice."""
    if along == -2 and is_swap(x):
        return swap(make.slice(x.inputs[0], axis=(-1,), start=start, stop=stop))
    return make.slice(x, axis=(along,), start=start, stop=stop)
