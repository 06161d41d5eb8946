"""Derivatives along random directions: one look at every element of a gradient at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphgen.check.module import CENTRAL_BOUND, COMPLEX_BOUND, Trial, is_analytic
from graphgen.check.numeric import STEP, central_difference, complex_step

Arrays = Mapping[str, np.ndarray]
Numeric = Callable[..., np.ndarray]


def random_direction(gradients: Arrays) -> dict[str, np.ndarray]:
    """How far each element moves."""
    rng = np.random.default_rng(2)
    return {key: rng.uniform(-1, 1, gradient.shape) for key, gradient in gradients.items()}


def written(one: Trial, gradients: Arrays, direction: Arrays) -> float:
    """The derivative along a direction, from the gradients."""
    return float(sum(np.sum(gradient * direction[key]) / one.share(key) for key, gradient in gradients.items()))


def numeric(one: Trial, direction: Arrays, method: Numeric) -> float:
    """The same from values alone, by `central_difference` or `complex_step`."""

    def objective(at: Mapping[str, Any]) -> complex:
        moved = {key: np.asarray(one.arrays[key] + at["distance"] * way) for key, way in direction.items()}
        return one.objective({**one.arrays, **moved})

    return float(method(objective, {"distance": np.zeros(())}, "distance"))


def extrapolated(*function: Any) -> np.ndarray:
    """Central differences of two steps, from which the error that grows with the step's square is taken out."""
    return (4 * central_difference(*function) - central_difference(*function, 2 * STEP)) / 3


def assert_derivatives(one: Trial, where: str) -> None:
    """Every gradient, along a direction of its own, is what values say, within the bounds of `graphgen check`."""
    gradients = one.gradients()
    method, bound = (complex_step, COMPLEX_BOUND) if is_analytic(one.graph) else (extrapolated, CENTRAL_BOUND)
    for key, way in random_direction(gradients).items():
        direction = {other: way if other == key else np.zeros(array.shape) for other, array in gradients.items()}
        derivative = written(one, gradients, direction)
        scale = max(1.0, float(np.sum(np.abs(gradients[key] * way))) / one.share(key))
        error = abs(derivative - numeric(one, direction, method)) / scale
        assert error <= bound, f"{where}, {one.name}: {key} is off by {error}"
