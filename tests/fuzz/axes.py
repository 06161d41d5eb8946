"""Sums, extremes, norms and the like along an axis."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.shape import ONE, Shape
from tests.fuzz.sizes import MOST_AXES
from tests.fuzz.values import Value, fit, magnitude, replaced, times

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer


def reduced(at: Writer, shape: Shape) -> Value | None:
    """A sum, a mean, an extreme or a norm along an axis."""
    if len(shape) > MOST_AXES:
        return None
    name = at.draw(st.sampled_from(("sum", "mean", "max", "min", "logsumexp", "norm", "var", "std", "prod")))
    axis, dim = at.draw(st.integers(0, len(shape))), at.dim()
    keeps = axis < len(shape) and shape[axis] == ONE
    wide = replaced(shape, axis, dim) if keeps else (*shape[:axis], dim, *shape[axis:])
    x = at.expression(wide)
    x = at.apart(x) if name in ("max", "min", "norm", "std") else fit(x, (-1.5, 1.5)) if name == "prod" else x
    largest, size = magnitude(x.bounds), at.largest(dim)
    bounds = {
        "sum": times(x.bounds, size),
        "logsumexp": (-largest, largest + 2),
        "norm": (0, sqrt(size) * largest),
        "var": (0, largest**2),
        "std": (0, largest),
        "prod": (-(largest**size), largest**size),
    }.get(name, x.bounds)
    keepdims = ", keepdims=True" if keeps else ""
    return Value(f"{name}({x.text}, axis={at.axis(axis, len(wide))}{keepdims})", shape, bounds)


def along(at: Writer, shape: Shape) -> Value | None:
    """What keeps the shape and works along an axis."""
    axes = [axis for axis, dim in enumerate(shape) if dim != ONE]
    if not axes:
        return None
    axis = at.draw(st.sampled_from(axes))
    x = at.expression(shape)
    largest, size, where = magnitude(x.bounds), at.largest(shape[axis]), at.axis(axis, len(shape))
    return at.draw(
        st.sampled_from(
            (
                Value(f"softmax({x.text}, axis={where})", shape, (0, 1)),
                Value(f"log_softmax({x.text}, axis={where})", shape, (-2 * largest - 3, 0)),
                Value(f"cumsum({x.text}, axis={where})", shape, times(x.bounds, size)),
                Value(f"cumprod({fit(x, (-1.5, 1.5)).text}, axis={where})", shape, (-(1.5**size), 1.5**size)),
                Value(f"flip({x.text}, axis={where})", shape, x.bounds),
                Value(f"({x.text})[{':, ' * axis}::-1]", shape, x.bounds),
                Value(f"roll({x.text}, 1, axis={where})", shape, x.bounds),
                Value(f"rms_norm({x.text}, axis={where})", shape, (-sqrt(size), sqrt(size))),
                Value(f"layer_norm({x.text}, axis={where})", shape, (-sqrt(size), sqrt(size))),
            )
        )
    )
