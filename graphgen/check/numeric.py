"""Derivatives of a number by the elements of arrays, from values alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Arrays = dict[str, np.ndarray]
Objective = Callable[[Arrays], complex]

STEP = 1e-5  # of the central difference: its error is of the order of STEP squared
TINY = 1e-200  # of the complex step: nothing is subtracted, so it may be as small as numbers go


def central_difference(
    objective: Objective, arrays: Mapping[str, np.ndarray], name: str, step: float = STEP
) -> np.ndarray:
    """(f(x + h) - f(x - h)) / 2h for every element of one array."""

    def quotient(index: tuple[int, ...]) -> float:
        above, below = _moved(arrays, name, index, step), _moved(arrays, name, index, -step)
        return float((objective(above) - objective(below)).real) / (2 * step)

    return _every_element(arrays[name], quotient)


def complex_step(objective: Objective, arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """Im f(x + ih) / h for every element of one array (Squire and Trapp, 1998): exact for analytic functions."""
    lifted = {key: array.astype(complex) if array.dtype.kind == "f" else array for key, array in arrays.items()}

    def quotient(index: tuple[int, ...]) -> float:
        return float(objective(_moved(lifted, name, index, TINY * 1j)).imag) / TINY

    return _every_element(arrays[name], quotient)


def _moved(arrays: Mapping[str, np.ndarray], name: str, index: tuple[int, ...], by: complex) -> Arrays:
    moved = arrays[name].copy()
    moved[index] += by
    return {**arrays, name: moved}


def _every_element(array: np.ndarray, quotient: Callable[[tuple[int, ...]], float]) -> np.ndarray:
    gradient = np.empty(array.shape)
    for index in np.ndindex(array.shape):
        gradient[index] = quotient(index)
    return gradient
