"""Functions that a generated module carries a copy of, text and all, when its code calls them."""

from __future__ import annotations

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(sigmoid(x)), exact where sigmoid(x) is too small to be a number."""
    return np.minimum(x, 0) - np.log1p(np.exp(np.minimum(x, -x)))


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(np.minimum(x, -x)))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) divided by its sum along an axis; the largest element is taken off first against overflow."""
    z = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return z / np.sum(z, axis=axis, keepdims=True)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))
