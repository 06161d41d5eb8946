"""Matrix products and transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.graph import Node, make
from graphgen.ir.op import Op, Type, axis_text, declare, sample
from graphgen.ir.shape import axis_from_end, broadcast, show


def swap(x: Node) -> Node:
    """The matrix, or each matrix of a stack, transposed."""
    return make.transpose(x, axes=(-1, -2))


@declare
class MatMul(Op):
    """Matrix product of matrices, stacks of them, or vectors.  Junction rule: da = dz bᵀ, db = aᵀ dz."""

    name = "matmul"
    spelling = "{a} @ {b}"
    junction = "matrix product"
    samples = (
        sample("a @ b", a=(3, 4), b=(4, 2)),
        sample("a @ b", a=(5, 3, 4), b=(4, 2)),
        sample("a @ b", a=(3, 4), b=(5, 4, 2)),
        sample("a @ b", a=(4,), b=(4, 2)),
        sample("a @ b", a=(3, 4), b=(4,)),
        sample("a @ b", a=(4,), b=(5, 4, 2)),
        sample("a @ b", a=(4,), b=(4,)),
    )

    def infer(self, a: Node, b: Node) -> Type:
        if not a.shape or not b.shape:
            raise ShapeError("a matrix product takes arrays of one axis or more; use * with a number")
        inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
        if a.shape[-1] != inner:
            raise ShapeError(f"the inner dims of {show(a.shape)} @ {show(b.shape)} differ: {a.shape[-1]} and {inner}")
        return Type(broadcast(a.shape[:-2], b.shape[:-2]) + a.shape[-2:-1] + b.shape[-1:] * (len(b.shape) > 1))

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        a, b = inputs
        rows, columns = (a, b)
        if len(b.shape) == 1:
            columns, dz = make.expand_dims(b, axis=-1), make.expand_dims(dz, axis=-1)
        if len(a.shape) == 1:
            rows, dz = make.expand_dims(a, axis=-2), make.expand_dims(dz, axis=-2)
        da, db = dz @ swap(columns), swap(rows) @ dz
        if len(a.shape) == 1:
            da = make.squeeze(da, axis=-2)
        if len(b.shape) == 1:
            db = make.squeeze(db, axis=-1)
        return da, db


@declare
class Transpose(Op):
    """The axes in another order, by default reversed.  Junction rule: dx = dz with the order undone."""

    name = "transpose"
    spelling = "np.transpose({x}, {axes})"
    junction = "transpose"
    view = True
    samples = (
        sample("x.T", x=(3, 4)),
        sample("transpose(x)", x=(2, 3, 4)),
        sample("transpose(x, axes=(1, 2, 0))", x=(2, 3, 4)),
    )

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        rank = len(inputs[0].shape)
        axes = attrs.get("axes") or tuple(range(-1, -rank - 1, -1))
        return {"axes": tuple(axis_from_end(a, rank) for a in axes)}

    def infer(self, x: Node, *, axes: tuple[int, ...] | None = None) -> Type:
        assert axes is not None
        if sorted(axes) != list(range(-len(axes), 0)):
            raise ShapeError(f"axes {axes} must name each axis of {show(x.shape)} once")
        kept = x.shape[: len(x.shape) - len(axes)]
        return Type(kept + tuple(x.shape[a] for a in axes), x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axes: tuple[int, ...]) -> Sequence[Node | None]:
        inverse = tuple(axes.index(a) - len(axes) for a in range(-len(axes), 0))
        return (make.transpose(dz, axes=inverse),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        rank, axes = len(node.shape), node.attrs["axes"]
        if axes == tuple(range(-1, -rank - 1, -1)):
            return f"{operands[0]}.T"
        if axes == (-1, -2):
            return f"np.swapaxes({operands[0]}, -1, -2)"
        return f"np.transpose({operands[0]}, {axis_text((*range(-rank, -len(axes)), *axes), rank)})"
