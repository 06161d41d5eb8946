# Made by graphgen 0.1.0 -O2 from slstm.yaml (sha256 4b75362c868ccdee).
# Do not edit: change the spec and build again.
"""The scalar LSTM of xLSTM: the input gate is an exponential, so a new input can outweigh everything
remembered, and a normaliser n, the sum of the weights given, divides the memory again. The
stabiliser s keeps the exponents small; it scales c and n alike and drops out of h. The paper calls
it m and has a recurrent matrix for every head, here one.

Source: Beck et al., "xLSTM, extended long short-term memory", NeurIPS 2024, arXiv 2405.04517;
forget gate a sigmoid

Sizes:
    n_x: input features
    n_h: hidden units
    m: batch
"""

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_i: np.ndarray  # [n_h, n_x]
    R_i: np.ndarray  # [n_h, n_h]
    b_i: np.ndarray  # [n_h, 1]
    W_f: np.ndarray  # [n_h, n_x]
    R_f: np.ndarray  # [n_h, n_h]
    b_f: np.ndarray  # [n_h, 1]
    W_z: np.ndarray  # [n_h, n_x]
    R_z: np.ndarray  # [n_h, n_h]
    b_z: np.ndarray  # [n_h, 1]
    W_o: np.ndarray  # [n_h, n_x]
    R_o: np.ndarray  # [n_h, n_h]
    b_o: np.ndarray  # [n_h, 1]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: np.ndarray  # [n_x, m]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    h: np.ndarray  # [n_h, m]
    c: np.ndarray  # [n_h, m]
    n: np.ndarray  # [n_h, m]
    s: np.ndarray  # [n_h, m]


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
    c_prev: np.ndarray  # [n_h, m]
    n_prev: np.ndarray  # [n_h, m]
    log_i: np.ndarray  # [n_h, m]
    log_f_add: np.ndarray  # [n_h, m]
    z: np.ndarray  # [n_h, m]
    o: np.ndarray  # [n_h, m]
    s_add: np.ndarray  # [n_h, m]
    i: np.ndarray  # [n_h, m]
    f: np.ndarray  # [n_h, m]
    h: np.ndarray  # [n_h, m]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: np.ndarray  # [T*m, n_x]
    W_packed: np.ndarray  # [4*n_h, n_x]
    R_packed: np.ndarray  # [4*n_h, n_h]
    h_steps: np.ndarray  # [T, m, n_h]
    c_prev_steps: np.ndarray  # [T, m, n_h]
    n_prev_steps: np.ndarray  # [T, m, n_h]
    s_prev_steps: np.ndarray  # [T, m, n_h]
    log_i_steps: np.ndarray  # [T, m, n_h]
    log_f_slice_steps: np.ndarray  # [T, m, n_h]
    log_f_steps: np.ndarray  # [T, m, n_h]
    z_steps: np.ndarray  # [T, m, n_h]
    o_steps: np.ndarray  # [T, m, n_h]
    i_steps: np.ndarray  # [T, m, n_h]
    f_steps: np.ndarray  # [T, m, n_h]
    c_steps: np.ndarray  # [T, m, n_h]
    n_steps: np.ndarray  # [T, m, n_h]
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


