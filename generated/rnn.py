# Made by graphgen 0.1.0 -O2 from rnn.yaml (sha256 221a48b8ac2ebe10).
# Do not edit: change the spec and build again.
"""The plain recurrent cell: the new hidden state is tanh of a weighted sum of the input and the old
one. The simplest cell there is, and the one whose gradients vanish or explode; every gated cell is
an answer to that.

Source: Elman, "Finding structure in time", 1990; torch.nn.RNNCell has its two biases added to one
here

Sizes:
    n_x: input features
    n_h: hidden units
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W: np.ndarray  # [n_h, n_x]
    U: np.ndarray  # [n_h, n_h]
    b: np.ndarray  # [n_h, 1]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: np.ndarray  # [n_x, m]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    h: np.ndarray  # [n_h, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    h: np.ndarray  # [n_h, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    x: np.ndarray  # [n_x, m]
    h_prev: np.ndarray  # [n_h, m]
    h: np.ndarray  # [n_h, m]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: np.ndarray  # [T*m, n_x]
    h_steps: np.ndarray  # [T, m, n_h]
    h_prev_steps: np.ndarray  # [T, m, n_h]


class Workspace:
    """Room that calls share: hand one to every call, and calls of the same sizes allocate only what they return.

    It serves one call at a time.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of a name, with whatever the last call left in it."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array


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


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Orthonormal rows or columns, whichever are fewer (Saxe, McClelland and Ganguli, 2014)."""
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    q = q * np.sign(np.diagonal(r))
    return (q if shape == (rows, columns) else q.T).astype(dtype)


def init_parameters(
    rng: np.random.Generator,
    *,
    n_x: int,
    n_h: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        W=_glorot(rng, (n_h, n_x), dtype),
        U=_orthogonal(rng, (n_h, n_h), dtype),
        b=np.zeros((n_h, 1), dtype),
    )


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(h=np.zeros((n_h, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. h = tanh(W @ x + U @ h_prev + b)
    """
    W, U, b = parameters
    (x,) = inputs
    (h_prev,) = state

    # 1. h = tanh(W @ x + U @ h_prev + b)
    h = np.tanh(W @ x + U @ h_prev + b)

    return Outputs(h=h), State(h=h), Residuals(x=x, h_prev=h_prev, h=h)


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
    d_state: State | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_state = State(None) if d_state is None else d_state
    x, h_prev, h = residuals
    W, U = parameters.W, parameters.U
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units
    dtype = _dtype(parameters, residuals, d_outputs, d_state)

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent("d_outputs.h", d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent("d_state.h", d_state.h, (n_h, m), dtype)

    # 1. h = tanh(W @ x + U @ h_prev + b)
    dh = dh_output + dh_state                   # split: the sum over its uses
    dh_add = dh * (1 - h * h)                   # tanh
    db = np.sum(dh_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dU = dh_add @ h_prev.T                      # matrix product
    dh_prev = U.T @ dh_add                      # matrix product
    dW = dh_add @ x.T                           # matrix product
    dx = W.T @ dh_add                           # matrix product

    return Gradients(Parameters(W=dW, U=dU, b=db), Inputs(x=dx), State(h=dh_prev))


def forward_sequence(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    workspace: Workspace | None = None,
) -> tuple[Outputs, State, SequenceResiduals]:
    """T steps: the outputs of every step, the final state and the residuals.

    Every input has a leading axis of T steps, and so has every output.
    """
    W, U, b = parameters
    n_h, n_x = W.shape     # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, inputs, state)

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    matmul_rows = workspace.array("forward.matmul_rows", (T, m, n_h), dtype)
    np.matmul(x_rows, W.T, out=np.reshape(matmul_rows, (T * m, n_h)))
    np.add(matmul_rows, b.T, out=matmul_rows)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = np.empty((T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    work = workspace.array("forward.work", (m, n_h), dtype)
    for t in range(T):
        add_2 = matmul_rows[t]
        h_prev = h_states[t]

        # 1. h = tanh(W @ x + U @ h_prev + b)
        np.matmul(h_prev, U.T, out=work)
        np.add(add_2, work, out=work)
        np.tanh(work, out=h_states[t + 1])  # h

    h_final = h_states[-1].copy().T
    h_steps_3 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_3),
        State(h=h_final),
        SequenceResiduals(x_rows=x_rows, h_steps=h_states[1:], h_prev_steps=h_states[:-1]),
    )


def backward_sequence(
    parameters: Parameters,
    residuals: SequenceResiduals,
    d_outputs: Outputs | None = None,
    d_final: State | None = None,
    workspace: Workspace | None = None,
) -> Gradients:
    """Backpropagation through T steps: the gradients of parameters, inputs and initial state.

    The cotangents in d_outputs have a leading axis of T steps, and so have the gradients of
    the inputs; d_final is for the final state.  A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None) if d_final is None else d_final
    x_rows, h_steps, h_prev_steps = residuals
    W, U = parameters.W, parameters.U
    n_x = x_rows.shape[1]      # input features
    T, m, n_h = h_steps.shape  # steps, batch, hidden units
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, residuals, d_outputs, d_final)

    # the cotangents handed in; None counts as zero
    dh_steps = _cotangent("d_outputs.h", d_outputs.h, (T, n_h, m), dtype)
    dh = _cotangent("d_final.h", d_final.h, (n_h, m), dtype)

    dh_steps_2 = workspace.array("backward.dh_steps_2", (T, m, n_h), dtype)
    dh_steps_2[...] = np.swapaxes(dh_steps, -1, -2)  # transpose
    dh_steps_2_2 = dh.T                              # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dh_state = np.array(dh_steps_2_2, dtype)
    dh_add_steps = workspace.array("backward.dh_add_steps", (T, m, n_h), dtype)
    work = workspace.array("backward.work", (m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        h = h_steps[t]

        # 1. h = tanh(W @ x + U @ h_prev + b)
        dh_2 = np.add(dh_state, dh_output, out=dh_state)       # split: the sum over its uses
        np.multiply(h, h, out=work)
        np.subtract(1, work, out=work)
        dh_add = np.multiply(dh_2, work, out=dh_add_steps[t])  # tanh
        np.matmul(dh_add, U, out=dh_state)                     # dh_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dh_add_steps, (T * m, n_h))
    dU = dmatmul.T @ np.reshape(h_prev_steps, (T * m, n_h))  # transpose
    db_T = np.expand_dims(np.sum(dh_add_steps, axis=(0, 1)), 0)  # addition, summed where it was broadcast
    db = db_T.T                                              # transpose
    dx_rows = dmatmul @ W                                    # matrix product
    dW = dmatmul.T @ x_rows                                  # transpose
    dx_T = np.reshape(dx_rows, (T, m, n_x))                  # reshape
    dx_steps = np.swapaxes(dx_T, -1, -2)                     # transpose
    dh_prev_2 = dh_state.T                                   # transpose

    return Gradients(Parameters(W=dW, U=dU, b=db), Inputs(x=dx_steps), State(h=dh_prev_2))
