"""Operations along axes: sums, means, extremes, norms, softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, axis_text, declare, sample
from graphgen.ir.shape import ONE, Axes, Dim, OneAxis, Shape, axes_from_end, count, one_axis
from graphgen.ops.composite import composite


def reduced(shape: Shape, axes: Axes, keepdims: bool) -> Shape:
    """The shape after a reduction along axes counted from the end."""
    rank = len(shape)
    if keepdims:
        return tuple(ONE if i - rank in axes else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i - rank not in axes)


def spread(dz: Node, x: Node, axes: Axes, keepdims: bool) -> Node:
    """A reduction's cotangent laid along the reduced axes again, in the shape of its operand."""
    kept = dz if keepdims else make.expand_dims(dz, axis=axes)
    return make.broadcast_to(kept, shape=x.shape)


class Reduction(Op):
    """What the reductions share: `axis` and `keepdims` as in NumPy."""

    def infer(self, x: Node, *, axis: Any = None, keepdims: bool = False) -> Type:
        return Type(reduced(x.shape, axis, keepdims))

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axes, keepdims = node.attrs["axis"], node.attrs["keepdims"]
        everything = len(axes) == len(node.inputs[0].shape) and not keepdims
        arguments = [
            operands[0],
            *([] if everything else [f"axis={axis_text(axes, len(node.inputs[0].shape))}"]),
        ]
        return f"np.{self.name}({', '.join(arguments)}{', keepdims=True' * keepdims})"


@declare
class Sum(Reduction):
    """Sum along axes.  Junction rule: every element that was added gets dz."""

    name = junction = "sum"
    samples = (
        sample("sum(x)", x=(3, 4)),
        sample("sum(x, axis=0)", x=(3, 4)),
        sample("sum(x, axis=-1, keepdims=True)", x=(2, 3, 4)),
        sample("sum(x, axis=(0, 2))", x=(2, 3, 4)),
    )

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, keepdims: bool) -> Sequence[Node | None]:
        return (spread(dz, inputs[0], axis, keepdims),)


@declare
class Mean(Reduction):
    """Mean along axes.  Junction rule: every element gets dz divided by how many there are."""

    name = junction = "mean"
    samples = (
        sample("mean(x)", x=(3, 4)),
        sample("mean(x, axis=0)", x=(3, 4)),
        sample("mean(x, axis=(0, -1), keepdims=True)", x=(2, 3, 4)),
    )

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, keepdims: bool) -> Sequence[Node | None]:
        (x,) = inputs
        return (spread(dz / size(x, axis), x, axis, keepdims),)


def size(x: Node, axes: Axes) -> Node:
    """How many elements there are along some axes, as a number."""
    many: Dim = count(tuple(x.shape[a] for a in axes))
    return make.const(value=float(many.constant)) if many.constant is not None else make.size(dim=many)


