"""Matrix products and transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, build, make
from graphgen.ir.op import Op, Type, axis_text, declare, sample
from graphgen.ir.shape import axis_from_end, broadcast, count, show
from graphgen.ops.composite import composite


def swap(x: Node) -> Node:
    """The matrix, or each matrix of a stack, transposed; twice is not at all."""
    return x.inputs[0] if is_swap(x) else make.transpose(x, axes=(-1, -2))


def is_swap(x: Node) -> bool:
    """Whether a node is a matrix transposed, or a stack of them."""
    return x.op.name == "transpose" and bool(x.attrs["axes"] == (-1, -2))


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
            raise ShapeError(
                "number-of-axes", "a matrix product takes arrays of one axis or more; use * with a number"
            )
        inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
        if a.shape[-1] != inner:
            raise ShapeError(
                "inner-dims", f"the inner dims of {show(a.shape)} @ {show(b.shape)} differ: {a.shape[-1]} and {inner}"
            )
        return Type(broadcast(a.shape[:-2], b.shape[:-2]) + a.shape[-2:-1] + b.shape[-1:] * (len(b.shape) > 1))

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        a, b = inputs
        match (len(a.shape), len(b.shape)):
            case (1, 1):
                return dz * b, dz * a
            case (2, 1):
                return make.outer(dz, b), swap(a) @ dz
            case (1, 2):
                return b @ dz, make.outer(a, dz)
            case (1, _):  # a row for each matrix of a stack
                row, dz_row = make.expand_dims(a, axis=-2), make.expand_dims(dz, axis=-2)
                return make.squeeze(dz_row @ swap(b), axis=-2), swap(row) @ dz_row
            case (_, 1):
                column, dz_column = make.expand_dims(b, axis=-1), make.expand_dims(dz, axis=-1)
                return dz_column @ swap(column), make.squeeze(swap(a) @ dz_column, axis=-1)
        return dz @ swap(b), swap(a) @ dz

    def lift(self, *inputs: Node, lifted: Sequence[bool], **attrs: Any) -> Node | None:
        a, b = inputs
        match (len(a.shape) - lifted[0], len(b.shape) - lifted[1]), lifted:
            case (_, 2), [True, False]:  # one product instead of one a step
                return (
                    matrix(a) @ b
                    if len(a.shape) == 2
                    else make.reshape(matrix(a) @ b, shape=(*a.shape[:-1], b.shape[-1]))
                )
            case (2, 1), [False, True]:
                return b @ swap(a)
            case (1, 1), [False, True]:
                return b @ a
            case (1, 1), [True, True]:
                return make.sum(a * b, axis=-1)
            case (2, 1), [True, True]:
                return make.squeeze(a @ make.expand_dims(b, axis=-1), axis=-1)
            case (1, 2), [True, True]:
                return make.squeeze(make.expand_dims(a, axis=-2) @ b, axis=-2)
            case (2, 2), _:
                return a @ b
        return None


def matrix(x: Node) -> Node:
    """An array as the matrix of its last axis: all others side by side."""
    return x if len(x.shape) == 2 else make.reshape(x, shape=(count(x.shape[:-1]), x.shape[-1]))


@declare
class Outer(Op):
    """Every product of an element of a with one of b; as in NumPy the operands are flattened.

    Junction rule: da = dz b, db = dzᵀ a.
    """

    name, spelling, junction = "outer", "np.outer({a}, {b})", "outer product"
    samples = (sample("outer(a, b)", a=(3,), b=(4,)), sample("outer(a, b)", a=(3, 1), b=(2, 2)))

    def infer(self, a: Node, b: Node) -> Type:
        return Type((count(a.shape), count(b.shape)))

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        a, b = inputs
        flat_a, flat_b = (x if len(x.shape) == 1 else make.reshape(x, shape=-1) for x in inputs)
        parts = dz @ flat_b, swap(dz) @ flat_a
        return tuple(d if len(x.shape) == 1 else make.reshape(d, shape=x.shape) for d, x in zip(parts, (a, b)))


@declare
class Transpose(Op):
    """The axes in another order, by default reversed.  Junction rule: dx = dz with the order undone."""

    name = "transpose"
    spelling = "np.transpose({x}, {axes})"
    junction = "transpose"
    view = keeps_integers = True
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
            raise ShapeError("axis", f"axes {axes} must name each axis of {show(x.shape)} once")
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


@composite(sample("swapaxes(x, 0, 2)", x=(2, 3, 4)), keeps_integers=True)
def swapaxes(x: Node, *, axis1: int, axis2: int) -> Node:
    """Two axes exchanged."""
    axes = list(range(len(x.shape)))
    first, second = (axis_from_end(axis, len(axes)) for axis in (axis1, axis2))
    if first == second:
        return x
    axes[first], axes[second] = axes[second], axes[first]
    return make.transpose(x, axes=tuple(axes))


class Triangle(Op):
    """What tril and triu share: the lower or upper part of a matrix, or of each matrix of a stack."""

    def infer(self, x: Node, *, k: int = 0) -> Type:
        if len(x.shape) < 2:
            raise ShapeError("number-of-axes", f"{self.name} takes matrices, not {show(x.shape)}")
        return Type(x.shape)

    def vjp(self, dz: Node, y: Node, *inputs: Node, k: int) -> Sequence[Node | None]:
        return (build(self, dz, k=k),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        k = f", {node.attrs['k']}" if node.attrs["k"] else ""
        return f"np.{self.name}({operands[0]}{k})"


@declare
class Tril(Triangle):
    """A matrix with zeros above its k-th diagonal.  Junction rule: dz, with zeros there too."""

    name = junction = "tril"
    samples = (sample("tril(x)", x=(3, 4)), sample("tril(x, -1)", x=(2, 3, 3)))


@declare
class Triu(Triangle):
    """A matrix with zeros below its k-th diagonal.  Junction rule: dz, with zeros there too."""

    name = junction = "triu"
    samples = (sample("triu(x)", x=(3, 4)), sample("triu(x, 1)", x=(2, 3, 3)))
