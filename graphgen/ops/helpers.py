"""Functions that a generated module carries a copy of, text and all, when its code calls them."""

from __future__ import annotations

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


def sigmoid_into(x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The logistic function of x, written into out."""
    with np.errstate(over="ignore"):  # exp(-x) may be infinite: the quotient is 0 then, as it should be
        np.exp(np.negative(x, out=out), out=out)
    np.add(out, 1, out=out)
    return np.divide(1, out, out=out)


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


def dilate(x: np.ndarray, axis: int, step: int) -> np.ndarray:
    """The elements of x `step` places apart along an axis, zeros between them."""
    x = np.moveaxis(x, axis, -1)
    z = np.zeros((*x.shape[:-1], (x.shape[-1] - 1) * step + 1), x.dtype)
    z[..., ::step] = x
    return np.moveaxis(z, -1, axis)


def erf(x: np.ndarray) -> np.ndarray:
    """The error function: a Taylor series near 0, elsewhere 1 - t exp(P(t) - x²) with t = 2 / (2 + |x|).

    P is the Chebyshev series of log(erfc(x) exp(x²) / t), fitted in 40 digits.
    """
    series_of_p = (
        -1.3026537197817094, 0.6419697923564903, 0.019476473204185837, -0.009561514786808632, -0.0009465953444820369,
        0.00036683949785276145, 4.2523324806907772e-05, -2.0278578112534243e-05, -1.6242900046470255e-06,
        1.3036558355805232e-06, 1.5626441722066143e-08, -8.523809591492654e-08, 6.529054439098851e-09,
        5.059343495551469e-09, -9.913641564930331e-10, -2.2736512229318359e-10, 9.646791102015527e-11,
        2.3940380830391147e-12, -6.886027526497553e-12, 8.944879273090726e-13, 3.130921399342958e-13,
        -1.1270822361367252e-13, 3.810905255189232e-16, 7.106097613609237e-15, -1.5230282014571043e-15,
    )  # fmt: skip
    size = np.where(x < 0, -x, x)
    near = np.minimum(size, 0.5)
    term = series = near * 1.1283791670955126
    for n in range(1, 14):
        term = term * (near * near) / -n
        series = series + term / (2 * n + 1)
    far = np.minimum(size, 30)
    t = 2 / (2 + far)
    b = c = np.zeros_like(t)
    for coefficient in series_of_p[:0:-1]:
        b, c = coefficient + (4 * t - 2) * b - c, b
    tail = t * np.exp(series_of_p[0] / 2 + (2 * t - 1) * b - c - far * far)
    value = np.where(size < 0.5, series, 1 - tail)
    return np.where(x < 0, -value, value)


def add_at(x: np.ndarray, indices: np.ndarray, axis: int, n: int) -> np.ndarray:
    """Zeros of size n along an axis, and x added up at its places; a place that comes twice gets both."""
    x = np.moveaxis(x, range(axis, axis + indices.ndim), range(indices.ndim))
    z = np.zeros((n, *x.shape[indices.ndim :]), x.dtype)
    np.add.at(z, indices, x)
    return np.moveaxis(z, 0, axis)


def before_end(lengths: np.ndarray, steps: int, name: str) -> np.ndarray:
    """Whether each step is before the end of each example; ValueError for a length that is not from 0 to steps."""
    outside = (lengths < 0) | (lengths > steps)
    if outside.any():
        at = np.argwhere(outside)[0].tolist()
        raise ValueError(
            f"{name} is {lengths[tuple(at)]} in element {at}, expected 0 to {steps}, the number of steps"
        )
    return np.arange(steps)[:, None] < lengths[..., None, :]


def logsumexp(x: np.ndarray, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> np.ndarray:
    """log(sum(exp(x))) along axes; the largest element is taken off first against overflow."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.abs(top) < np.inf, top, 0)
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def norm(x: np.ndarray, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> np.ndarray:
    """The Euclidean norm along axes; the largest element is divided out first against overflow."""
    top = np.max(np.where(x < 0, -x, x), axis=axis, keepdims=True)
    top = np.where((top == 0) | (np.abs(top) == np.inf), 1, top)
    total = np.sqrt(np.sum((x / top) ** 2, axis=axis, keepdims=True)) * top
    return total if keepdims else np.squeeze(total, axis=axis)


def windows(x: np.ndarray, axis: int, size: int, stride: int, dilation: int) -> np.ndarray:
    """A view of every window of a size along an axis, the elements of a window along a new last axis."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size - 1) * dilation + 1, axis=axis)
    steps = tuple(slice(None, None, stride if at == axis else 1) for at in range(x.ndim))
    return view[(*steps, slice(None, None, dilation))]


def add_windows(x: np.ndarray, axis: int, length: int, stride: int, dilation: int) -> np.ndarray:
    """The windows along an axis, each added up where it came from in an array of the given length."""
    x = np.moveaxis(x, axis, -2)
    z = np.zeros((*x.shape[:-2], length), x.dtype)
    for at in range(x.shape[-1]):
        start = at * dilation
        z[..., start : start + (x.shape[-2] - 1) * stride + 1 : stride] += x[..., at]
    return np.moveaxis(z, -1, axis)
