# Made by graphgen 0.1.0 -O2 from lstm.yaml (sha256 02a81c6079dbc310).
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

    x_rows: np.ndarray  # [T*m, n_x]
    W_packed: np.ndarray  # [4*n_a, n_x]
    W_packed_2: np.ndarray  # [4*n_a, n_a]
    c_prev_steps: np.ndarray  # [T, m, n_a]
    gate_1_steps: np.ndarray  # [T, m, n_a]
    gate_2_steps: np.ndarray  # [T, m, n_a]
    gate_3_steps: np.ndarray  # [T, m, n_a]
    c_hat_steps: np.ndarray  # [T, m, n_a]
    c_steps: np.ndarray  # [T, m, n_a]
    a_prev_steps: np.ndarray  # [T, m, n_a]


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
    workspace: Workspace | None = None,
) -> tuple[Outputs, State, SequenceResiduals]:
    """T steps: the outputs of every step, the final state and the residuals.

    Every input has a leading axis of T steps, and so has every output.
    """
    W_g, b_g, W_c, b_c = parameters
    n_a = W_c.shape[0]          # hidden units
    T, n_x, m = inputs.x.shape  # steps, input features, batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, inputs, state)

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = np.concatenate([W_g[:, n_a:], W_c[:, n_a:]], axis=0)
    x_W = workspace.array("forward.x_W", (T, m, 4 * n_a), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(x_W, (T * m, 4 * n_a)))
    np.add(x_W, np.concatenate([b_g, b_c], axis=0).T, out=x_W)

    # once for all steps: the same at each
    W_packed_2 = np.concatenate([W_g[:, :n_a], W_c[:, :n_a]], axis=0)

    # room for every step and for one; the workspace's is written again by the next call
    a_states = np.empty((T + 1, m, n_a), dtype)
    a_states[0] = state.a.T
    c_states = np.empty((T + 1, m, n_a), dtype)
    c_states[0] = state.c.T
    gate_1_steps, gate_2_steps = np.empty((2, T, m, n_a), dtype)
    gate_3_steps, c_hat_steps = np.empty((2, T, m, n_a), dtype)
    work = workspace.array("forward.work", (m, 4 * n_a), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_a), dtype)
    for t in range(T):
        add_2 = x_W[t]
        a_prev = a_states[t]
        c_prev = c_states[t]

        np.matmul(a_prev, W_packed_2.T, out=work)
        np.add(add_2, work, out=work)

        # 2. gate = sigmoid(W_g @ xc + b_g)
        gate_1 = sigmoid_into(work[:, :n_a], gate_1_steps[t])
        gate_2 = sigmoid_into(work[:, n_a:2 * n_a], gate_2_steps[t])
        gate_3 = sigmoid_into(work[:, 2 * n_a:3 * n_a], gate_3_steps[t])

        # 3. c_hat = tanh(W_c @ xc + b_c)
        c_hat = np.tanh(work[:, 3 * n_a:], out=c_hat_steps[t])

        # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        np.multiply(gate_1, c_hat, out=work_2)
        np.multiply(gate_2, c_prev, out=work_3)
        c = np.add(work_2, work_3, out=c_states[t + 1])

        # 5. a = gate[2*n_a:] * tanh(c)
        np.tanh(c, out=work_2)
        np.multiply(gate_3, work_2, out=a_states[t + 1])  # a

    a_final = a_states[-1].copy().T
    c_final = c_states[-1].copy().T
    a_steps_3 = np.swapaxes(a_states[1:], -1, -2)

    return (
        Outputs(a=a_steps_3),
        State(a=a_final, c=c_final),
        SequenceResiduals(
            x_rows=x_rows, W_packed=W_packed, W_packed_2=W_packed_2, c_prev_steps=c_states[:-1],
            gate_1_steps=gate_1_steps, gate_2_steps=gate_2_steps, gate_3_steps=gate_3_steps,
            c_hat_steps=c_hat_steps, c_steps=c_states[1:], a_prev_steps=a_states[:-1],
        ),
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
    d_final = State(None, None) if d_final is None else d_final
    (
        x_rows, W_packed, W_packed_2, c_prev_steps, gate_1_steps, gate_2_steps, gate_3_steps, c_hat_steps,
        c_steps, a_prev_steps,
    ) = residuals
    n_x = x_rows.shape[1]      # input features
    n_a = W_packed_2.shape[1]  # hidden units
    T = c_prev_steps.shape[0]  # steps
    m = c_prev_steps.shape[1]  # batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, residuals, d_outputs, d_final)

    # the cotangents handed in; None counts as zero
    da_steps = _cotangent("d_outputs.a", d_outputs.a, (T, n_a, m), dtype)
    da = _cotangent("d_final.a", d_final.a, (n_a, m), dtype)
    dc = _cotangent("d_final.c", d_final.c, (n_a, m), dtype)

    da_steps_2 = workspace.array("backward.da_steps_2", (T, m, n_a), dtype)
    da_steps_2[...] = np.swapaxes(da_steps, -1, -2)  # transpose
    dc_steps_2 = dc.T                                # transpose
    da_steps_2_2 = da.T                              # transpose

    # room for every step and for one; the workspace's is written again by the next call
    da_state = np.array(da_steps_2_2, dtype)
    dc_state = np.array(dc_steps_2, dtype)
    dsum_steps = workspace.array("backward.dsum_steps", (T, m, 4 * n_a), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_a), dtype)
    for t in reversed(range(T)):
        da_output = da_steps_2[t]
        c_prev = c_prev_steps[t]
        gate_1 = gate_1_steps[t]
        gate_2 = gate_2_steps[t]
        gate_3 = gate_3_steps[t]
        c_hat = c_hat_steps[t]
        c = c_steps[t]

        # 5. a = gate[2*n_a:] * tanh(c)
        da_2 = np.add(da_state, da_output, out=da_state)   # split: the sum over its uses
        np.tanh(c, out=work)
        dgate_3 = np.multiply(da_2, work, out=work_2)      # hadamard
        dtanh_c = np.multiply(da_2, gate_3, out=da_state)  # hadamard
        np.multiply(work, work, out=work)
        np.subtract(1, work, out=work)
        dc_a = np.multiply(dtanh_c, work, out=da_state)    # tanh

        # 4. c = gate[:n_a] * c_hat + gate[n_a:2*n_a] * c_prev
        dc_2 = np.add(dc_state, dc_a, out=dc_state)     # split: the sum over its uses
        dgate_2 = np.multiply(dc_2, c_prev, out=work)   # hadamard
        dgate_1 = np.multiply(dc_2, c_hat, out=work_3)  # hadamard
        dc_hat = np.multiply(dc_2, gate_1, out=work_4)  # hadamard
        np.multiply(dc_2, gate_2, out=dc_state)         # dc_prev: hadamard

        # 3. c_hat = tanh(W_c @ xc + b_c)
        np.multiply(c_hat, c_hat, out=work_5)
        np.subtract(1, work_5, out=work_5)
        dsum = dsum_steps[t]
        np.multiply(dc_hat, work_5, out=dsum[:, 3 * n_a:])  # dc_hat_slice: tanh

        # 2. gate = sigmoid(W_g @ xc + b_g)
        np.subtract(1, gate_3, out=work_4)
        np.multiply(gate_3, work_4, out=work_4)
        np.multiply(dgate_3, work_4, out=dsum[:, 2 * n_a:3 * n_a])  # dslice_3: sigmoid
        np.subtract(1, gate_2, out=work_2)
        np.multiply(gate_2, work_2, out=work_2)
        np.multiply(dgate_2, work_2, out=dsum[:, n_a:2 * n_a])  # dslice_2: sigmoid
        np.subtract(1, gate_1, out=work)
        np.multiply(gate_1, work, out=work)
        np.multiply(dgate_1, work, out=dsum[:, :n_a])           # dslice: sigmoid
        np.matmul(dsum, W_packed_2, out=da_state)               # da_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsum_steps, (T * m, 4 * n_a))
    dW_packed_2 = dmatmul.T @ np.reshape(a_prev_steps, (T * m, n_a))  # transpose
    dW_g_2 = dW_packed_2[:3 * n_a]                   # concat
    dW_c_2 = dW_packed_2[3 * n_a:]                   # concat
    # addition, summed where it was broadcast
    db_packed_T = np.expand_dims(np.sum(dsum_steps, axis=(0, 1)), 0)
    db_packed = db_packed_T.T                        # transpose
    db_g = db_packed[:3 * n_a]                       # concat
    db_c = db_packed[3 * n_a:]                       # concat
    dx_rows = dmatmul @ W_packed                     # matrix product
    dW_packed = dmatmul.T @ x_rows                   # transpose
    dW_g_1 = dW_packed[:3 * n_a]                     # concat
    dW_c_1 = dW_packed[3 * n_a:]                     # concat
    dx_T = np.reshape(dx_rows, (T, m, n_x))          # reshape
    dx_steps = np.swapaxes(dx_T, -1, -2)             # transpose
    dc_prev_2 = dc_state.T                           # transpose
    da_prev_2 = da_state.T                           # transpose
    dW_c = np.concatenate([dW_c_2, dW_c_1], axis=1)  # split: side by side
    dW_g = np.concatenate([dW_g_2, dW_g_1], axis=1)  # split: side by side

    return Gradients(
        Parameters(W_g=dW_g, b_g=db_g, W_c=dW_c, b_c=db_c),
        Inputs(x=dx_steps),
        State(a=da_prev_2, c=dc_prev_2),
    )
