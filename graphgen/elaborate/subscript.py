"""Subscripts as NumPy has them: slices, indices, arrays of indices, None and `...`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from graphgen.ir.node import Node
from graphgen.ir.shape import Dim

if TYPE_CHECKING:
    from graphgen.elaborate.expression import Elaborator, Value

FULL = ast.Slice()


def subscript(at: Elaborator, tree: ast.expr, value: Value, places: ast.expr) -> Node:
    """`value[places]`; the axes are worked on from the last on, so that earlier ones keep their number."""
    x = at.as_array(value, tree, "[ ]")
    chosen = list(places.elts) if isinstance(places, ast.Tuple) else [places]
    used = sum(not (_is_none(place) or _is_ellipsis(place)) for place in chosen)
    if used > len(x.shape):
        raise at.fail("index-count", f"{used} indices for an array of {len(x.shape)} axes", tree)
    dots = [number for number, place in enumerate(chosen) if _is_ellipsis(place)]
    if len(dots) > 1:
        raise at.fail("index-count", "'...' stands once at most", chosen[dots[1]])
    for number in dots:
        chosen[number : number + 1] = [FULL] * (len(x.shape) - used)
    axis = sum(not _is_none(place) for place in chosen)
    for place in reversed(chosen):
        if _is_none(place):
            x = at.built(tree, "expand_dims", x, axis=axis)
            continue
        axis -= 1
        x = _slice(at, tree, x, axis, place) if isinstance(place, ast.Slice) else _index(at, tree, x, axis, place)
    return x


def _is_none(place: ast.expr) -> bool:
    return isinstance(place, ast.Constant) and place.value is None


def _is_ellipsis(place: ast.expr) -> bool:
    return isinstance(place, ast.Constant) and place.value is Ellipsis


def _index(at: Elaborator, tree: ast.expr, x: Node, axis: int, place: ast.expr) -> Node:
    """One place along an axis, or an array of them."""
    value = at.value(place)
    if isinstance(value, Node):
        return at.built(tree, "take", x, value, axis=axis)
    return at.built(tree, "index", x, axis=axis, at=_place(at, place, x.shape[axis]))


def _slice(at: Elaborator, tree: ast.expr, x: Node, axis: int, place: ast.Slice) -> Node:
    """A slice; with a negative step, of the reversed axis."""
    dim, step = x.shape[axis], at.value(place.step) if place.step else 1
    if type(step) is not int or step == 0:
        raise at.fail("index-form", "a step is a whole number other than 0", place.step or tree)
    begin = _place(at, place.lower, dim) if place.lower else None
    end = _place(at, place.upper, dim) if place.upper else None
    if step < 0:
        x = at.built(tree, "flip", x, axis=axis)
        begin, end = (None if p is None else dim - 1 - p for p in (begin, end))
    start, stop = Dim.of(0) if begin is None else begin, dim if end is None else end
    if (start, stop, abs(step)) == (Dim.of(0), dim, 1):
        return x
    return at.built(tree, "slice", x, axis=axis, start=start, stop=stop, step=abs(step))


def _place(at: Elaborator, tree: ast.expr, dim: Dim) -> Dim:
    """A place along an axis; a negative one counts from the end."""
    value = at.value(tree)
    if not isinstance(value, int | Dim) or isinstance(value, bool):
        raise at.fail("index-form", "an index is made of whole numbers and dims", tree)
    place = Dim.of(value)
    return dim + place if (-place).at_least(1) else place
