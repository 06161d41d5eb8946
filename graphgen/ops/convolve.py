"""Convolution and pooling: views of sliding windows, then sums of products or the largest of each window.

Arrays are [batch, channels, length] or [batch, channels, height, width], kernels [out, in / groups, ...], as in torch
and JAX; like there, the kernel is not turned round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, declare, sample
from graphgen.ir.shape import Axes, Dim, axis_from_end, show
from graphgen.ops.composite import composite
from graphgen.ops.structure import resized


def windows_along(length: Dim, size: Dim, stride: int, dilation: int) -> Dim:
    """How many windows there are."""
    span = (size - 1) * dilation + 1
    if not length.at_least(span):
        raise ShapeError("window", f"a window of {span} is not sure to fit into {length}")
    return (length - span) // stride + 1


@declare
class Windows(Op):
    """Every window of a size along an axis, as a new last axis.  Junction rule: overlapping windows are added up."""

    name = junction = "windows"
    view, public = True, False

    def infer(self, x: Node, *, axis: Axes, size: Dim, stride: int, dilation: int) -> Type:
        many = windows_along(x.shape[axis[0]], size, stride, dilation)
        return Type((*resized(x.shape, axis[0], many), size))

    def vjp(
        self, dz: Node, y: Node, *inputs: Node, axis: Axes, size: Dim, stride: int, dilation: int
    ) -> Sequence[Node | None]:
        length = inputs[0].shape[axis[0]]
        return (make.add_windows(dz, axis=axis, length=length, stride=stride, dilation=dilation),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axis = len(node.shape) - 1 + node.attrs["axis"][0]
        size, stride, dilation = (node.attrs[key] for key in ("size", "stride", "dilation"))
        return f"windows({operands[0]}, axis={axis}, size={size}, stride={stride}, dilation={dilation})"


@declare
class AddWindows(Op):
    """The opposite of `windows`: each added up where it came from.  Junction rule: the windows of dz."""

    name = junction = "add_windows"
    public = False

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs

    def infer(self, x: Node, *, axis: Axes, length: Dim, stride: int, dilation: int) -> Type:
        return Type(resized(x.shape[:-1], axis[0], length))

    def vjp(
        self, dz: Node, y: Node, *inputs: Node, axis: Axes, length: Dim, stride: int, dilation: int
    ) -> Sequence[Node | None]:
        size = inputs[0].shape[-1]
        return (make.windows(dz, axis=axis, size=size, stride=stride, dilation=dilation),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axis = len(node.shape) + node.attrs["axis"][0]
        length, stride, dilation = (node.attrs[key] for key in ("length", "stride", "dilation"))
        return f"add_windows({operands[0]}, axis={axis}, length={length}, stride={stride}, dilation={dilation})"


def _each(what: str, value: Any, number: int, least: int = 1) -> tuple[int, ...]:
    """One number for every axis, or one each."""
    each = value if isinstance(value, tuple) else (value,) * number
    if len(each) != number or min(each) < least:
        raise ShapeError("window", f"{what} is a whole number from {least} on, or one for each of {number} axes")
    return tuple(each)


def _padded(x: Node, padding: Any, axes: Sequence[int], value: float = 0.0) -> Node:
    for axis, width in zip(axes, _each("padding", padding, len(axes), 0)):
        if width:
            x = make.pad_axis(x, axis=axis, before=Dim.of(width), after=Dim.of(width), value=value)
    return x


def _convolve(x: Node, kernel: Node, stride: Any, padding: Any, dilation: Any, groups: int, number: int) -> Node:
    """The convolution over the last `number` axes, channels in groups."""
    if len(x.shape) != number + 2 or len(kernel.shape) != number + 2:
        raise ShapeError(
            "number-of-axes",
            f"conv{number}d takes arrays of {number + 2} axes, not {show(x.shape)} and {show(kernel.shape)}",
        )
    if groups < 1:
        raise ShapeError("window", "groups is a whole number from 1 on")
    channels, outputs = x.shape[1].divided_by(Dim.of(groups)), kernel.shape[0].divided_by(Dim.of(groups))
    if channels is None or outputs is None or channels != kernel.shape[1]:
        raise ShapeError(
            "divisible", f"{groups} groups of channels: {show(x.shape)} and kernel {show(kernel.shape)} do not match"
        )
    axes = range(2, number + 2)
    x = _padded(x, padding, axes)
    for axis, step, spread in zip(axes, _each("stride", stride, number), _each("dilation", dilation, number)):
        x = make.windows(x, axis=axis, size=kernel.shape[axis], stride=step, dilation=spread)
    batch, places, size = x.shape[0], x.shape[2 : 2 + number], kernel.shape[2:]
    x = make.reshape(x, shape=(batch, Dim.of(groups), channels, *places, *size))
    kernel = make.reshape(kernel, shape=(Dim.of(groups), outputs, channels, *size))
    where, within = "yx"[:number], "vu"[:number]
    z = make.einsum(x, kernel, subscripts=f"bgc{where}{within},goc{within}->bgo{where}")
    return make.reshape(z, shape=(batch, outputs * groups, *places))


@composite(
    sample("conv1d(x, w)", x=(2, 3, 6), w=(4, 3, 3)),
    sample("conv1d(x, w, stride=2, padding=1, groups=2)", x=(2, 4, 5), w=(2, 2, 3)),
)
def conv1d(x: Node, kernel: Node, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Node:
    """The convolution of [batch, channels, length] with kernels [out, channels / groups, size]."""
    return _convolve(x, kernel, stride, padding, dilation, groups, 1)


@composite(
    sample("conv2d(x, w)", x=(2, 2, 4, 5), w=(3, 2, 2, 3)),
    sample("conv2d(x, w, stride=(2, 1), padding=1, dilation=2)", x=(1, 2, 5, 5), w=(2, 2, 2, 2)),
    sample("conv2d(x, w, groups=2)", x=(1, 4, 3, 3), w=(2, 2, 2, 2)),
)
def conv2d(x: Node, kernel: Node, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Node:
    """The convolution of [batch, channels, height, width] with kernels [out, channels / groups, height, width]."""
    return _convolve(x, kernel, stride, padding, dilation, groups, 2)


def _pooled(x: Node, size: Any, stride: Any, padding: Any, value: float) -> tuple[Node, int]:
    """The windows of the last axes as new last axes, and how many axes those are."""
    number = len(x.shape) - 2
    if number not in (1, 2):
        raise ShapeError(
            "number-of-axes", f"pooling takes [batch, channels, length] or one axis more, not {show(x.shape)}"
        )
    sizes = _each("size", size, number)
    axes = range(2, number + 2)
    x = _padded(x, padding, axes, value)
    for axis, extent, step in zip(axes, sizes, _each("stride", size if stride is None else stride, number)):
        x = make.windows(x, axis=axis, size=Dim.of(extent), stride=step, dilation=1)
    return x, number


@composite(
    sample("max_pool(x, 2)", x=(1, 2, 4, 6)),
    sample("max_pool(x, 3, stride=1, padding=1)", x=(2, 2, 5)),
)
def max_pool(x: Node, *, size: Any, stride: Any = None, padding: Any = 0) -> Node:
    """The largest element of each window; of equal ones the first gets the cotangent.  The stride is the size."""
    x, number = _pooled(x, size, stride, padding, -float("inf"))
    whole = make.reshape(x, shape=(*x.shape[: 2 + number], -1))
    first = make.one_hot(make.argmax(whole, axis=-1), n=whole.shape[-1])
    return make.sum(make.where(make.greater(first, 0), whole, 0), axis=axis_from_end(-1, len(whole.shape)))


@composite(
    sample("average_pool(x, 2)", x=(1, 2, 4, 6)),
    sample("average_pool(x, (2, 3), stride=1, padding=1)", x=(1, 2, 3, 3)),
)
def average_pool(x: Node, *, size: Any, stride: Any = None, padding: Any = 0) -> Node:
    """The mean of each window, the zeros around the array counted in.  The stride is the size."""
    x, number = _pooled(x, size, stride, padding, 0.0)
    return make.mean(x, axis=tuple(range(-number, 0)))
