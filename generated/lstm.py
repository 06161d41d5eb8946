# Made by graphgen 0.1.0 -O1 from lstm.yaml (sha256 02a81c6079dbc310).
# Do not edit: change the spec and build again.
"""Long short-term memory, its three gates fused in one matrix: the first n_a rows of W_g make the
input gate, the next n_a the forget gate, the last n_a the output gate.

Source: Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000; fused as in Mukul
Rathi's "Backpropagation through, well, anything!", 2018

Sizes:
    n_x: input features
    n_a: hidden units
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_g: np.ndarray  # [3*n_a, n_a + n_x]
    b_g: np.ndarray  # [3*n_a, 1]
    W_c: np.ndarray  # [n_a, n_a + n_x]
    b_c: np.ndarray  # [n_a, 1]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: np.ndarray  # [n_x, m]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    a: np.ndarray  # [n_a, m]
    c: np.ndarray  # [n_a, m]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    a: np.ndarray  # [n_a, m]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    c_prev: np.ndarray  # [n_a, m]
    xc: np.ndarray  # [n_a + n_x, m]
    gate: np.ndarray  # [3*n_a, m]
    c_hat: np.ndarray  # [n_a, m]
    tanh_c: np.ndarray  # [n_a, m]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    c_prev_steps: np.ndarray  # [T, n_a, m]
    xc_steps: np.ndarray  # [T, n_a + n_x, m]
    gate_steps: np.ndarray  # [T, 3*n_a, m]
    c_hat_steps: np.ndarray  # [T, n_a, m]
    tanh_c_steps: np.ndarray  # [T, n_a, m]


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


def init_parameters(
    rng: np.random.Generator,
    *,
    n_x: int,
    n_a: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        W_g=_glorot(rng, (3 * n_a, n_a + n_x), dtype),
        b_g=np.zeros((3 * n_a, 1), dtype),
        W_c=_glorot(rng, (n_a, n_a + n_x), dtype),
        b_c=np.zeros((n_a, 1), dtype),
    )


def zero_state(*, n_a: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(a=np.zeros((n_a, m), dtype), c=np.zeros((n_a, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. xc = concat(a_prev, x)
    2. gate = sigmoid(W_g @ xc + b_g)
    3. c_hat = tanh(W_c @ xc + b_c)
    4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
    5. a = gate[2*n_a:] * tanh(c)
    """
    W_g, b_g, W_c, b_c = parameters
    (x,) = inputs
    a_prev, c_prev = state
    n_a = W_c.shape[0]  # hidden units

    # 1. xc = concat(a_prev, x)
    xc = np.concatenate([a_prev, x], axis=0)

    # 2. gate = sigmoid(W_g @ xc + b_g)
    gate = sigmoid(W_g @ xc + b_g)

    # 3. c_hat = tanh(W_c @ xc + b_c)
    c_hat = np.tanh(W_c @ xc + b_c)

    # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
    c = gate[:n_a] * c_hat + gate[n_a:2 * n_a] * c_prev

    # 5. a = gate[2*n_a:] * tanh(c)
    tanh_c = np.tanh(c)
    a = gate[2 * n_a:] * tanh_c

    return (
        Outputs(a=a),
        State(a=a, c=c),
        Residuals(c_prev=c_prev, xc=xc, gate=gate, c_hat=c_hat, tanh_c=tanh_c),
    )


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
    d_state = State(None, None) if d_state is None else d_state
    c_prev, xc, gate, c_hat, tanh_c = residuals
    W_g, W_c = parameters.W_g, parameters.W_c
    n_a, m = c_prev.shape  # hidden units, batch
    dtype = _dtype(parameters, residuals, d_outputs, d_state)

    # the cotangents handed in; None counts as zero
    da_output = _cotangent("d_outputs.a", d_outputs.a, (n_a, m), dtype)
    da_state = _cotangent("d_state.a", d_state.a, (n_a, m), dtype)
    dc_state = _cotangent("d_state.c", d_state.c, (n_a, m), dtype)

    # 5. a = gate[2*n_a:] * tanh(c)
    da = da_output + da_state               # split: the sum over its uses
    dgate_3 = da * tanh_c                   # hadamard
    dtanh_c = da * gate[2 * n_a:]           # hadamard
    dc_a = dtanh_c * (1 - tanh_c * tanh_c)  # tanh

    # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
    dc = dc_state + dc_a              # split: the sum over its uses
    dgate_2 = dc * c_prev             # hadamard
    dc_prev = dc * gate[n_a:2 * n_a]  # hadamard
    dgate_1 = dc * c_hat              # hadamard
    dc_hat = dc * gate[:n_a]          # hadamard

    # 3. c_hat = tanh(W_c @ xc + b_c)
    dc_hat_add = dc_hat * (1 - c_hat * c_hat)         # tanh
    db_c = np.sum(dc_hat_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW_c = dc_hat_add @ xc.T                          # matrix product
    dxc_c_hat = W_c.T @ dc_hat_add                    # matrix product

    # 2. gate = sigmoid(W_g @ xc + b_g)
    dgate = np.concatenate([dgate_1, dgate_2, dgate_3], axis=0)  # split: side by side
    dgate_add = dgate * (gate * (1 - gate))          # sigmoid
    db_g = np.sum(dgate_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW_g = dgate_add @ xc.T                          # matrix product
    dxc_gate = W_g.T @ dgate_add                     # matrix product

    # 1. xc = concat(a_prev, x)
    dxc = dxc_c_hat + dxc_gate  # split: the sum over its uses
    da_prev = dxc[:n_a]         # concat
    dx = dxc[n_a:]              # concat

    return Gradients(
        Parameters(W_g=dW_g, b_g=db_g, W_c=dW_c, b_c=db_c),
        Inputs(x=dx),
        State(a=da_prev, c=dc_prev),
    )


def forward_sequence(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
) -> tuple[Outputs, State, SequenceResiduals]:
    """T steps: the outputs of every step, the final state and the residuals.

    Every input has a leading axis of T steps, and so has every output.
    """
    W_g, b_g, W_c, b_c = parameters
    a_prev, c_prev = state
    n_a = W_c.shape[0]          # hidden units
    T, n_x, m = inputs.x.shape  # steps, input features, batch
    dtype = _dtype(parameters, inputs, state)

    a_steps = np.empty((T, n_a, m), dtype)
    c_prev_steps = np.empty((T, n_a, m), dtype)
    xc_steps = np.empty((T, n_a + n_x, m), dtype)
    gate_steps = np.empty((T, 3 * n_a, m), dtype)
    c_hat_steps = np.empty((T, n_a, m), dtype)
    tanh_c_steps = np.empty((T, n_a, m), dtype)
    for t in range(T):
        x = inputs.x[t]

        # 1. xc = concat(a_prev, x)
        xc = np.concatenate([a_prev, x], axis=0)

        # 2. gate = sigmoid(W_g @ xc + b_g)
        gate = sigmoid(W_g @ xc + b_g)

        # 3. c_hat = tanh(W_c @ xc + b_c)
        c_hat = np.tanh(W_c @ xc + b_c)

        # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        c = gate[:n_a] * c_hat + gate[n_a:2 * n_a] * c_prev

        # 5. a = gate[2*n_a:] * tanh(c)
        tanh_c = np.tanh(c)
        a = gate[2 * n_a:] * tanh_c

        # of this step: what is kept, and what the next one starts from
        a_steps[t] = a
        c_prev_steps[t] = c_prev
        xc_steps[t] = xc
        gate_steps[t] = gate
        c_hat_steps[t] = c_hat
        tanh_c_steps[t] = tanh_c
        a_prev, c_prev = a, c

    return (
        Outputs(a=a_steps),
        State(a=a_prev, c=c_prev),
        SequenceResiduals(
            c_prev_steps=c_prev_steps, xc_steps=xc_steps, gate_steps=gate_steps, c_hat_steps=c_hat_steps,
            tanh_c_steps=tanh_c_steps,
        ),
    )


def backward_sequence(
    parameters: Parameters,
    residuals: SequenceResiduals,
    d_outputs: Outputs | None = None,
    d_final: State | None = None,
) -> Gradients:
    """Backpropagation through T steps: the gradients of parameters, inputs and initial state.

    The cotangents in d_outputs have a leading axis of T steps, and so have the gradients of
    the inputs; d_final is for the final state.  A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    c_prev_steps, xc_steps, gate_steps, c_hat_steps, tanh_c_steps = residuals
    W_g, W_c = parameters.W_g, parameters.W_c
    T, n_a, m = c_prev_steps.shape  # steps, hidden units, batch
    n_x = xc_steps.shape[1] - n_a   # input features
    dtype = _dtype(parameters, residuals, d_outputs, d_final)

    # the cotangents handed in; None counts as zero
    da_steps = _cotangent("d_outputs.a", d_outputs.a, (T, n_a, m), dtype)
    da = _cotangent("d_final.a", d_final.a, (n_a, m), dtype)
    dc = _cotangent("d_final.c", d_final.c, (n_a, m), dtype)

    dW_g = np.zeros((3 * n_a, n_a + n_x), dtype)
    db_g = np.zeros((3 * n_a, 1), dtype)
    dW_c = np.zeros((n_a, n_a + n_x), dtype)
    db_c = np.zeros((n_a, 1), dtype)
    dx_steps = np.empty((T, n_x, m), dtype)
    for t in reversed(range(T)):
        da_output = da_steps[t]
        c_prev = c_prev_steps[t]
        xc = xc_steps[t]
        gate = gate_steps[t]
        c_hat = c_hat_steps[t]
        tanh_c = tanh_c_steps[t]

        # 5. a = gate[2*n_a:] * tanh(c)
        da = da + da_output                     # split: the sum over its uses
        dgate_3 = da * tanh_c                   # hadamard
        dtanh_c = da * gate[2 * n_a:]           # hadamard
        dc_a = dtanh_c * (1 - tanh_c * tanh_c)  # tanh

        # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dc = dc + dc_a                    # split: the sum over its uses
        dgate_2 = dc * c_prev             # hadamard
        dc_prev = dc * gate[n_a:2 * n_a]  # hadamard
        dgate_1 = dc * c_hat              # hadamard
        dc_hat = dc * gate[:n_a]          # hadamard

        # 3. c_hat = tanh(W_c @ xc + b_c)
        dc_hat_add = dc_hat * (1 - c_hat * c_hat)          # tanh
        db_c += np.sum(dc_hat_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
        dW_c += dc_hat_add @ xc.T                          # matrix product
        dxc_c_hat = W_c.T @ dc_hat_add                     # matrix product

        # 2. gate = sigmoid(W_g @ xc + b_g)
        dgate = np.concatenate([dgate_1, dgate_2, dgate_3], axis=0)  # split: side by side
        dgate_add = dgate * (gate * (1 - gate))           # sigmoid
        db_g += np.sum(dgate_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
        dW_g += dgate_add @ xc.T                          # matrix product
        dxc_gate = W_g.T @ dgate_add                      # matrix product

        # 1. xc = concat(a_prev, x)
        dxc = dxc_c_hat + dxc_gate  # split: the sum over its uses
        da_prev = dxc[:n_a]         # concat
        dx = dxc[n_a:]              # concat

        # of this step: what is kept, and what the next one starts from
        dx_steps[t] = dx
        da, dc = da_prev, dc_prev

    return Gradients(
        Parameters(W_g=dW_g, b_g=db_g, W_c=dW_c, b_c=db_c),
        Inputs(x=dx_steps),
        State(a=da, c=dc),
    )
