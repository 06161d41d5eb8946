"""What a random program is made of: expressions with their shapes, and the numbers they may be between."""

from __future__ import annotations

from dataclasses import dataclass

from graphgen.ir.shape import Dim, Shape

Bounds = tuple[float, float]

LEAF: Bounds = (-1.2, 1.2)  # where a trial draws its arrays from; states keep to it, so every step is like the first
LARGEST = 12.0  # what grows beyond it is squashed


@dataclass(frozen=True)
class Value:
    """An expression, its shape, and between which numbers its elements are."""

    text: str
    shape: Shape
    bounds: Bounds = LEAF


def within(inner: Bounds, outer: Bounds) -> bool:
    """Whether one range lies in another."""
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def fit(value: Value, bounds: Bounds) -> Value:
    """The value, squashed if it may lie outside of a range."""
    if within(value.bounds, bounds):
        return value
    middle, half = (bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2
    text = f"{half:.4g} * tanh({value.text})"
    return Value(f"({middle:.4g} + {text})" if middle else f"({text})", value.shape, bounds)


def bounded(value: Value) -> Value:
    """The value, squashed if it may be large."""
    return fit(value, (-LARGEST, LARGEST))


def added(a: Bounds, b: Bounds) -> Bounds:
    """The range of a sum."""
    return a[0] + b[0], a[1] + b[1]


def multiplied(a: Bounds, b: Bounds) -> Bounds:
    """The range of a product."""
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)


def times(bounds: Bounds, count: int) -> Bounds:
    """The range of a sum of up to so many."""
    return min(bounds[0], bounds[0] * count), max(bounds[1], bounds[1] * count)


def hull(*ranges: Bounds) -> Bounds:
    """The range that others lie in."""
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def magnitude(bounds: Bounds) -> float:
    """The largest absolute value in a range."""
    return max(map(abs, bounds))


def replaced(shape: Shape, axis: int, *dims: Dim) -> Shape:
    """A shape with other dims, or none, in the place of one."""
    return (*shape[:axis], *dims, *shape[axis + 1 :])
