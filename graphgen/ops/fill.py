"""Arrays made from nothing but sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, declare, number_text, sample, shape_text
from graphgen.ir.shape import Dim, axes_from_end
from graphgen.ops.composite import composite


def as_shape(shape: Any) -> tuple[Dim, ...]:
    """A shape argument as NumPy takes it: one dim or several."""
    dims = tuple(Dim.of(dim) for dim in (shape if isinstance(shape, tuple) else (shape,)))
    unsure = [dim for dim in dims if not dim.at_least(0) and dim != Dim.of(-1)]
    if unsure:
        raise ShapeError("negative-size", f"the size {unsure[0]} may be negative")
    return dims


def sizes(shape: Any) -> tuple[Dim, ...]:
    """The same, where no dim may be left open as -1."""
    dims = as_shape(shape)
    if Dim.of(-1) in dims:
        raise ShapeError("negative-size", "the size -1 may be negative")
    return dims


class Filled(Op):
    """What zeros and ones share."""

    differentiable = False

    def infer(self, *, shape: Any) -> Type:
        return Type(shape)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"shape": sizes(attrs["shape"])}

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.{self.name}({shape_text(node.attrs['shape'])}, dtype)"


@declare
class Zeros(Filled):
    """An array of zeros."""

    name = "zeros"
    samples = (sample("x + zeros((2, 3))", x=(2, 3)),)


@declare
class Ones(Filled):
    """An array of ones."""

    name = "ones"
    samples = (sample("x + ones((2, 3))", x=(2, 3)), sample("x * ones(3)", x=(3,)))


@declare
class Full(Op):
    """An array of one number."""

    name, differentiable = "full", False
    samples = (sample("x * full((2, 3), 0.5)", x=(2, 3)),)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "shape": sizes(attrs["shape"])}

    def infer(self, *, shape: Any, value: float) -> Type:
        return Type(shape)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.full({shape_text(node.attrs['shape'])}, {number_text(node.attrs['value'])}, dtype)"


@declare
class Eye(Op):
    """The identity matrix of n rows."""

    name, spelling, differentiable = "eye", "np.eye({n}, dtype=dtype)", False
    samples = (sample("x @ eye(3)", x=(2, 3)),)

    def infer(self, *, n: Dim) -> Type:
        (rows,) = sizes(n)
        return Type((rows, rows))


@declare
class Arange(Op):
    """The integers from 0 up to but not including n."""

    name, spelling, differentiable = "arange", "np.arange({n})", False
    samples = (sample("x * arange(4)", x=(3, 4)),)

    def infer(self, *, n: Dim) -> Type:
        return Type(sizes(n), "int")


@composite(
    sample("one_hot(i, 4) * x", i=(3,), x=(3, 4), integers={"i": 4}),
    sample("one_hot(i, 4, axis=0) * x", i=(3,), x=(4, 3), integers={"i": 4}),
    keeps_integers=True,
)
def one_hot(indices: Node, *, n: Dim, axis: int = -1) -> Node:
    """1 where a new axis of n places is at the index, 0 elsewhere."""
    if indices.dtype != "int":
        raise ShapeError("integers", "one_hot takes an array of integers")
    rank = len(indices.shape) + 1
    (at,) = axes_from_end(axis, rank)
    places = make.arange(n=n)
    for _ in range(-1 - at):
        places = make.expand_dims(places, axis=-1)
    return make.where(make.equal(make.expand_dims(indices, axis=at), places), 1, 0)
