# Made by graphgen 0.1.0 -O1 from clip_by_norm.yaml (sha256 7ca8ea01b8c9267d).
# Do not edit: change the spec and build again.
"""A gradient longer than the limit is shortened to it and keeps its direction; size is how long it
was.

Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML
2013

Sizes:
    n: parameters
"""

from typing import NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What is set once and for all steps."""

    limit: np.ndarray  # []


class Inputs(NamedTuple):
    """What a step reads."""

    gradient: np.ndarray  # [n]


class Outputs(NamedTuple):
    """What a step computes."""

    clipped: np.ndarray  # [n]
    size: np.ndarray  # []


def norm(x: np.ndarray, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> np.ndarray:
    """The Euclidean norm along axes; the largest element is divided out first against overflow."""
    top = np.max(np.where(x < 0, -x, x), axis=axis, keepdims=True)
    top = np.where((top == 0) | (np.abs(top) == np.inf), 1, top)
    total = np.sqrt(np.sum((x / top) ** 2, axis=axis, keepdims=True)) * top
    return total if keepdims else np.squeeze(total, axis=axis)


def init_parameters(rng: np.random.Generator, *, dtype: type = np.float64) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(limit=np.full((), 1.0, dtype))


def forward(parameters: Parameters, inputs: Inputs) -> Outputs:
    """One step: the outputs.

    1. size = norm(gradient)
    2. clipped = gradient * (limit / maximum(size, limit))
    """
    (limit,) = parameters
    (gradient,) = inputs

    # 1. size = norm(gradient)
    size = norm(gradient)

    # 2. clipped = gradient * (limit / maximum(size, limit))
    clipped = gradient * (limit / np.maximum(size, limit))

    return Outputs(clipped=clipped, size=size)
