# Made by graphgen 0.1.0 -O2 from self_attention.yaml (sha256 08118025304a93a1).
# Do not edit: change the spec and build again.
"""One head of scaled dot-product self-attention over a sequence whose positions are the columns of x:
each position asks with its query and reads an average of all values, weighted by a softmax over the
keys. There is no mask and no output projection; luong_attention asks from outside the sequence and
has no scale.

Source: Vaswani et al., "Attention is all you need", NIPS 2017, arXiv 1706.03762

Sizes:
    n_x: features
    n_k: features of a key
    n_v: features of a value
    n_t: positions
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_q: np.ndarray  # [n_k, n_x]
    W_k: np.ndarray  # [n_k, n_x]
    W_v: np.ndarray  # [n_v, n_x]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: np.ndarray  # [n_x, n_t]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    y: np.ndarray  # [n_v, n_t]
    weights: np.ndarray  # [n_t, n_t]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    x: np.ndarray  # [n_x, n_t]
    q: np.ndarray  # [n_k, n_t]
    k: np.ndarray  # [n_k, n_t]
    v: np.ndarray  # [n_v, n_t]
    weights: np.ndarray  # [n_t, n_t]


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


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) divided by its sum along an axis; the largest element is taken off first against overflow."""
    z = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return z / np.sum(z, axis=axis, keepdims=True)


def init_parameters(
    rng: np.random.Generator,
    *,
    n_x: int,
    n_k: int,
    n_v: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        W_q=_glorot(rng, (n_k, n_x), dtype),
        W_k=_glorot(rng, (n_k, n_x), dtype),
        W_v=_glorot(rng, (n_v, n_x), dtype),
    )


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. q = W_q @ x
    2. k = W_k @ x
    3. v = W_v @ x
    4. weights = softmax(k.T @ q / sqrt(n_k), axis=0)
    5. y = v @ weights
    """
    W_q, W_k, W_v = parameters
    (x,) = inputs
    n_k = W_q.shape[0]  # features of a key

    # 1. q = W_q @ x
    q = W_q @ x

    # 2. k = W_k @ x
    k = W_k @ x

    # 3. v = W_v @ x
    v = W_v @ x

    # 4. weights = softmax(k.T @ q / sqrt(n_k), axis=0)
    weights = softmax(k.T @ q / float(np.sqrt(n_k)), axis=0)

    # 5. y = v @ weights
    y = v @ weights

    return Outputs(y=y, weights=weights), Residuals(x=x, q=q, k=k, v=v, weights=weights)


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    x, q, k, v, weights = residuals
    W_q, W_k, W_v = parameters
    n_t = x.shape[1]  # positions
    n_k = q.shape[0]  # features of a key
    n_v = v.shape[0]  # features of a value
    dtype = _dtype(parameters, residuals, d_outputs)

    # the cotangents handed in; None counts as zero
    dy = _cotangent("d_outputs.y", d_outputs.y, (n_v, n_t), dtype)
    dweights_output = _cotangent("d_outputs.weights", d_outputs.weights, (n_t, n_t), dtype)

    # 5. y = v @ weights
    dv = dy @ weights.T    # matrix product
    dweights_y = v.T @ dy  # matrix product

    # 4. weights = softmax(k.T @ q / sqrt(n_k), axis=0)
    dweights = dweights_output + dweights_y                  # split: the sum over its uses
    dweights_divide = weights * (dweights - np.sum(dweights * weights, axis=0, keepdims=True))  # softmax
    dweights_matmul = dweights_divide / float(np.sqrt(n_k))  # quotient
    dq = k @ dweights_matmul                                 # matrix product
    dk = q @ dweights_matmul.T                               # transpose

    # 3. v = W_v @ x
    dW_v = dv @ x.T    # matrix product
    dx_v = W_v.T @ dv  # matrix product

    # 2. k = W_k @ x
    dW_k = dk @ x.T    # matrix product
    dx_k = W_k.T @ dk  # matrix product

    # 1. q = W_q @ x
    dW_q = dq @ x.T          # matrix product
    dx_q = W_q.T @ dq        # matrix product
    dx = dx_v + dx_k + dx_q  # split: the sum over its uses

    return Gradients(Parameters(W_q=dW_q, W_k=dW_k, W_v=dW_v), Inputs(x=dx))
