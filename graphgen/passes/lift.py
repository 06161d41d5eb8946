"""An operation of one step as the same operation for every step at once: a leading axis more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, build, make
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, count
from graphgen.ops.scan import Loop

Outer = tuple[Node, bool]  # a value outside of a loop, and whether it has a leading axis of steps


def outside(loop: Loop, order: Iterable[Node], more: dict[Node, Outer] | None = None) -> dict[Node, Outer]:
    """What nodes of a loop's body are outside of the loop, as far as they can be said without what is carried.

    `more` are values of the body that are known outside already.
    """
    known: dict[Node, Outer] = {leaf: (operand, False) for leaf, operand in loop.constant}
    known |= {leaf: (operand, True) for leaf, operand in loop.sliced}
    known |= more or {}
    for node in order:
        if node in known or node.op in (OPS["input"], OPS["scan"], OPS["item"]):
            continue
        if all(operand in known for operand in node.inputs):
            operands, lifted = zip(*(known[operand] for operand in node.inputs)) if node.inputs else ((), ())
            lifting = lift(node, operands, lifted, loop.length)
            if lifting is not None:
                known[node] = lifting, any(lifted)
    return known


def is_bulky(node: Node) -> bool:
    """Whether a value of one step is more than a matrix in size.

    Of every step at once it would go through memory, where step by step it stays in the processor's cache.
    """
    return max((len(monomial) for monomial, _ in count(node.shape).terms), default=0) > 2


def lift(node: Node, operands: Sequence[Node], lifted: Sequence[bool], length: Dim) -> Node | None:
    """The node on operands of which some have a leading axis of steps; None if there is no such thing."""
    if not any(lifted):
        return build(node.op, *operands, **node.attrs)
    try:
        result = node.op.lift(*operands, lifted=lifted, **node.attrs) or _usual(node, operands, lifted, length)
    except ShapeError:
        return None
    fits = result is not None and result.shape == (length, *node.shape) and result.dtype == node.dtype
    return result if fits else None


def _usual(node: Node, operands: Sequence[Node], lifted: Sequence[bool], length: Dim) -> Node | None:
    if node.op.elementwise:
        aligned = [_align(x, len(node.shape)) if up else x for x, up in zip(operands, lifted)]
        return build(node.op, *aligned, **node.attrs)
    tells_leading = any(
        isinstance(value, str) or (isinstance(value, tuple) and any(isinstance(part, Dim) for part in value))
        for value in node.attrs.values()
    )
    if tells_leading or len({len(operand.shape) for operand in node.inputs}) > 1:
        return None
    whole = [x if up else make.broadcast_to(x, shape=(length, *x.shape)) for x, up in zip(operands, lifted)]
    return build(node.op, *whole, **node.attrs)


def _align(x: Node, rank: int) -> Node:
    """Axes of size 1 behind the leading one, so that what broadcasts at a step broadcasts at all of them."""
    missing = rank + 1 - len(x.shape)
    return make.expand_dims(x, axis=tuple(range(1, 1 + missing))) if missing > 0 else x
