"""Operations that move elements and compute nothing: joining, slicing, padding, axes put in and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, axis_text, declare, index_text, number_text, sample, shape_text
from graphgen.ir.shape import ONE, Axes, Dim, OneAxis, Shape, axes_from_end, broadcast, one_axis, show
from graphgen.ops.fill import as_shape


def resized(shape: Shape, axis: int, dim: Dim) -> Shape:
    """The shape with another size along one axis, counted from the end."""
    at = len(shape) + axis
    return (*shape[:at], dim, *shape[at + 1 :])


def common_dtype(arrays: Sequence[Node]) -> str:
    """The dtype of arrays that are joined."""
    dtypes = {x.dtype for x in arrays}
    return dtypes.pop() if len(dtypes) == 1 else "float"


@declare
class Concat(Op):
    """The operands side by side along an axis.  Junction rule: each gets its own slice of dz."""

    name = junction = "concat"
    keeps_integers = True
    samples = (
        sample("concat(a, b)", a=(2, 3), b=(4, 3)),
        sample("concat(a, b, c, axis=-1)", a=(3, 1), b=(3, 2), c=(3, 3)),
    )

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        ranks = {len(x.shape) for x in inputs}
        if len(ranks) != 1 or 0 in ranks:
            shapes = " and ".join(show(x.shape) for x in inputs)
            raise ShapeError("number-of-axes", f"concat takes arrays of equally many axes, one or more, not {shapes}")
        return {"axis": one_axis(attrs.get("axis", 0), ranks.pop())}

    def infer(self, *arrays: Node, axis: OneAxis = 0) -> Type:
        (along,) = axis
        first = arrays[0].shape
        total = Dim(())
        for x in arrays:
            total = total + x.shape[along]
            if resized(x.shape, along, ONE) != resized(first, along, ONE):
                shapes = " and ".join(show(a.shape) for a in arrays)
                raise ShapeError("same-shape", f"concat along axis {along}: the other dims of {shapes} differ")
        return Type(resized(first, along, total), common_dtype(arrays))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        start, parts = Dim(()), []
        for x in inputs:
            stop = start + x.shape[axis[0]]
            parts.append(make.slice(dz, axis=axis, start=start, stop=stop))
            start = stop
        return parts

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.concatenate([{', '.join(operands)}], axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class Slice(Op):
    """Every step-th element from start up to stop along an axis.  Junction rule: dz in its places, else zeros."""

    name = junction = "slice"
    view, public, keeps_integers = True, False, True
    samples = (
        sample("x[1:3]", x=(4, 3)),
        sample("x[:, -2:]", x=(2, 3)),
        sample("x[:2, 1:]", x=(4, 3)),
        sample("x[1::2]", x=(6, 3)),
        sample("x[::-1, ::3]", x=(2, 5)),
        sample("x[3:0:-2]", x=(5, 2)),
    )

    def infer(self, x: Node, *, axis: Axes, start: Dim, stop: Dim, step: int = 1) -> Type:
        dim = x.shape[axis[0]]
        if not (start.at_least(0) and stop.at_least(start) and dim.at_least(stop)):
            raise ShapeError(
                "bounds", f"the slice {start}:{stop} is not sure to lie within the {dim} of {show(x.shape)}"
            )
        return Type(resized(x.shape, axis[0], (stop - start + (step - 1)) // step), x.dtype)

    def vjp(
        self, dz: Node, y: Node, *inputs: Node, axis: Axes, start: Dim, stop: Dim, step: int
    ) -> Sequence[Node | None]:
        spread = make.dilate(dz, axis=axis, step=step) if step > 1 else dz
        after = inputs[0].shape[axis[0]] - start - spread.shape[axis[0]]
        return (make.pad_axis(spread, axis=axis, before=start, after=after),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        (along,), start, stop = (node.attrs[k] for k in ("axis", "start", "stop"))
        (x,) = node.inputs
        first = "" if start.constant == 0 else str(start)
        last = "" if stop == x.shape[along] else str(stop)
        step = f":{node.attrs['step']}" if node.attrs["step"] > 1 else ""
        return f"{operands[0]}[{':, ' * (len(x.shape) + along)}{first}:{last}{step}]"


@declare
class Dilate(Op):
    """The elements step places apart along one axis, zeros between.  Junction rule: every step-th element of dz."""

    name = junction = "dilate"
    public = False

    def infer(self, x: Node, *, axis: Axes, step: int) -> Type:
        return Type(resized(x.shape, axis[0], (x.shape[axis[0]] - 1) * step + 1))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, step: int) -> Sequence[Node | None]:
        return (make.slice(dz, axis=axis, start=Dim.of(0), stop=dz.shape[axis[0]], step=step),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        axis = axis_text(node.attrs["axis"], len(node.shape))
        return f"dilate({operands[0]}, axis={axis}, step={node.attrs['step']})"


@declare
class PadAxis(Op):
    """A value before and after along one axis.  Junction rule: the slice of dz that is not padding."""

    name = "pad_axis"
    junction = "pad"
    public = False

    def infer(self, x: Node, *, axis: Axes, before: Dim, after: Dim, value: float = 0.0) -> Type:
        return Type(resized(x.shape, axis[0], before + x.shape[axis[0]] + after))

    def vjp(
        self, dz: Node, y: Node, *inputs: Node, axis: Axes, before: Dim, after: Dim, value: float
    ) -> Sequence[Node | None]:
        return (make.slice(dz, axis=axis, start=before, stop=before + inputs[0].shape[axis[0]]),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        widths = ["(0, 0)"] * len(node.shape)
        widths[node.attrs["axis"][0]] = f"({node.attrs['before']}, {node.attrs['after']})"
        value = node.attrs["value"]
        constant = f", constant_values={number_text(value)}" if value else ""
        return f"np.pad({operands[0]}, ({', '.join(widths)},){constant})"


@declare
class Index(Op):
    """The element at one place along an axis, which goes.  Junction rule: dz at that place, zeros elsewhere."""

    name = junction = "index"
    view, public, keeps_integers = True, False, True
    samples = (sample("x[1]", x=(4, 3)), sample("x[:, -1]", x=(2, 3)))

    def infer(self, x: Node, *, axis: Axes, at: Dim) -> Type:
        along, dim = axis[0] + len(x.shape), x.shape[axis[0]]
        if not (at.at_least(0) and dim.at_least(at + 1)):
            raise ShapeError("bounds", f"the index {at} is not sure to lie within the {dim} of {show(x.shape)}")
        return Type(x.shape[:along] + x.shape[along + 1 :], x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes, at: Dim) -> Sequence[Node | None]:
        after = inputs[0].shape[axis[0]] - at - 1
        return (make.pad_axis(make.expand_dims(dz, axis=axis), axis=axis, before=at, after=after),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        lead = len(node.inputs[0].shape) + node.attrs["axis"][0]
        return f"{operands[0]}[{':, ' * lead}{node.attrs['at']}]"


@declare
class ExpandDims(Op):
    """Axes of size 1 put in.  Junction rule: dz without them."""

    name = junction = "expand_dims"
    view = keeps_integers = True
    samples = (sample("expand_dims(x, 0)", x=(3, 4)), sample("expand_dims(x, (0, -1))", x=(3,)))

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        axis = attrs["axis"]
        if axis is None:
            raise ShapeError("missing-argument", "expand_dims needs an axis")
        added = 1 if isinstance(axis, int) else len(axis)
        return {"axis": axes_from_end(axis, len(inputs[0].shape) + added)}

    def infer(self, x: Node, *, axis: Any) -> Type:
        kept, rank = iter(x.shape), len(x.shape) + len(axis)
        return Type(tuple(ONE if i - rank in axis else next(kept) for i in range(rank)), x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (make.squeeze(dz, axis=axis),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        if node.inputs[0].weak:  # a Python number cannot be indexed
            return f"np.expand_dims({operands[0]}, {axis_text(node.attrs['axis'], len(node.shape))})"
        return f"{operands[0]}[{index_text('None', node.attrs['axis'], len(node.shape))}]"


@declare
class Squeeze(Op):
    """Axes of size 1 taken out, by default all of them.  Junction rule: dz with them put in again."""

    name = junction = "squeeze"
    view = keeps_integers = True
    samples = (sample("squeeze(x)", x=(3, 1, 4)), sample("squeeze(x, axis=-1)", x=(1, 3, 1)))

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        (x,) = inputs
        axis = attrs.get("axis")
        if axis is None:
            axis = tuple(i for i, dim in enumerate(x.shape) if dim == ONE)
        return {"axis": axes_from_end(axis, len(x.shape))}

    def infer(self, x: Node, *, axis: Any = None) -> Type:
        rank = len(x.shape)
        if any(x.shape[a] != ONE for a in axis):
            raise ShapeError(
                "axis", f"squeeze takes out axes of size 1; axis {axis_text(axis, rank)} of {show(x.shape)} is not"
            )
        return Type(tuple(dim for i, dim in enumerate(x.shape) if i - rank not in axis), x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (make.expand_dims(dz, axis=axis),)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        if not node.shape:  # an index would make a scalar, which is no array to write into
            return f"np.squeeze({operands[0]})"
        return f"{operands[0]}[{index_text('0', node.attrs['axis'], len(node.inputs[0].shape))}]"


@declare
class BroadcastTo(Op):
    """The array repeated along new axes and axes of size 1.  Junction rule: dz summed over the repetitions."""

    name, spelling, junction = "broadcast_to", "np.broadcast_to({x}, {shape})", "broadcast"
    view = keeps_integers = True
    samples = (sample("broadcast_to(x, (2, 3, 4))", x=(3, 1)),)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": as_shape(attrs["shape"])}

    def infer(self, x: Node, *, shape: Any) -> Type:
        if broadcast(x.shape, shape) != shape:
            raise ShapeError("broadcast", f"{show(x.shape)} cannot be broadcast to {show(shape)}")
        return Type(shape, x.dtype)

    def vjp(self, dz: Node, y: Node, *inputs: Node, shape: Shape) -> Sequence[Node | None]:
        return (dz,)  # the sweep sums it down to the operand's shape

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.broadcast_to({operands[0]}, {shape_text(node.attrs['shape'])})"