def init_parameters(
    rng: np.random.Generator,
    *,
    n_x: int,
    n_h: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        W_i=_glorot(rng, (n_h, n_x), dtype),
        R_i=_orthogonal(rng, (n_h, n_h), dtype),
        b_i=np.zeros((n_h, 1), dtype),
        W_f=_glorot(rng, (n_h, n_x), dtype),
        R_f=_orthogonal(rng, (n_h, n_h), dtype),
        b_f=np.zeros((n_h, 1), dtype),
        W_z=_glorot(rng, (n_h, n_x), dtype),
        R_z=_orthogonal(rng, (n_h, n_h), dtype),
        b_z=np.zeros((n_h, 1), dtype),
        W_o=_glorot(rng, (n_h, n_x), dtype),
        R_o=_orthogonal(rng, (n_h, n_h), dtype),
        b_o=np.zeros((n_h, 1), dtype),
    )


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(
        h=np.zeros((n_h, m), dtype),
        c=np.zeros((n_h, m), dtype),
        n=np.zeros((n_h, m), dtype),
        s=np.zeros((n_h, m), dtype),
    )


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. log_i = W_i @ x + R_i @ h_prev + b_i
    2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
    3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
    4. o = sigmoid(W_o @ x + R_o @ h_prev + b_o)
    5. s = maximum(log_f + s_prev, log_i)
    6. i = exp(log_i - s)
    7. f = exp(log_f + s_prev - s)
    8. c = f * c_prev + i * z
    9. n = f * n_prev + i
    10. h = o * c / n
    """
    W_i, R_i, b_i, W_f, R_f, b_f, W_z, R_z, b_z, W_o, R_o, b_o = parameters
    (x,) = inputs
    h_prev, c_prev, n_prev, s_prev = state

    # 1. log_i = W_i @ x + R_i @ h_prev + b_i
    log_i = W_i @ x + R_i @ h_prev + b_i

    # 2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
    log_f_add = W_f @ x + R_f @ h_prev + b_f
    log_f = log_sigmoid(log_f_add)

    # 3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
    z = np.tanh(W_z @ x + R_z @ h_prev + b_z)

    # 4. o = sigmoid(W_o @ x + R_o @ h_prev + b_o)
    o = sigmoid(W_o @ x + R_o @ h_prev + b_o)

    # 5. s = maximum(log_f + s_prev, log_i)
    s_add = log_f + s_prev
    s = np.maximum(s_add, log_i)

    # 6. i = exp(log_i - s)
    i = np.exp(log_i - s)

    # 7. f = exp(log_f + s_prev - s)
    f = np.exp(s_add - s)

    # 8. c = f * c_prev + i * z
    c = f * c_prev + i * z

    # 9. n = f * n_prev + i
    n = f * n_prev + i

    # 10. h = o * c / n
    h = o * c / n

    return (
        Outputs(h=h),
        State(h=h, c=c, n=n, s=s),
        Residuals(
            x=x, h_prev=h_prev, c_prev=c_prev, n_prev=n_prev, log_i=log_i, log_f_add=log_f_add, z=z, o=o,
            s_add=s_add, i=i, f=f, h=h,
        ),
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
    d_state = State(None, None, None, None) if d_state is None else d_state
    x, h_prev, c_prev, n_prev, log_i, log_f_add, z, o, s_add, i, f, h = residuals
    W_i = parameters.W_i
    R_i = parameters.R_i
    W_f = parameters.W_f
    R_f = parameters.R_f
    W_z = parameters.W_z
    R_z = parameters.R_z
    W_o = parameters.W_o
    R_o = parameters.R_o
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units
    dtype = _dtype(parameters, residuals, d_outputs, d_state)

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent("d_outputs.h", d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent("d_state.h", d_state.h, (n_h, m), dtype)
    dc_state = _cotangent("d_state.c", d_state.c, (n_h, m), dtype)
    dn_state = _cotangent("d_state.n", d_state.n, (n_h, m), dtype)
    ds_state = _cotangent("d_state.s", d_state.s, (n_h, m), dtype)

    # 10. h = o * c / n
    dh = dh_output + dh_state                # split: the sum over its uses
    n = f * n_prev + i
    dh_multiply = dh / n                     # quotient
    dn_h = -dh * h / n                       # quotient
    do = dh_multiply * (f * c_prev + i * z)  # hadamard
    dc_h = dh_multiply * o                   # hadamard

    # 9. n = f * n_prev + i
    dn = dn_state + dn_h  # split: the sum over its uses
    df_n = dn * n_prev    # hadamard
    dn_prev = dn * f      # hadamard

    # 8. c = f * c_prev + i * z
    dc = dc_state + dc_h  # split: the sum over its uses
    di_c = dc * z         # hadamard
    dz = dc * i           # hadamard
    df_c = dc * c_prev    # hadamard
    dc_prev = dc * f      # hadamard

    # 7. f = exp(log_f + s_prev - s)
    df = df_n + df_c      # split: the sum over its uses
    df_subtract = df * f  # exp

    # 6. i = exp(log_i - s)
    di = dn + di_c        # split: the sum over its uses
    di_subtract = di * i  # exp

    # 5. s = maximum(log_f + s_prev, log_i)
    ds = ds_state - df_subtract - di_subtract  # split: the sum over its uses
    ds_less = s_add < log_i
    ds_divide = ds / 2
    ds_greater = s_add > log_i
    ds_add_s = np.where(ds_greater, ds, np.where(ds_less, 0, ds_divide))  # maximum
    dlog_i_s = np.where(ds_less, ds, np.where(ds_greater, 0, ds_divide))  # maximum
    ds_add = df_subtract + ds_add_s            # split: the sum over its uses

    # 4. o = sigmoid(W_o @ x + R_o @ h_prev + b_o)
    do_add = do * (o * (1 - o))                   # sigmoid
    db_o = np.sum(do_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dR_o = do_add @ h_prev.T                      # matrix product
    dh_prev_o = R_o.T @ do_add                    # matrix product
    dW_o = do_add @ x.T                           # matrix product
    dx_o = W_o.T @ do_add                         # matrix product

    # 3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
    dz_add = dz * (1 - z * z)                     # tanh
    db_z = np.sum(dz_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dR_z = dz_add @ h_prev.T                      # matrix product
    dh_prev_z = R_z.T @ dz_add                    # matrix product
    dW_z = dz_add @ x.T                           # matrix product
    dx_z = W_z.T @ dz_add                         # matrix product

    # 2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
    dlog_f_add = ds_add * sigmoid(-log_f_add)         # log_sigmoid
    db_f = np.sum(dlog_f_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dR_f = dlog_f_add @ h_prev.T                      # matrix product
    dh_prev_log_f = R_f.T @ dlog_f_add                # matrix product
    dW_f = dlog_f_add @ x.T                           # matrix product
    dx_log_f = W_f.T @ dlog_f_add                     # matrix product

    # 1. log_i = W_i @ x + R_i @ h_prev + b_i
    dlog_i = di_subtract + dlog_i_s               # split: the sum over its uses
    db_i = np.sum(dlog_i, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dR_i = dlog_i @ h_prev.T                      # matrix product
    dh_prev_log_i = R_i.T @ dlog_i                # matrix product
    dW_i = dlog_i @ x.T                           # matrix product
    dx_log_i = W_i.T @ dlog_i                     # matrix product
    dh_prev = dh_prev_o + dh_prev_z + dh_prev_log_f + dh_prev_log_i  # split: the sum over its uses
    dx = dx_o + dx_z + dx_log_f + dx_log_i        # split: the sum over its uses

    return Gradients(
        Parameters(
            W_i=dW_i, R_i=dR_i, b_i=db_i, W_f=dW_f, R_f=dR_f, b_f=db_f, W_z=dW_z, R_z=dR_z, b_z=db_z,
            W_o=dW_o, R_o=dR_o, b_o=db_o,
        ),
        Inputs(x=dx),
        State(h=dh_prev, c=dc_prev, n=dn_prev, s=ds_add),
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
    W_i, R_i, b_i, W_f, R_f, b_f, W_z, R_z, b_z, W_o, R_o, b_o = parameters
    n_h, n_x = W_i.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, inputs, state)

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = np.concatenate([W_i, W_f, W_z, W_o], axis=0)
    x_W = workspace.array("forward.x_W", (T, m, 4 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(x_W, (T * m, 4 * n_h)))
    np.add(x_W, np.concatenate([b_i, b_f, b_z, b_o], axis=0).T, out=x_W)

    # once for all steps: the same at each
    R_packed = np.concatenate([R_i, R_f, R_z, R_o], axis=0)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = np.empty((T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    c_states = np.empty((T + 1, m, n_h), dtype)
    c_states[0] = state.c.T
    n_states = np.empty((T + 1, m, n_h), dtype)
    n_states[0] = state.n.T
    s_states = np.empty((T + 1, m, n_h), dtype)
    s_states[0] = state.s.T
    log_i_steps, log_f_slice_steps = np.empty((2, T, m, n_h), dtype)
    log_f_steps, z_steps, o_steps, i_steps = np.empty((4, T, m, n_h), dtype)
    f_steps = np.empty((T, m, n_h), dtype)
    work = workspace.array("forward.work", (m, 4 * n_h), dtype)
    work_2, work_3 = workspace.array("forward.work_2", (2, m, n_h), dtype)
    for t in range(T):
        add_2 = x_W[t]
        h_prev = h_states[t]
        c_prev = c_states[t]
        n_prev = n_states[t]
        s_prev = s_states[t]

        np.matmul(h_prev, R_packed.T, out=work)
        np.add(add_2, work, out=work)

        # 1. log_i = W_i @ x + R_i @ h_prev + b_i
        log_i = work[:, :n_h]

        # 2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
        log_f_slice = work[:, n_h:2 * n_h]
        log_f = log_sigmoid(log_f_slice)

        # 3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
        z = np.tanh(work[:, 2 * n_h:3 * n_h], out=z_steps[t])

        # 4. o = sigmoid(W_o @ x + R_o @ h_prev + b_o)
        o = sigmoid_into(work[:, 3 * n_h:], o_steps[t])

        # 5. s = maximum(log_f + s_prev, log_i)
        np.add(log_f, s_prev, out=work_2)
        s = np.maximum(work_2, log_i, out=s_states[t + 1])

        # 6. i = exp(log_i - s)
        np.subtract(log_i, s, out=work_3)
        i = np.exp(work_3, out=i_steps[t])

        # 7. f = exp(log_f + s_prev - s)
        np.subtract(work_2, s, out=work_2)
        f = np.exp(work_2, out=f_steps[t])

        # 8. c = f * c_prev + i * z
        np.multiply(f, c_prev, out=work_2)
        np.multiply(i, z, out=work_3)
        c = np.add(work_2, work_3, out=c_states[t + 1])

        # 9. n = f * n_prev + i
        np.multiply(f, n_prev, out=work_2)
        n = np.add(work_2, i, out=n_states[t + 1])

        # 10. h = o * c / n
        np.multiply(o, c, out=work_2)
        np.divide(work_2, n, out=h_states[t + 1])  # h

        # of this step: what is kept, and what the next one starts from
        log_i_steps[t] = log_i
        log_f_slice_steps[t] = log_f_slice
        log_f_steps[t] = log_f

    h_final = h_states[-1].copy().T
    c_final = c_states[-1].copy().T
    n_final = n_states[-1].copy().T
    s_final = s_states[-1].copy().T
    h_steps_3 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_3),
        State(h=h_final, c=c_final, n=n_final, s=s_final),
        SequenceResiduals(
            x_rows=x_rows, W_packed=W_packed, R_packed=R_packed, h_steps=h_states[1:],
            c_prev_steps=c_states[:-1], n_prev_steps=n_states[:-1], s_prev_steps=s_states[:-1],
            log_i_steps=log_i_steps, log_f_slice_steps=log_f_slice_steps, log_f_steps=log_f_steps,
            z_steps=z_steps, o_steps=o_steps, i_steps=i_steps, f_steps=f_steps, c_steps=c_states[1:],
            n_steps=n_states[1:], h_prev_steps=h_states[:-1],
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
    d_final = State(None, None, None, None) if d_final is None else d_final
    (
        x_rows, W_packed, R_packed, h_steps, c_prev_steps, n_prev_steps, s_prev_steps, log_i_steps,
        log_f_slice_steps, log_f_steps, z_steps, o_steps, i_steps, f_steps, c_steps, n_steps, h_prev_steps,
    ) = residuals
    n_x = x_rows.shape[1]    # input features
    n_h = R_packed.shape[1]  # hidden units
    T = h_steps.shape[0]     # steps
    m = h_steps.shape[1]     # batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, residuals, d_outputs, d_final)

    # the cotangents handed in; None counts as zero
    dh_steps = _cotangent("d_outputs.h", d_outputs.h, (T, n_h, m), dtype)
    dh = _cotangent("d_final.h", d_final.h, (n_h, m), dtype)
    dc = _cotangent("d_final.c", d_final.c, (n_h, m), dtype)
    dn = _cotangent("d_final.n", d_final.n, (n_h, m), dtype)
    ds = _cotangent("d_final.s", d_final.s, (n_h, m), dtype)

    dh_steps_2 = workspace.array("backward.dh_steps_2", (T, m, n_h), dtype)
    dh_steps_2[...] = np.swapaxes(dh_steps, -1, -2)  # transpose
    ds_steps = ds.T                                  # transpose
    dn_steps_2 = dn.T                                # transpose
    dc_steps_2 = dc.T                                # transpose
    dh_steps_2_2 = dh.T                              # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dh_state = np.array(dh_steps_2_2, dtype)
    dc_state = np.array(dc_steps_2, dtype)
    dn_state = np.array(dn_steps_2, dtype)
    ds_state = np.array(ds_steps, dtype)
    dsum_steps = workspace.array("backward.dsum_steps", (T, m, 4 * n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_h), dtype)
    work_6 = workspace.array("backward.work_6", (m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        c_prev = c_prev_steps[t]
        n_prev = n_prev_steps[t]
        s_prev = s_prev_steps[t]
        log_i = log_i_steps[t]
        log_f_slice = log_f_slice_steps[t]
        log_f = log_f_steps[t]
        z = z_steps[t]
        o = o_steps[t]
        i = i_steps[t]
        f = f_steps[t]
        c = c_steps[t]
        n = n_steps[t]
        h = h_steps[t]

        # 10. h = o * c / n
        dh_2 = np.add(dh_state, dh_output, out=dh_state)  # split: the sum over its uses
        dh_multiply = np.divide(dh_2, n, out=work)        # quotient
        np.negative(dh_2, out=dh_state)
        np.multiply(dh_state, h, out=dh_state)
        dn_h = np.divide(dh_state, n, out=dh_state)       # quotient
        do = np.multiply(dh_multiply, c, out=work_2)      # hadamard
        dc_h = np.multiply(dh_multiply, o, out=work)      # hadamard

        # 9. n = f * n_prev + i
        dn_2 = np.add(dn_state, dn_h, out=dn_state)   # split: the sum over its uses
        df_n = np.multiply(dn_2, n_prev, out=work_3)  # hadamard

        # 8. c = f * c_prev + i * z
        dc_2 = np.add(dc_state, dc_h, out=dc_state)   # split: the sum over its uses
        di_c = np.multiply(dc_2, z, out=work)         # hadamard
        dz = np.multiply(dc_2, i, out=work_4)         # hadamard
        df_c = np.multiply(dc_2, c_prev, out=work_5)  # hadamard
        np.multiply(dc_2, f, out=dc_state)            # dc_prev: hadamard

        # 7. f = exp(log_f + s_prev - s)
        df = np.add(df_n, df_c, out=work_3)           # split: the sum over its uses
        df_subtract = np.multiply(df, f, out=work_3)  # exp

        # 6. i = exp(log_i - s)
        di = np.add(dn_2, di_c, out=work)  # split: the sum over its uses

        # 9. n = f * n_prev + i
        np.multiply(dn_2, f, out=dn_state)  # dn_prev: hadamard

        # 6. i = exp(log_i - s)
        di_subtract = np.multiply(di, i, out=work)  # exp
        np.subtract(ds_state, df_subtract, out=ds_state)

        # 5. s = maximum(log_f + s_prev, log_i)
        ds_2 = np.subtract(ds_state, di_subtract, out=ds_state)  # split: the sum over its uses
        np.add(log_f, s_prev, out=work_5)
        ds_less = work_5 < log_i
        np.divide(ds_2, 2, out=work_6)
        ds_greater = work_5 > log_i
        ds_add_s = np.where(ds_greater, ds_2, np.where(ds_less, 0, work_6))  # maximum
        dlog_i_s = np.where(ds_less, ds_2, np.where(ds_greater, 0, work_6))  # maximum
        ds_add = np.add(df_subtract, ds_add_s, out=ds_state)     # split: the sum over its uses

        # 4. o = sigmoid(W_o @ x + R_o @ h_prev + b_o)
        np.subtract(1, o, out=work_3)
        np.multiply(o, work_3, out=work_3)
        dsum = dsum_steps[t]
        np.multiply(do, work_3, out=dsum[:, 3 * n_h:])  # do_slice: sigmoid

        # 3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
        np.multiply(z, z, out=work_2)
        np.subtract(1, work_2, out=work_2)
        np.multiply(dz, work_2, out=dsum[:, 2 * n_h:3 * n_h])  # dz_slice: tanh

        # 2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
        np.negative(log_f_slice, out=work_2)
        sigmoid_into(work_2, work_2)
        np.multiply(ds_add, work_2, out=dsum[:, n_h:2 * n_h])  # dlog_f_slice: log_sigmoid

        # 1. log_i = W_i @ x + R_i @ h_prev + b_i
        np.add(di_subtract, dlog_i_s, out=dsum[:, :n_h])  # dlog_i: split: the sum over its uses
        np.matmul(dsum, R_packed, out=dh_state)           # dh_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsum_steps, (T * m, 4 * n_h))
    dR_packed = dmatmul.T @ np.reshape(h_prev_steps, (T * m, n_h))  # transpose
    dR_i = dR_packed[:n_h]                   # concat
    dR_f = dR_packed[n_h:2 * n_h]            # concat
    dR_z = dR_packed[2 * n_h:3 * n_h]        # concat
    dR_o = dR_packed[3 * n_h:]               # concat
    # addition, summed where it was broadcast
    db_packed_T = np.expand_dims(np.sum(dsum_steps, axis=(0, 1)), 0)
    db_packed = db_packed_T.T                # transpose
    db_i = db_packed[:n_h]                   # concat
    db_f = db_packed[n_h:2 * n_h]            # concat
    db_z = db_packed[2 * n_h:3 * n_h]        # concat
    db_o = db_packed[3 * n_h:]               # concat
    dx_rows = dmatmul @ W_packed             # matrix product
    dW_packed = dmatmul.T @ x_rows           # transpose
    dW_i = dW_packed[:n_h]                   # concat
    dW_f = dW_packed[n_h:2 * n_h]            # concat
    dW_z = dW_packed[2 * n_h:3 * n_h]        # concat
    dW_o = dW_packed[3 * n_h:]               # concat
    dx_T = np.reshape(dx_rows, (T, m, n_x))  # reshape
    dx_steps = np.swapaxes(dx_T, -1, -2)     # transpose
    ds_prev = ds_state.T                     # transpose
    dn_prev_2 = dn_state.T                   # transpose
    dc_prev_2 = dc_state.T                   # transpose
    dh_prev_2 = dh_state.T                   # transpose

    return Gradients(
        Parameters(
            W_i=dW_i, R_i=dR_i, b_i=db_i, W_f=dW_f, R_f=dR_f, b_f=db_f, W_z=dW_z, R_z=dR_z, b_z=db_z,
            W_o=dW_o, R_o=dR_o, b_o=db_o,
        ),
        Inputs(x=dx_steps),
        State(h=dh_prev_2, c=dc_prev_2, n=dn_prev_2, s=ds_prev),
    )
