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

import sys
from typing import Annotated, Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_i: Annotated[np.ndarray, "[n_h, n_x]"]
    R_i: Annotated[np.ndarray, "[n_h, n_h]"]
    b_i: Annotated[np.ndarray, "[n_h, 1]"]
    W_f: Annotated[np.ndarray, "[n_h, n_x]"]
    R_f: Annotated[np.ndarray, "[n_h, n_h]"]
    b_f: Annotated[np.ndarray, "[n_h, 1]"]
    W_z: Annotated[np.ndarray, "[n_h, n_x]"]
    R_z: Annotated[np.ndarray, "[n_h, n_h]"]
    b_z: Annotated[np.ndarray, "[n_h, 1]"]
    W_o: Annotated[np.ndarray, "[n_h, n_x]"]
    R_o: Annotated[np.ndarray, "[n_h, n_h]"]
    b_o: Annotated[np.ndarray, "[n_h, 1]"]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: Annotated[np.ndarray, "[n_x, m]"]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    h: Annotated[np.ndarray, "[n_h, m]"]
    c: Annotated[np.ndarray, "[n_h, m]"]
    n: Annotated[np.ndarray, "[n_h, m]"]
    s: Annotated[np.ndarray, "[n_h, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    h: Annotated[np.ndarray, "[n_h, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    x: Annotated[np.ndarray, "[n_x, m]"]
    h_prev: Annotated[np.ndarray, "[n_h, m]"]
    c_prev: Annotated[np.ndarray, "[n_h, m]"]
    n_prev: Annotated[np.ndarray, "[n_h, m]"]
    log_i: Annotated[np.ndarray, "[n_h, m]"]
    log_f_add: Annotated[np.ndarray, "[n_h, m]"]
    z: Annotated[np.ndarray, "[n_h, m]"]
    o: Annotated[np.ndarray, "[n_h, m]"]
    s_add: Annotated[np.ndarray, "[n_h, m]"]
    i: Annotated[np.ndarray, "[n_h, m]"]
    f: Annotated[np.ndarray, "[n_h, m]"]
    h: Annotated[np.ndarray, "[n_h, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: Annotated[np.ndarray, "[T*m, n_x]"]
    W_packed: Annotated[np.ndarray, "[4*n_h, n_x]"]
    R_packed: Annotated[np.ndarray, "[4*n_h, n_h]"]
    h_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    c_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    n_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    s_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    log_i_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    log_f_slice_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    log_f_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    z_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    o_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    i_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    f_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    c_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    n_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    h_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]


class Workspace:
    """Room that calls share: hand one to every call, and calls of the same sizes allocate next to nothing.

    It serves one call at a time.  What a call returns is written over only when nobody holds it any more.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._results: dict[str, list[np.ndarray]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of a name, with whatever the last call left in it."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array

    def result(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array to return: one that an earlier call returned if nobody holds it or a view of it, or a new one."""
        results = self._results.setdefault(name, [])
        for at in range(len(results)):  # by number, since a variable would hold it too
            held = sys.getrefcount(results[at]) > 2  # by more than the list, and this very call
            fits = results[at].shape == shape and results[at].dtype == dtype and results[at].flags.writeable
            if fits and not held:
                return results[at]
        results.append(np.empty(shape, dtype))
        del results[:-2]  # one that the caller still holds, and this one
        return results[-1]


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
    _FORWARD.check(parameters, inputs, state)
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
    dtype = _BACKWARD.check(parameters, residuals, d_outputs, d_state)
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

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent(d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent(d_state.h, (n_h, m), dtype)
    dc_state = _cotangent(d_state.c, (n_h, m), dtype)
    dn_state = _cotangent(d_state.n, (n_h, m), dtype)
    ds_state = _cotangent(d_state.s, (n_h, m), dtype)

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
    dtype = _FORWARD_SEQUENCE.check(parameters, inputs, state)
    W_i, R_i, b_i, W_f, R_f, b_f, W_z, R_z, b_z, W_o, R_o, b_o = parameters
    n_h, n_x = W_i.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = workspace.result("forward_sequence.W_packed", (4 * n_h, n_x), dtype)
    np.concatenate([W_i, W_f, W_z, W_o], axis=0, out=W_packed)
    x_W = workspace.array("forward_sequence.x_W", (T, m, 4 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(x_W, (T * m, 4 * n_h)))
    np.add(x_W, np.concatenate([b_i, b_f, b_z, b_o], axis=0).T, out=x_W)

    # once for all steps: the same at each
    R_packed = workspace.result("forward_sequence.R_packed", (4 * n_h, n_h), dtype)
    np.concatenate([R_i, R_f, R_z, R_o], axis=0, out=R_packed)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = workspace.result("forward_sequence.h_states", (T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    c_states = workspace.result("forward_sequence.c_states", (T + 1, m, n_h), dtype)
    c_states[0] = state.c.T
    n_states = workspace.result("forward_sequence.n_states", (T + 1, m, n_h), dtype)
    n_states[0] = state.n.T
    s_states = workspace.result("forward_sequence.s_states", (T + 1, m, n_h), dtype)
    s_states[0] = state.s.T
    log_i_steps, log_f_slice_steps, log_f_steps, z_steps, o_steps = (
        workspace.result("forward_sequence.log_i_steps", (5, T, m, n_h), dtype)
    )
    i_steps, f_steps = workspace.result("forward_sequence.i_steps", (2, T, m, n_h), dtype)
    work = workspace.array("forward_sequence.work", (m, 4 * n_h), dtype)
    work_2, work_3 = workspace.array("forward_sequence.work_2", (2, m, n_h), dtype)
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

    h_final_2 = h_states[-1].copy().T
    c_final_2 = c_states[-1].copy().T
    n_final_2 = n_states[-1].copy().T
    s_final_2 = s_states[-1].copy().T
    h_steps_2 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_2),
        State(h=h_final_2, c=c_final_2, n=n_final_2, s=s_final_2),
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
    dtype = _BACKWARD_SEQUENCE.check(parameters, residuals, d_outputs, d_final)
    (
        x_rows, W_packed, R_packed, h_steps, c_prev_steps, n_prev_steps, s_prev_steps, log_i_steps,
        log_f_slice_steps, log_f_steps, z_steps, o_steps, i_steps, f_steps, c_steps, n_steps, h_prev_steps,
    ) = residuals
    n_x = x_rows.shape[1]    # input features
    n_h = R_packed.shape[1]  # hidden units
    T = h_steps.shape[0]     # steps
    m = h_steps.shape[1]     # batch
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dh_steps = _cotangent(d_outputs.h, (T, n_h, m), dtype)
    dh = _cotangent(d_final.h, (n_h, m), dtype)
    dc = _cotangent(d_final.c, (n_h, m), dtype)
    dn = _cotangent(d_final.n, (n_h, m), dtype)
    ds = _cotangent(d_final.s, (n_h, m), dtype)

    dh_steps_2 = workspace.array("backward_sequence.dh_steps_2", (T, m, n_h), dtype)
    dh_steps_2[...] = np.swapaxes(dh_steps, -1, -2)  # transpose
    ds_final = ds.T                                  # transpose
    dn_final = dn.T                                  # transpose
    dc_final = dc.T                                  # transpose
    dh_final = dh.T                                  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dh_state = np.array(dh_final, dtype, order="C")
    dc_state = np.array(dc_final, dtype, order="C")
    dn_state = np.array(dn_final, dtype, order="C")
    ds_state = np.array(ds_final, dtype, order="C")
    dsums_steps = workspace.array("backward_sequence.dsums_steps", (T, m, 4 * n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward_sequence.work", (5, m, n_h), dtype)
    work_6 = workspace.array("backward_sequence.work_6", (m, n_h), dtype)
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
        dsums = dsums_steps[t]
        np.multiply(do, work_3, out=dsums[:, 3 * n_h:])  # do_slice: sigmoid

        # 3. z = tanh(W_z @ x + R_z @ h_prev + b_z)
        np.multiply(z, z, out=work_2)
        np.subtract(1, work_2, out=work_2)
        np.multiply(dz, work_2, out=dsums[:, 2 * n_h:3 * n_h])  # dz_slice: tanh

        # 2. log_f = log_sigmoid(W_f @ x + R_f @ h_prev + b_f)
        np.negative(log_f_slice, out=work_2)
        sigmoid_into(work_2, work_2)
        np.multiply(ds_add, work_2, out=dsums[:, n_h:2 * n_h])  # dlog_f_slice: log_sigmoid

        # 1. log_i = W_i @ x + R_i @ h_prev + b_i
        np.add(di_subtract, dlog_i_s, out=dsums[:, :n_h])  # dlog_i: split: the sum over its uses
        np.matmul(dsums, R_packed, out=dh_state)           # dh_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dsums_steps, (T * m, 4 * n_h))
    dR_packed = workspace.result("backward_sequence.dR_packed", (4 * n_h, n_h), dtype)
    np.matmul(dmatmul.T, np.reshape(h_prev_steps, (T * m, n_h)), out=dR_packed)  # transpose
    dR_i = dR_packed[:n_h]                                # concat
    dR_f = dR_packed[n_h:2 * n_h]                         # concat
    dR_z = dR_packed[2 * n_h:3 * n_h]                     # concat
    dR_o = dR_packed[3 * n_h:]                            # concat
    db_packed_T = np.sum(dsums_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed = db_packed_T.T                             # transpose
    db_i = db_packed[:n_h]                                # concat
    db_f = db_packed[n_h:2 * n_h]                         # concat
    db_z = db_packed[2 * n_h:3 * n_h]                     # concat
    db_o = db_packed[3 * n_h:]                            # concat
    dx_T = workspace.result("backward_sequence.dx_T", (T, m, n_x), dtype)
    np.matmul(dmatmul, W_packed, out=np.reshape(dx_T, (T * m, n_x)))  # matrix product
    dW_packed = workspace.result("backward_sequence.dW_packed", (4 * n_h, n_x), dtype)
    np.matmul(dmatmul.T, x_rows, out=dW_packed)           # transpose
    dW_i = dW_packed[:n_h]                                # concat
    dW_f = dW_packed[n_h:2 * n_h]                         # concat
    dW_z = dW_packed[2 * n_h:3 * n_h]                     # concat
    dW_o = dW_packed[3 * n_h:]                            # concat
    dx_steps = np.swapaxes(dx_T, -1, -2)                  # transpose
    ds_prev = ds_state.T                                  # transpose
    dn_prev_2 = dn_state.T                                # transpose
    dc_prev_2 = dc_state.T                                # transpose
    dh_prev_2 = dh_state.T                                # transpose

    return Gradients(
        Parameters(
            W_i=dW_i, R_i=dR_i, b_i=db_i, W_f=dW_f, R_f=dR_f, b_f=db_f, W_z=dW_z, R_z=dR_z, b_z=db_z,
            W_o=dW_o, R_o=dR_o, b_o=db_o,
        ),
        Inputs(x=dx_steps),
        State(h=dh_prev_2, c=dc_prev_2, n=dn_prev_2, s=ds_prev),
    )


def trace_nan(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    d_outputs: Outputs | None = None,
    d_final: State | None = None,
) -> None:
    """Run T steps one by one: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD_SEQUENCE.check(parameters, inputs, state)
    kept = []

    for t, step in enumerate(zip(*inputs)):
        where = f"slstm.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None, None, None, None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"slstm.backward at step {t}"
        d_step = Outputs(*(None if d is None else d[t] for d in d_outputs))
        d_final = _traced(where, backward, parameters, kept[t], d_step, d_final).state


# What the functions call.


def _cotangent(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent as an array; None counts as zero."""
    return np.zeros(shape, dtype) if value is None else np.asarray(value, dtype)


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


class _Shapes:
    """The shapes of what a function is handed, as the annotations of its records have them.

    `steps` is the axis that the inputs and d_outputs of a sequence have before all others.
    """

    def __init__(self, steps: str = "", **records: Any) -> None:
        self.records = records
        self.right: dict[Any, np.dtype[Any]] = {}  # what was found to be right: shapes, dtypes and records
        self.last: tuple[Any, np.dtype[Any]] = ((), np.dtype(float))
        self.fields: list[tuple[str, str, list[str]]] = []
        self.nested = False
        for argument, record in records.items():
            self._enter(argument, record, [steps] if steps and argument in ("inputs", "d_outputs") else [])

    def _enter(self, path: str, record: Any, lead: list[str]) -> None:
        """Enter the fields of a record, and of the records within it."""
        for field, annotation in record.__annotations__.items():
            if hasattr(annotation, "_fields"):
                self.nested = True
                self._enter(f"{path}.{field}", annotation, lead)
                continue
            kind, _, dims = ("size", "", "") if annotation is int else annotation.__metadata__[0].partition("[")
            self.fields.append((f"{path}.{field}", kind, [*lead, *filter(None, dims[:-1].split(", "))]))

    def check(self, *given: Any, **sizes: int) -> np.dtype[Any]:
        """The dtype of all floats; ValueError for the first array that is not what its record says.

        What was found to be right is remembered, so that the next call costs little.
        """
        try:
            arrays = [array for record in given for array in _flat(record)] if self.nested else sum(given, ())
            seen = [getattr(array, "shape", array) for array in arrays]
            seen += [getattr(array, "dtype", type(array)) for array in arrays]
            seen += [*map(type, given), *sizes.values()]
            known, dtype = self.last  # a look that costs less than one into a dict
            if seen == known:
                return dtype
            dtype = self.right[tuple(seen)]
        except (KeyError, TypeError, ValueError):  # seen for the first time, or no records of arrays at all
            dtype = self._compare(given, dict(sizes))
            if len(self.right) >= 1000:
                self.right.clear()
            if all(type(value).__hash__ for value in seen):  # a list can stand for a cotangent that nobody reads
                self.right[tuple(seen)] = dtype
        self.last = seen, dtype
        return dtype

    def _compare(self, given: Any, sizes: dict[str, int]) -> np.dtype[Any]:
        """Compare one array after the other: the first one with a size in its shape tells it to the others."""
        for (argument, record), values in zip(self.records.items(), given):
            _compare_record(argument, record, values)
        rows = [
            (*row, array) for row, array in zip(self.fields, [array for record in given for array in _flat(record)])
        ]
        sizes |= {name.partition(".")[2]: array for name, kind, _, array in rows if kind == "size"}
        rows = [row for row in rows if row[1] != "size" and not _is_left_out(*row)]
        floats = [(name, array.dtype) for name, kind, _, array in rows if not kind and _is_float(array)]
        leader, dtype = floats[0] if floats else ("", np.dtype(float))
        for name, kind, dims, array in rows * 2:  # again when every size is told
            if _fits(array, dims, sizes) and _holds(array, kind, dtype, name):
                continue
            told = [f"{size}={sizes[size]}" for size in dict.fromkeys(_symbols(", ".join(dims))) if size in sizes]
            expected = f"{kind or dtype} of shape [{', '.join(dims)}]{' with ' * bool(told)}{', '.join(told)}"
            why = f", as {leader} is {dtype}" if not kind and _is_float(array) and array.dtype != dtype else ""
            raise ValueError(f"{name} is {_what(array)}, expected {expected}{why}")
        return dtype


def _flat(record: Any) -> Any:
    """The arrays of a record, and of the records within it."""
    for value in record:
        yield from _flat(value) if hasattr(value, "_fields") else [value]


def _compare_record(path: str, record: Any, values: Any) -> None:
    """ValueError unless a value has the fields of a record, and so within it."""
    if getattr(values, "_fields", None) != record._fields:
        raise ValueError(f"{path} is {_what(values)}, expected {record.__name__}({', '.join(record._fields)})")
    for field, annotation in record.__annotations__.items():
        if hasattr(annotation, "_fields"):
            _compare_record(f"{path}.{field}", annotation, getattr(values, field))


def _is_left_out(name: str, kind: str, dims: list[str], array: Any) -> bool:
    """Whether a cotangent is None; integers and booleans have none that is read."""
    return name.startswith("d_") and (array is None or kind != "")


def _what(value: Any) -> str:
    """What was handed in, in a few words."""
    if value is None:
        return "None"
    return f"{value.dtype} of shape {value.shape}" if hasattr(value, "dtype") else f"a {type(value).__name__}"


def _is_float(array: Any) -> bool:
    """Whether a value is an array of floats, or of complex numbers, which the complex step hands in."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "fc"


def _holds(array: Any, kind: str, dtype: Any, name: str) -> bool:
    """Whether an array holds numbers of a kind; a single number adapts, if it is Python's or a cotangent."""
    if not hasattr(array, "dtype") or (name.startswith("d_") and array.ndim == 0):
        return True
    return array.dtype.kind in {"int": "iu", "bool": "b"}[kind] if kind else bool(array.dtype == dtype)


def _fits(array: Any, dims: list[str], sizes: dict[str, int]) -> bool:
    """Whether an array has the shape of some dims; a size that is not known yet is told by it."""
    if not isinstance(array, (np.ndarray, np.generic, float, int)) or np.ndim(array) != len(dims):
        return False
    found = dict(sizes)
    for dim, size in zip(dims, np.shape(array)):
        unknown = [symbol for symbol in _symbols(dim) if symbol not in found]
        if len(unknown) == 1 and "//" not in dim:  # so it is linear in it
            none, one = (_value(dim, {**found, unknown[0]: number}) for number in (0, 1))
            if one != none:
                found[unknown.pop()] = max(0, (size - none) // (one - none))
        if not unknown and _value(dim, found) != size:
            return False
    sizes.update(found)
    return True


def _symbols(dims: str) -> list[str]:
    """The names in some dims."""
    words = dims.translate(str.maketrans("()*/+-,", " " * 7)).split()
    return [word for word in words if not word.isdigit()]


def _value(dim: str, sizes: dict[str, int]) -> int:
    """The value of a dim, a sum of products such as 2*n + 1; a quotient in it stands as ((n - 1)//2)."""
    while "((" in dim:
        before, _, rest = dim.rpartition("((")
        dividend, _, rest = rest.partition(")//")
        divisor, _, after = rest.partition(")")
        dim = f"{before}{_value(dividend, sizes) // int(divisor)}{after}"
    terms = dim.replace(" - ", " + -").replace("-", "-1*").split(" + ")
    return sum(int(np.prod([sizes[f] if f in sizes else int(f) for f in term.split("*")])) for term in terms)


class _Watched(np.ndarray):
    """An array whose operations raise FloatingPointError as soon as there is a NaN in what they compute."""

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        operands, options = _plain(operands), _plain(options)
        if "out" in options:  # which may be one of the operands
            operands = tuple(np.array(operand) for operand in operands)
        result = getattr(ufunc, method)(*operands, **options)
        each = method == "__call__" and ufunc.signature is None  # one element of the result comes from one of each
        return _watched(result, ufunc.__name__, operands if each else ())

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        return _watched(function(*_plain(operands), **_plain(options)), function.__name__)


def _plain(value: Any) -> Any:
    """A value with arrays that are not watched, in tuples, lists and dicts too."""
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.view(np.ndarray) if isinstance(value, _Watched) else value


def _watched(array: Any, name: str, operands: Any = ()) -> Any:
    """An array, watched from now on; FloatingPointError if there is a NaN in it."""
    if not isinstance(array, (np.ndarray, np.generic)) or array.dtype.kind not in "fc":
        return array
    if np.isnan(array).any():
        index = tuple(np.argwhere(np.isnan(array))[0].tolist())
        values = ", ".join(str(np.broadcast_to(operand, array.shape)[index]) for operand in operands)
        raise FloatingPointError(
            f"{name}{f'({values})' if values else ''} is NaN{f' in element {list(index)}' * bool(index)}"
        )
    return np.asarray(array).view(_Watched)


def _arrays(results: Any, name: str = "") -> Any:
    """The arrays in records, and in records of records, with their names."""
    if not isinstance(results, tuple):
        yield name, results
        return
    fields = getattr(results, "_fields", [""] * len(results))
    for field, value in zip(fields, results):
        yield from _arrays(value, f"{type(results).__name__.lower()}.{field}" if field else name)


def _record_watched(value: Any, name: str) -> Any:
    """An array watched; a record with every array watched, in records within it too."""
    if not hasattr(value, "_fields"):
        return _watched(value, name)
    return type(value)(*(_record_watched(v, f"{name}.{field}") for field, v in zip(value._fields, value)))


def _traced(where: str, function: Any, *records: Any, workspace: Any = None, **sizes: int) -> Any:
    """What a function returns; if there is a NaN in it, FloatingPointError from the operation that made it."""
    room = {} if workspace is None else {"workspace": workspace}
    try:
        with np.errstate(all="ignore"):
            results = function(*records, **sizes)
            if not any(np.isnan(array).any() for _, array in _arrays(results) if array is not None):
                return results
            watched = (_record_watched(record, type(record).__name__.lower()) for record in records)
            function(*watched, **room, **sizes)
            for name, array in _arrays(results):
                _watched(array, name)
    except FloatingPointError as error:
        error.args = (f"{where}: {error}",)
        raise


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


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs, d_state=State)
_FORWARD_SEQUENCE = _Shapes("T", parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD_SEQUENCE = _Shapes(
    "T", parameters=Parameters, residuals=SequenceResiduals, d_outputs=Outputs, d_final=State,
)
