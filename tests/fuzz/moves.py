"""Expressions that move elements and compute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.op import shape_text
from graphgen.ir.shape import ONE, Dim, Shape
from tests.fuzz.sizes import DIMS, MOST_AXES, K, N
from tests.fuzz.values import Value, hull, replaced

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer


def concat(at: Writer, shape: Shape) -> Value | None:
    """Parts side by side along an axis whose size is a sum."""
    places = [(axis, part) for axis, dim in enumerate(shape) for part in DIMS if (dim - part).at_least(1)]
    if not places:
        return None
    axis, part = at.draw(st.sampled_from(places))
    sizes = [part, shape[axis] - part]
    sizes = sizes[::-1] if at.draw(st.booleans()) else sizes
    a, b = (at.expression(replaced(shape, axis, size)) for size in sizes)
    where = f", axis={at.axis(axis, len(shape))}" if axis or at.draw(st.booleans()) else ""
    return Value(f"concat({a.text}, {b.text}{where})", shape, hull(a.bounds, b.bounds))


def stack(at: Writer, shape: Shape) -> Value | None:
    """Arrays along a new axis."""
    places = [axis for axis, dim in enumerate(shape) if dim in (Dim.of(1), Dim.of(2))]
    if not places:
        return None
    axis = at.draw(st.sampled_from(places))
    parts = [at.expression(replaced(shape, axis)) for _ in range(at.largest(shape[axis]))]
    texts = ", ".join(part.text for part in parts)
    return Value(f"stack({texts}, axis={axis})", shape, hull(*(part.bounds for part in parts)))


def sliced(at: Writer, shape: Shape) -> Value | None:
    """A part of a larger array, one that is there if there is one."""
    if not shape:
        return None
    axis = at.draw(st.integers(0, len(shape) - 1))
    dim = shape[axis]
    larger = [
        value
        for value in at.names
        if len(value.shape) == len(shape)
        and replaced(value.shape, axis) == replaced(shape, axis)
        and (value.shape[axis] - dim).at_least(1)
    ]
    if larger and at.draw(st.integers(0, 3)):
        whole = at.draw(st.sampled_from(larger))
    else:
        whole = at.expression(replaced(shape, axis, dim + at.dim((dim, ONE, N, K))))
    more = whole.shape[axis] - dim
    places = [f":{dim}", f"{more}:", f"-({dim}):"]
    places += [f"1:{dim + 1}"] * (more - 1).at_least(1)
    places += ["::2", "1::2", "::-2"] * (more == dim)
    return Value(f"({whole.text})[{':, ' * axis}{at.draw(st.sampled_from(places))}]", shape, whole.bounds)


def index(at: Writer, shape: Shape) -> Value | None:
    """One place along an axis more."""
    if len(shape) > MOST_AXES:
        return None
    axis = at.draw(st.integers(0, len(shape)))
    whole = at.expression((*shape[:axis], at.dim(), *shape[axis:]))
    place = at.draw(st.sampled_from(("0", "-1")))
    return Value(f"({whole.text})[{':, ' * axis}{place}]", shape, whole.bounds)


def taken(at: Writer, shape: Shape) -> Value | None:
    """Places along an axis that an input of integers names."""
    if not shape:
        return None
    axis = at.draw(st.integers(0, len(shape) - 1))
    table = at.expression(replaced(shape, axis, at.dim()))
    indices = at.integers((shape[axis],))
    return Value(
        at.draw(
            st.sampled_from(
                (f"take({table.text}, {indices}, axis={axis})", f"({table.text})[{':, ' * axis}{indices}]")
            )
        ),
        shape,
        table.bounds,
    )


def transposed(at: Writer, shape: Shape) -> Value | None:
    """The axes in another order."""
    if len(shape) < 2:
        return None
    order = at.draw(st.permutations(range(len(shape))))
    before: list[Dim] = [ONE] * len(shape)
    for place, axis in enumerate(order):
        before[axis] = shape[place]
    x = at.expression(tuple(before))
    turned = list(order) == list(range(len(shape)))[::-1]
    text = f"({x.text}).T" if turned else f"transpose({x.text}, axes={tuple(order)})"
    return Value(text, shape, x.bounds)


def reshaped(at: Writer, shape: Shape) -> Value | None:
    """The same elements in another shape."""
    if len(shape) < 2:
        return None
    x = at.expression((*shape[1:], shape[0]))
    return Value(f"reshape({x.text}, {shape_text(shape)})", shape, x.bounds)


def expanded(at: Writer, shape: Shape) -> Value | None:
    """Axes of size 1 put in, or taken out."""
    ones = [axis for axis, dim in enumerate(shape) if dim == ONE]
    if not ones and len(shape) > MOST_AXES:
        return None
    if not ones:
        axis = at.draw(st.integers(0, len(shape)))
        x = at.expression((*shape[:axis], ONE, *shape[axis:]))
        return Value(f"squeeze({x.text}, axis={axis})", shape, x.bounds)
    axis = at.draw(st.sampled_from(ones))
    x = at.expression(replaced(shape, axis))
    texts = (f"expand_dims({x.text}, axis={axis})", f"({x.text})[{':, ' * axis}None]")
    return Value(at.draw(st.sampled_from(texts)), shape, x.bounds)


def broadcast(at: Writer, shape: Shape) -> Value | None:
    """A smaller array repeated."""
    if not shape:
        return None
    x = at.expression(at.narrower(shape))
    return Value(f"broadcast_to({x.text}, {shape_text(shape)})", shape, x.bounds)
