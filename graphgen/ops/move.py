"""More operations that move elements: reshaping, stacking, rolling, repeating, picking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.faults import limits
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, axis_text, declare, sample, shape_text
from graphgen.ir.shape import Axes, Dim, OneAxis, Shape, axis_from_end, count, one_axis, show
from graphgen.ops.composite import composite
from graphgen.ops.fill import as_shape
from graphgen.ops.structure import common_dtype, resized


@declare
class Reshape(Op):
    """The same elements in another shape; one dim may be -1.  Junction rule: dz in the old shape."""

    name, junction = "reshape", "reshape"
    view = keeps_integers = True
    samples = (
        sample("reshape(x, (6, 2))", x=(3, 4)),
        sample("reshape(x, (2, -1))", x=(3, 4)),
        sample("reshape(x, -1)", x=(3, 4)),
    )

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        shape, minus = list(as_shape(attrs["shape"])), Dim.of(-1)
        if shape.count(minus) == 1:
            at = shape.index(minus)
            rest = count(tuple(dim for dim in shape if dim != minus))
            size = count(inputs[0].shape).divided_by(rest)
            if size is None:
                raise ShapeError("elements", f"the {count(inputs[0].shape)} elements do not divide by {rest}")
            shape[at] = size
        return {"shape": tuple(shape)}

    def infer(self, x: Node, *, shape: Any) -> Type:
        if count(shape) != count(x.shape):
            raise ShapeError(
                "elements", f"{show(x.shape)} has {count(x.shape)} elements, {show(shape)} has {count(shape)}"
            )
        return Type(shape, x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, shape: Shape) -> Sequence[Node | None]:
        return (make.reshape(dz, shape=inputs[0].shape),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.reshape({operands[0]}, {shape_text(node.attrs['shape'])})"

    def lift(self, *inputs: Node, lifted: Sequence[bool], **attrs: Any) -> Node | None:
        return make.reshape(inputs[0], shape=(inputs[0].shape[0], *attrs["shape"]))


@declare
class Stack(Op):
    """Arrays of one shape along a new axis.  Junction rule: each gets its place of dz."""

    name = junction = "stack"
    keeps_integers = True
    samples = (sample("stack(a, b)", a=(2, 3), b=(2, 3)), sample("stack(a, b, axis=-1)", a=(2, 3), b=(2, 3)))

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        shapes = dict.fromkeys(x.shape for x in inputs)
        if len(shapes) > 1:
            raise ShapeError("same-shape", f"stack takes arrays of one shape, not {' and '.join(map(show, shapes))}")
        return {"axis": one_axis(attrs.get("axis", 0), len(inputs[0].shape) + 1)}

    def infer(self, *arrays: Node, axis: OneAxis = 0) -> Type:
        shape, (along,) = arrays[0].shape, axis
        at = len(shape) + 1 + along
        return Type((*shape[:at], Dim.of(len(arrays)), *shape[at:]), common_dtype(arrays))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return [make.index(dz, axis=axis, at=Dim.of(place)) for place in range(len(inputs))]

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.stack([{', '.join(operands)}], axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class Roll(Op):
    """The elements shifted along an axis, those that leave coming back at the other end.

    Junction rule: dz shifted back.
    """

    name = junction = "roll"
    keeps_integers = True
    samples = (sample("roll(x, 2, axis=1)", x=(3, 5)), sample("roll(x, -1, axis=0)", x=(3, 5)))

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "axis": one_axis(attrs["axis"], len(inputs[0].shape))}

    def infer(self, x: Node, *, shift: int, axis: OneAxis) -> Type:
        return Type(x.shape, x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, shift: int, axis: Axes) -> Sequence[Node | None]:
        return (make.roll(dz, shift=-shift, axis=axis),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.roll({operands[0]}, {node.attrs['shift']}, axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class Flip(Op):
    """The elements in reverse order along axes, by default all.  Junction rule: dz reversed."""

    name = junction = "flip"
    view = keeps_integers = True
    samples = (sample("flip(x)", x=(3, 4)), sample("flip(x, axis=0)", x=(3, 4)))

    def infer(self, x: Node, *, axis: Any = None) -> Type:
        return Type(x.shape, x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (make.flip(dz, axis=axis),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.flip({operands[0]}, axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class Take(Op):
    """The places along an axis that an array of integers names: an embedding lookup.

    Junction rule: dz added up at the places it came from; a place taken twice gets both.
    """

    name = junction = "take"
    keeps_integers = True
    samples = (
        sample("take(x, i, axis=0)", x=(4, 3), i=(5,), integers={"i": 4}),
        sample("x[:, i]", x=(2, 3), i=(2, 2), integers={"i": 3}),
    )

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"axis": one_axis(attrs["axis"], len(inputs[0].shape))}

    def infer(self, x: Node, indices: Node, *, axis: OneAxis) -> Type:
        if indices.dtype != "int":
            raise ShapeError("integers", "the indices must be integers")
        at = len(x.shape) + axis[0]
        return Type((*x.shape[:at], *indices.shape, *x.shape[at + 1 :]), x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        x, indices = inputs
        return make.add_at(dz, indices, axis=axis, n=x.shape[axis[0]]), None

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axis = axis_text(node.attrs["axis"], len(node.inputs[0].shape))
        return f"np.take({operands[0]}, {operands[1]}, axis={axis})"


@declare
class AddAt(Op):
    """The opposite of `take`: values added up at places along an axis.  Junction rule: dz taken at the places."""

    name = junction = "add_at"
    public, keeps_integers = False, True

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs

    def infer(self, x: Node, indices: Node, *, axis: Axes, n: Dim) -> Type:
        rank = len(x.shape) - len(indices.shape) + 1
        at = rank + axis[0]
        return Type((*x.shape[:at], n, *x.shape[at + len(indices.shape) :]))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, n: Dim) -> Sequence[Node | None]:
        return make.take(dz, inputs[1], axis=axis), None

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axis = axis_text(node.attrs["axis"], len(node.shape))
        return f"add_at({operands[0]}, {operands[1]}, axis={axis}, n={node.attrs['n']})"


@composite(sample("split(x, 2)[1]", x=(4, 3)), sample("split(x, 3, axis=-1)[0]", x=(2, 6)), keeps_integers=True)
def split(x: Node, *, sections: int, axis: int = 0) -> tuple[Node, ...]:
    """Equal parts of an array along an axis; choose one with an index, as in `split(x, 3)[0]`."""
    along = axis_from_end(axis, len(x.shape))
    dim = x.shape[along]
    size = dim.divided_by(Dim.of(sections)) if sections > 0 else None
    if size is None:
        raise ShapeError("divisible", f"{dim} is not sure to divide into {sections} equal parts")
    if sections > limits.PARTS:
        raise ShapeError("parts", f"{sections} parts are more than {limits.PARTS:,}")
    return tuple(make.slice(x, axis=along, start=size * i, stop=size * (i + 1)) for i in range(sections))


@composite(sample("pad(x, 1)", x=(2, 3)), sample("pad(x, ((0, 1), (2, 0)), 1.5)", x=(2, 3)))
def pad(x: Node, *, pad_width: Any, value: float = 0.0) -> Node:
    """A number put around the array; `pad_width` as in NumPy: for all sides, (before, after), or a pair an axis."""
    pairs = pad_width if isinstance(pad_width, tuple) else (pad_width, pad_width)
    if not any(isinstance(pair, tuple) for pair in pairs):
        pairs = (pairs,) * len(x.shape)
    if len(pairs) != len(x.shape) or any(not isinstance(pair, tuple) or len(pair) != 2 for pair in pairs):
        raise ShapeError("argument-kind", f"pad_width needs a pair (before, after) for each axis of {show(x.shape)}")
    for axis, (before, after) in enumerate(pairs):
        if (before, after) != (0, 0):
            x = make.pad_axis(x, axis=axis, before=Dim.of(before), after=Dim.of(after), value=value)
    return x


@composite(sample("repeat(x, 3, axis=0)", x=(2, 3)), sample("repeat(x, 2, axis=-1)", x=(2, 3)), keeps_integers=True)
def repeat(x: Node, *, repeats: int, axis: int) -> Node:
    """Every element several times over, side by side along an axis."""
    along = axis_from_end(axis, len(x.shape))
    at = along + len(x.shape)
    wide = (*x.shape[: at + 1], Dim.of(repeats), *x.shape[at + 1 :])
    apart = make.broadcast_to(make.expand_dims(x, axis=at + 1), shape=wide)
    return make.reshape(apart, shape=resized(x.shape, along, x.shape[along] * repeats))


@composite(sample("tile(x, 2)", x=(2, 3)), sample("tile(x, (2, 3))", x=(2, 3)), keeps_integers=True)
def tile(x: Node, *, repeats: Any) -> Node:
    """The whole array several times over; `repeats` as NumPy's reps: along the last axis, or one for each."""
    times = repeats if isinstance(repeats, tuple) else (repeats,)
    while len(times) > len(x.shape):
        x = make.expand_dims(x, axis=0)
    for axis, number in enumerate(times, start=-len(times)):
        x = _tiled(x, axis, number) if number != 1 else x
    return x


def _tiled(x: Node, axis: int, number: int) -> Node:
    """The whole array several times over along one axis."""
    at = len(x.shape) + axis
    wide = (*x.shape[:at], Dim.of(number), *x.shape[at:])
    apart = make.broadcast_to(make.expand_dims(x, axis=at), shape=wide)
    return make.reshape(apart, shape=resized(x.shape, axis, x.shape[axis] * number))