class AlongOneAxis(Op):
    """What softmax and log_softmax share: one axis, by default the last."""

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"axis": one_axis(attrs.get("axis", -1), len(inputs[0].shape))}

    def infer(self, x: Node, *, axis: OneAxis = -1) -> Type:
        return Type(x.shape)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"{self.name}({operands[0]}, axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class Softmax(AlongOneAxis):
    """exp(x) / sum(exp(x)) along one axis, without overflow.  Junction rule: dx = y (dz - sum(dz y))."""

    name = junction = "softmax"
    samples = (sample("softmax(x)", x=(3, 4)), sample("softmax(x, axis=0)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (y * (dz - make.sum(dz * y, axis=axis, keepdims=True)),)


@declare
class LogSoftmax(AlongOneAxis):
    """log(softmax(x)) along one axis, without overflow.  Junction rule: dx = dz - exp(y) sum(dz)."""

    name = junction = "log_softmax"
    samples = (sample("log_softmax(x)", x=(3, 4)), sample("log_softmax(x, axis=0)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (dz - make.exp(y) * make.sum(dz, axis=axis, keepdims=True),)


@declare
class LogSumExp(Reduction):
    """log(sum(exp(x))) along axes, without overflow.  Junction rule: dx = dz exp(x - y)."""

    name = junction = "logsumexp"
    samples = (sample("logsumexp(x)", x=(3, 4)), sample("logsumexp(x, axis=0, keepdims=True)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, keepdims: bool) -> Sequence[Node | None]:
        (x,) = inputs
        return (spread(dz, x, axis, keepdims) * make.exp(x - spread(y, x, axis, keepdims)),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return super().spell(node, operands).removeprefix("np.")


class Extreme(Reduction):
    """What max and min share: ties get equal parts of the cotangent."""

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, keepdims: bool) -> Sequence[Node | None]:
        (x,) = inputs
        here = make.where(make.equal(x, spread(y, x, axis, keepdims)), 1, 0)
        return (spread(dz, x, axis, keepdims) * here / make.sum(here, axis=axis, keepdims=True),)


@declare
class Max(Extreme):
    """The largest element along axes.  Junction rule: it gets dz, in equal parts if there are several."""

    name = junction = "max"
    samples = (sample("max(x)", x=(3, 4)), sample("max(x, axis=1, keepdims=True)", x=(3, 4)))


@declare
class Min(Extreme):
    """The smallest element along axes.  Junction rule: it gets dz, in equal parts if there are several."""

    name = junction = "min"
    samples = (sample("min(x)", x=(3, 4)), sample("min(x, axis=1)", x=(3, 4)))


@declare
class ArgMax(Op):
    """The place of the largest element along an axis, the first if there are several: an integer without gradient."""

    name = "argmax"
    keeps_integers, differentiable = True, False
    samples = (sample("x * (argmax(x, axis=1) + 1)", x=(3, 3)),)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"axis": one_axis(attrs["axis"], len(inputs[0].shape))}

    def infer(self, x: Node, *, axis: OneAxis) -> Type:
        return Type(reduced(x.shape, axis, False), "int")

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.argmax({operands[0]}, axis={axis_text(node.attrs['axis'], len(node.inputs[0].shape))})"


@declare
class Norm(Reduction):
    """The Euclidean norm along axes.  Junction rule: dx = dz x / y; where y is 0, 0 (there is no derivative)."""

    name = junction = "norm"
    samples = (sample("norm(x)", x=(3, 4)), sample("norm(x, axis=0, keepdims=True)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, keepdims: bool) -> Sequence[Node | None]:
        (x,) = inputs
        length = spread(y, x, axis, keepdims)
        return (spread(dz, x, axis, keepdims) * (x / make.where(make.equal(length, 0), 1, length)),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return super().spell(node, operands).removeprefix("np.")


@composite(
    sample("var(x)", x=(3, 4)),
    sample("var(x, axis=0, keepdims=True)", x=(3, 4)),
    sample("var(x, axis=1, ddof=1)", x=(3, 4)),
)
def var(x: Node, *, axis: Any = None, keepdims: bool = False, ddof: float = 0.0) -> Node:
    """The mean square deviation from the mean along axes; `ddof` is taken off the number of elements."""
    deviation = x - make.mean(x, axis=axis, keepdims=True)
    if not ddof:
        return make.mean(make.square(deviation), axis=axis, keepdims=keepdims)
    axes = axes_from_end(axis, len(x.shape))
    return make.sum(make.square(deviation), axis=axis, keepdims=keepdims) / (size(x, axes) - ddof)


@composite(
    sample("std(x)", x=(3, 4)),
    sample("std(x, axis=0, keepdims=True)", x=(3, 4)),
    sample("std(x, axis=1, ddof=1)", x=(3, 4)),
)
def std(x: Node, *, axis: Any = None, keepdims: bool = False, ddof: float = 0.0) -> Node:
    """The standard deviation along axes; where it is 0 the derivative is taken to be 0."""
    axes = axes_from_end(axis, len(x.shape))
    deviation = x - make.mean(x, axis=axis, keepdims=True)
    return make.norm(deviation, axis=axis, keepdims=keepdims) / make.sqrt(size(x, axes) - ddof)
