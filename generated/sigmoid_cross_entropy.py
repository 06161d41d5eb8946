# Made by graphgen 0.1.0 -O2 from sigmoid_cross_entropy.yaml (sha256 c356b44500420626).
# Do not edit: change the spec and build again.
"""A dense layer with one output, a sigmoid, and the binary cross-entropy against targets between 0 and
1, averaged over the batch. The loss is computed from the score before the sigmoid, so that a
confident prediction does not turn into log(0).

Source: the head of the sentiment classifier in Mukul Rathi's "Backpropagation through, well,
anything!", 2018

Sizes:
    n_h: hidden units
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W: np.ndarray  # [1, n_h]
    b: np.ndarray  # [1, 1]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    h: np.ndarray  # [n_h, m]
    target: np.ndarray  # [1, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: np.ndarray  # []
    prediction: np.ndarray  # [1, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    h: np.ndarray  # [n_h, m]
    target: np.ndarray  # [1, m]
    score: np.ndarray  # [1, m]
    prediction: np.ndarray  # [1, m]
    log_sigmoid_score: np.ndarray  # [1, m]
    loss_log_sigmoid: np.ndarray  # [1, m]


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


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(sigmoid(x)), exact where sigmoid(x) is too small to be a number."""
    return np.minimum(x, 0) - np.log1p(np.exp(np.minimum(x, -x)))


def init_parameters(rng: np.random.Generator, *, n_h: int, dtype: type = np.float64) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(W=_glorot(rng, (1, n_h), dtype), b=np.zeros((1, 1), dtype))


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. score = W @ h + b
    2. prediction = sigmoid(score)
    3. loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    """
    W, b = parameters
    h, target = inputs

    # 1. score = W @ h + b
    score = W @ h + b

    # 2. prediction = sigmoid(score)
    prediction = sigmoid(score)

    # 3. loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    log_sigmoid_score = log_sigmoid(score)
    loss_log_sigmoid = log_sigmoid(-score)
    loss = -np.mean(target * log_sigmoid_score + (1 - target) * loss_log_sigmoid)

    return (
        Outputs(loss=loss, prediction=prediction),
        Residuals(
            h=h, target=target, score=score, prediction=prediction, log_sigmoid_score=log_sigmoid_score,
            loss_log_sigmoid=loss_log_sigmoid,
        ),
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
    h, target, score, prediction, log_sigmoid_score, loss_log_sigmoid = residuals
    W = parameters.W
    m = h.shape[1]  # batch
    dtype = _dtype(parameters, residuals, d_outputs)

    # the cotangents handed in; None counts as zero
    dloss = _cotangent("d_outputs.loss", d_outputs.loss, (), dtype)
    dprediction = _cotangent("d_outputs.prediction", d_outputs.prediction, (1, m), dtype)

    # 3. loss = -mean(target * log_sigmoid(score) + (1 - target) * log_sigmoid(-score))
    dloss_mean = -dloss                                 # negative
    dloss_divide = dloss_mean / m
    dloss_subtract = dloss_divide * loss_log_sigmoid    # hadamard
    dloss_log_sigmoid = dloss_divide * (1 - target)     # hadamard
    dnegative_score = dloss_log_sigmoid * prediction    # log_sigmoid
    dtarget_loss = dloss_divide * log_sigmoid_score     # hadamard
    dlog_sigmoid_score = dloss_divide * target          # hadamard
    dscore_loss = dlog_sigmoid_score * sigmoid(-score)  # log_sigmoid

    # 2. prediction = sigmoid(score)
    dscore_prediction = dprediction * (prediction * (1 - prediction))  # sigmoid

    # 1. score = W @ h + b
    dscore = dscore_loss - dnegative_score + dscore_prediction  # split: the sum over its uses
    db = np.sum(dscore, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW = dscore @ h.T                           # matrix product
    dh = W.T @ dscore                           # matrix product
    dtarget = dtarget_loss - dloss_subtract     # split: the sum over its uses

    return Gradients(Parameters(W=dW, b=db), Inputs(h=dh, target=dtarget))
