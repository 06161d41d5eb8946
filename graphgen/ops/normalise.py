"""Normalisation layers, written out."""

from __future__ import annotations

from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import sample
from graphgen.ir.shape import Dim, show
from graphgen.ops.composite import composite


def _standardised(x: Node, axis: Any, eps: float) -> Node:
    deviation = x - make.mean(x, axis=axis, keepdims=True)
    return deviation / make.sqrt(make.mean(make.square(deviation), axis=axis, keepdims=True) + eps)


@composite(sample("layer_norm(x)", x=(3, 4)), sample("layer_norm(x, axis=0, eps=1e-3)", x=(3, 4)))
def layer_norm(x: Node, *, axis: Any = -1, eps: float = 1e-5) -> Node:
    """Mean 0 and variance 1 along axes (Ba et al., 2016); multiply by a gain and add a bias to learn them."""
    return _standardised(x, axis, eps)


@composite(sample("rms_norm(x)", x=(3, 4)), sample("rms_norm(x, axis=0)", x=(3, 4)))
def rms_norm(x: Node, *, axis: Any = -1, eps: float = 1e-5) -> Node:
    """Root mean square 1 along axes (Zhang and Sennrich, 2019)."""
    return x / make.sqrt(make.mean(make.square(x), axis=axis, keepdims=True) + eps)


@composite(sample("batch_norm(x)", x=(4, 3)), sample("batch_norm(x, axis=(0, 2))", x=(3, 2, 4)))
def batch_norm(x: Node, *, axis: Any = 0, eps: float = 1e-5) -> Node:
    """Mean 0 and variance 1 over the batch, as in training (Ioffe and Szegedy, 2015); `axis` is the batch's."""
    return _standardised(x, axis, eps)


@composite(sample("group_norm(x, groups=2)", x=(3, 4)), sample("group_norm(x, groups=2)", x=(2, 4, 3)))
def group_norm(x: Node, *, groups: int, eps: float = 1e-5) -> Node:
    """Mean 0 and variance 1 within groups of channels, the second axis (Wu and He, 2018)."""
    if len(x.shape) < 2 or groups < 1 or (size := x.shape[1].divided_by(Dim.of(groups))) is None:
        raise ShapeError(
            "divisible", f"the second axis of {show(x.shape)} is not sure to divide into {groups} groups"
        )
    apart = make.reshape(x, shape=(x.shape[0], Dim.of(groups), size, *x.shape[2:]))
    return make.reshape(_standardised(apart, tuple(range(2, len(apart.shape))), eps), shape=x.shape)
