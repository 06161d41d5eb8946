# Made by graphgen 0.1.0 -O2 from softmax_cross_entropy.yaml (sha256 23b3585ce51c9285).
# Do not edit: change the spec and build again.
"""A dense layer and the softmax cross-entropy of its scores against targets, one-hot or any other
distribution, averaged over the batch. The logarithm is taken of the softmax in one stable step,
never of a number that has already become zero.

Source: Bridle, 1990; the last layer of "LSTM internals, part 3"

Sizes:
    n_h: hidden units
    n_y: classes
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W: np.ndarray  # [n_y, n_h]
    b: np.ndarray  # [n_y, 1]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    h: np.ndarray  # [n_h, m]
    target: np.ndarray  # [n_y, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: np.ndarray  # []
    scores: np.ndarray  # [n_y, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    h: np.ndarray  # [n_h, m]
    target: np.ndarray  # [n_y, m]
    loss_log_softmax: np.ndarray  # [n_y, m]


def _dtype(*groups: Any) -> np.dtype[Any]:
    """The floating dtype that the arrays of some groups promote to."""
    arrays = [array for group in groups if group is not None for array in group]
    dtypes = [array.dtype for array in arrays if hasattr(array, "dtype") and array.dtype.kind in "fc"]
    return np.result_type(*dtypes) if dtypes else np.dtype(float)


def _cotangent(name: str, value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent of a given shape; None counts as zero."""
    if value is None:
        return np.zeros(shape, dtype)
    if np.shape(value) != shape:
        raise ValueError(f"the cotangent {name} must have the shape {shape}, not {np.shape(value)}")
    return np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def init_parameters(
    rng: np.random.Generator,
    *,
    n_h: int,
    n_y: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(W=_glorot(rng, (n_y, n_h), dtype), b=np.zeros((n_y, 1), dtype))


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. scores = W @ h + b
    2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    """
    W, b = parameters
    h, target = inputs
    m = h.shape[1]  # batch

    # 1. scores = W @ h + b
    scores = W @ h + b

    # 2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    loss_log_softmax = log_softmax(scores, axis=0)
    loss = -np.sum(target * loss_log_softmax) / m

    return (
        Outputs(loss=loss, scores=scores),
        Residuals(h=h, target=target, loss_log_softmax=loss_log_softmax),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    h, target, loss_log_softmax = residuals
    W = parameters.W
    m = h.shape[1]         # batch
    n_y = target.shape[0]  # classes
    dtype = _dtype(parameters, residuals, d_outputs)

    # the cotangents handed in; None counts as zero
    dloss = _cotangent("d_outputs.loss", d_outputs.loss, (), dtype)
    dscores_output = _cotangent("d_outputs.scores", d_outputs.scores, (n_y, m), dtype)

    # 2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    dloss_negative = dloss / m                         # quotient
    dloss_sum = -dloss_negative                        # negative
    dtarget = dloss_sum * loss_log_softmax             # hadamard
    dloss_log_softmax = dloss_sum * target             # hadamard
    dloss_multiply = np.exp(loss_log_softmax) * np.sum(dloss_log_softmax, axis=0, keepdims=True)
    dscores_loss = dloss_log_softmax - dloss_multiply  # log_softmax

    # 1. scores = W @ h + b
    dscores = dscores_output + dscores_loss      # split: the sum over its uses
    db = np.sum(dscores, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW = dscores @ h.T                           # matrix product
    dh = W.T @ dscores                           # matrix product

    return Gradients(Parameters(W=dW, b=db), Inputs(h=dh, target=dtarget))
