"""Moves of elements that undo each other: there and back, or further than needed."""

from __future__ import annotations

from itertools import chain, pairwise

from graphgen.ir.node import Node, build, make
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.passes.rewrite import rewrite


def cancel_movement(step: Step) -> Step:
    """The pass."""
    return rewrite(step, RULES)


def transpose_twice(node: Node) -> Node | None:
    """x.T.T -> x."""
    if node.op is not OPS["transpose"] or node.inputs[0].op is not OPS["transpose"]:
        return None
    (inner,) = node.inputs
    outer_axes, inner_axes = node.attrs["axes"], inner.attrs["axes"]
    if len(outer_axes) != len(inner_axes):
        return None
    order = tuple(inner_axes[axis] for axis in outer_axes)
    return inner.inputs[0] if order == tuple(range(-len(order), 0)) else None


def squeeze_expanded(node: Node) -> Node | None:
    """squeeze(expand_dims(x, axis), axis) -> x, and the other way round."""
    pair = {OPS["squeeze"]: OPS["expand_dims"], OPS["expand_dims"]: OPS["squeeze"]}
    opposite = pair.get(node.op)
    if opposite is None or node.inputs[0].op is not opposite:
        return None
    return node.inputs[0].inputs[0] if node.attrs == node.inputs[0].attrs else None


def expand_summed(node: Node) -> Node | None:
    """expand_dims(sum(x, axis), axis) -> sum(x, axis, keepdims=True)."""
    if node.op is not OPS["expand_dims"] or node.inputs[0].op not in (OPS["sum"], OPS["mean"]):
        return None
    (total,) = node.inputs
    if total.attrs["keepdims"] or total.attrs["axis"] != node.attrs["axis"]:
        return None
    return build(total.op, *total.inputs, axis=total.attrs["axis"], keepdims=True)


def implicit_broadcast(node: Node) -> Node | None:
    """broadcast_to(x, shape) * y -> x * y, where y has the shape, and so for leading axes of size 1."""
    if not node.op.elementwise:
        return None
    for place, operand in enumerate(node.inputs):
        if not _only_broadcasts(operand):
            continue
        before, after = node.inputs[:place], node.inputs[place + 1 :]
        if any(other.shape == node.shape for other in before + after):
            return build(node.op, *before, operand.inputs[0], *after, **node.attrs)
    return None


def _only_broadcasts(node: Node) -> bool:
    """Whether NumPy would do in any elementwise operation what this node does."""
    if node.op is OPS["expand_dims"]:
        rank, added = len(node.shape), node.attrs["axis"]
        return bool(added == tuple(range(-rank, -rank + len(added))))
    return node.op is OPS["broadcast_to"]


def slice_whole(node: Node) -> Node | None:
    """concat(a, b)[:len(a)] -> a; and a slice of everything is the thing itself."""
    if node.op is not OPS["slice"]:
        return None
    (x,) = node.inputs
    if node.shape == x.shape:
        return x
    if x.op is not OPS["concat"] or x.attrs["axis"] != node.attrs["axis"] or node.attrs["step"] > 1:
        return None
    start = Dim.of(0)
    for part in x.inputs:
        stop = start + part.shape[node.attrs["axis"][0]]
        if (start, stop) == (node.attrs["start"], node.attrs["stop"]):
            return part
        start = stop
    return None


def slice_of_slice(node: Node) -> Node | None:
    """x[a:b][c:d] -> x[a + c:a + d]."""
    (x,) = node.inputs
    if x.op is not OPS["slice"] or x.attrs["axis"] != node.attrs["axis"]:
        return None
    if max(x.attrs["step"], node.attrs["step"]) > 1:
        return None
    first = x.attrs["start"]
    start, stop = first + node.attrs["start"], first + node.attrs["stop"]
    return build(node.op, *x.inputs, axis=node.attrs["axis"], start=start, stop=stop)


def concat_slices(node: Node) -> Node | None:
    """concat(x[a:b], x[b:c]) -> x[a:c]."""
    if any(part.op is not OPS["slice"] or part.attrs["step"] > 1 for part in node.inputs):
        return None
    if any(part.inputs != node.inputs[0].inputs or part.attrs["axis"] != node.attrs["axis"] for part in node.inputs):
        return None
    first, last = node.inputs[0].attrs["start"], node.inputs[-1].attrs["stop"]
    neighbours = all(a.attrs["stop"] == b.attrs["start"] for a, b in pairwise(node.inputs))
    return make.slice(*node.inputs[0].inputs, axis=node.attrs["axis"], start=first, stop=last) if neighbours else None


def concat_of_concats(node: Node) -> Node | None:
    """concat(concat(a, b), c) -> concat(a, b, c)."""
    inner = [part.op is OPS["concat"] and part.attrs["axis"] == node.attrs["axis"] for part in node.inputs]
    parts = [part.inputs if flat else (part,) for part, flat in zip(node.inputs, inner)]
    return build(node.op, *chain(*parts), **node.attrs) if any(inner) else None


def reshape_twice(node: Node) -> Node | None:
    """reshape(reshape(x, a), b) -> reshape(x, b), and x itself in the shape that it had."""
    (x,) = node.inputs
    inner = x.inputs[0] if x.op is OPS["reshape"] else x
    if inner.shape == node.shape:
        return inner
    return make.reshape(inner, shape=node.shape) if inner is not x else None


def zeros_seen(node: Node) -> Node | None:
    """zeros(a).T -> zeros(b), and so for every view."""
    of_zeros = node.op.view and node.inputs[0].op is OPS["zeros"]
    return make.zeros(shape=node.shape) if of_zeros else None


def pad_nothing(node: Node) -> Node | None:
    """pad_axis(x, before=0, after=0) -> x."""
    return node.inputs[0] if node.shape == node.inputs[0].shape else None


RULES = {
    "": [implicit_broadcast, zeros_seen],
    "transpose": [transpose_twice],
    "squeeze": [squeeze_expanded],
    "expand_dims": [squeeze_expanded, expand_summed],
    "slice": [slice_whole, slice_of_slice],
    "concat": [concat_slices, concat_of_concats],
    "reshape": [reshape_twice],
    "pad_axis": [pad_nothing],
}
