# Made by graphgen 0.1.0 -O2 from peephole_lstm.yaml (sha256 631f27b455fd2b32).
# Do not edit: change the spec and build again.
"""The LSTM whose gates also look at the cell state, each unit at its own, through the vectors p; it
learns precise timing that the hidden state hides when the output gate is shut. The input and forget
gates see the state before the step, the output gate sees it after, as in the paper; descriptions
that give all three the old state are another cell.

Source: Gers, Schraudolph and Schmidhuber, "Learning precise timing with LSTM recurrent networks",
JMLR 3, 2002

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
    U_i: Annotated[np.ndarray, "[n_h, n_h]"]
    p_i: Annotated[np.ndarray, "[n_h, 1]"]
    b_i: Annotated[np.ndarray, "[n_h, 1]"]
    W_f: Annotated[np.ndarray, "[n_h, n_x]"]
    U_f: Annotated[np.ndarray, "[n_h, n_h]"]
    p_f: Annotated[np.ndarray, "[n_h, 1]"]
    b_f: Annotated[np.ndarray, "[n_h, 1]"]
    W_g: Annotated[np.ndarray, "[n_h, n_x]"]
    U_g: Annotated[np.ndarray, "[n_h, n_h]"]
    b_g: Annotated[np.ndarray, "[n_h, 1]"]
    W_o: Annotated[np.ndarray, "[n_h, n_x]"]
    U_o: Annotated[np.ndarray, "[n_h, n_h]"]
    p_o: Annotated[np.ndarray, "[n_h, 1]"]
    b_o: Annotated[np.ndarray, "[n_h, 1]"]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: Annotated[np.ndarray, "[n_x, m]"]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    h: Annotated[np.ndarray, "[n_h, m]"]
    c: Annotated[np.ndarray, "[n_h, m]"]


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
    i: Annotated[np.ndarray, "[n_h, m]"]
    f: Annotated[np.ndarray, "[n_h, m]"]
    g: Annotated[np.ndarray, "[n_h, m]"]
    o: Annotated[np.ndarray, "[n_h, m]"]
    tanh_c: Annotated[np.ndarray, "[n_h, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: Annotated[np.ndarray, "[T*m, n_x]"]
    W_packed: Annotated[np.ndarray, "[4*n_h, n_x]"]
    U_packed: Annotated[np.ndarray, "[4*n_h, n_h]"]
    c_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    i_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    f_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    g_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    c_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    o_steps: Annotated[np.ndarray, "[T, m, n_h]"]
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
        U_i=_orthogonal(rng, (n_h, n_h), dtype),
        p_i=np.zeros((n_h, 1), dtype),
        b_i=np.zeros((n_h, 1), dtype),
        W_f=_glorot(rng, (n_h, n_x), dtype),
        U_f=_orthogonal(rng, (n_h, n_h), dtype),
        p_f=np.zeros((n_h, 1), dtype),
        b_f=np.zeros((n_h, 1), dtype),
        W_g=_glorot(rng, (n_h, n_x), dtype),
        U_g=_orthogonal(rng, (n_h, n_h), dtype),
        b_g=np.zeros((n_h, 1), dtype),
        W_o=_glorot(rng, (n_h, n_x), dtype),
        U_o=_orthogonal(rng, (n_h, n_h), dtype),
        p_o=np.zeros((n_h, 1), dtype),
        b_o=np.zeros((n_h, 1), dtype),
    )


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(h=np.zeros((n_h, m), dtype), c=np.zeros((n_h, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)
    2. f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)
    3. g = tanh(W_g @ x + U_g @ h_prev + b_g)
    4. c = f * c_prev + i * g
    5. o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)
    6. h = o * tanh(c)
    """
    _FORWARD.check(parameters, inputs, state)
    W_i, U_i, p_i, b_i, W_f, U_f, p_f, b_f, W_g, U_g, b_g, W_o, U_o, p_o, b_o = parameters
    (x,) = inputs
    h_prev, c_prev = state

    # 1. i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)
    i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)

    # 2. f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)
    f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)

    # 3. g = tanh(W_g @ x + U_g @ h_prev + b_g)
    g = np.tanh(W_g @ x + U_g @ h_prev + b_g)

    # 4. c = f * c_prev + i * g
    c = f * c_prev + i * g

    # 5. o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)
    o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)

    # 6. h = o * tanh(c)
    tanh_c = np.tanh(c)
    h = o * tanh_c

    return (
        Outputs(h=h),
        State(h=h, c=c),
        Residuals(x=x, h_prev=h_prev, c_prev=c_prev, i=i, f=f, g=g, o=o, tanh_c=tanh_c),
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
    dtype = _BACKWARD.check(parameters, residuals, d_outputs, d_state)
    x, h_prev, c_prev, i, f, g, o, tanh_c = residuals
    W_i = parameters.W_i
    U_i = parameters.U_i
    p_i = parameters.p_i
    W_f = parameters.W_f
    U_f = parameters.U_f
    p_f = parameters.p_f
    W_g = parameters.W_g
    U_g = parameters.U_g
    W_o = parameters.W_o
    U_o = parameters.U_o
    p_o = parameters.p_o
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent(d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent(d_state.h, (n_h, m), dtype)
    dc_state = _cotangent(d_state.c, (n_h, m), dtype)

    # 6. h = o * tanh(c)
    dh = dh_output + dh_state               # split: the sum over its uses
    do = dh * tanh_c                        # hadamard
    dtanh_c = dh * o                        # hadamard
    dc_h = dtanh_c * (1 - tanh_c * tanh_c)  # tanh

    # 5. o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)
    do_add = do * (o * (1 - o))                   # sigmoid
    db_o = np.sum(do_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    # hadamard, summed where it was broadcast
    dp_o = np.sum(do_add * (f * c_prev + i * g), axis=1, keepdims=True)
    dc_o = do_add * p_o                           # hadamard
    dU_o = do_add @ h_prev.T                      # matrix product
    dh_prev_o = U_o.T @ do_add                    # matrix product
    dW_o = do_add @ x.T                           # matrix product
    dx_o = W_o.T @ do_add                         # matrix product

    # 4. c = f * c_prev + i * g
    dc = dc_state + dc_h + dc_o  # split: the sum over its uses
    di = dc * g                  # hadamard
    dg = dc * i                  # hadamard
    df = dc * c_prev             # hadamard
    dc_prev_c = dc * f           # hadamard

    # 3. g = tanh(W_g @ x + U_g @ h_prev + b_g)
    dg_add = dg * (1 - g * g)                     # tanh
    db_g = np.sum(dg_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dU_g = dg_add @ h_prev.T                      # matrix product
    dh_prev_g = U_g.T @ dg_add                    # matrix product
    dW_g = dg_add @ x.T                           # matrix product
    dx_g = W_g.T @ dg_add                         # matrix product

    # 2. f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)
    df_add = df * (f * (1 - f))                            # sigmoid
    db_f = np.sum(df_add, axis=1, keepdims=True)           # addition, summed where it was broadcast
    dp_f = np.sum(df_add * c_prev, axis=1, keepdims=True)  # hadamard, summed where it was broadcast
    dc_prev_f = df_add * p_f                               # hadamard
    dU_f = df_add @ h_prev.T                               # matrix product
    dh_prev_f = U_f.T @ df_add                             # matrix product
    dW_f = df_add @ x.T                                    # matrix product
    dx_f = W_f.T @ df_add                                  # matrix product

    # 1. i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)
    di_add = di * (i * (1 - i))                              # sigmoid
    db_i = np.sum(di_add, axis=1, keepdims=True)             # addition, summed where it was broadcast
    dp_i = np.sum(di_add * c_prev, axis=1, keepdims=True)    # hadamard, summed where it was broadcast
    dc_prev_i = di_add * p_i                                 # hadamard
    dU_i = di_add @ h_prev.T                                 # matrix product
    dh_prev_i = U_i.T @ di_add                               # matrix product
    dW_i = di_add @ x.T                                      # matrix product
    dx_i = W_i.T @ di_add                                    # matrix product
    dc_prev = dc_prev_c + dc_prev_f + dc_prev_i              # split: the sum over its uses
    dh_prev = dh_prev_o + dh_prev_g + dh_prev_f + dh_prev_i  # split: the sum over its uses
    dx = dx_o + dx_g + dx_f + dx_i                           # split: the sum over its uses

    return Gradients(
        Parameters(
            W_i=dW_i, U_i=dU_i, p_i=dp_i, b_i=db_i, W_f=dW_f, U_f=dU_f, p_f=dp_f, b_f=db_f, W_g=dW_g,
            U_g=dU_g, b_g=db_g, W_o=dW_o, U_o=dU_o, p_o=dp_o, b_o=db_o,
        ),
        Inputs(x=dx),
        State(h=dh_prev, c=dc_prev),
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
    W_i, U_i, p_i, b_i, W_f, U_f, p_f, b_f, W_g, U_g, b_g, W_o, U_o, p_o, b_o = parameters
    n_h, n_x = W_i.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = workspace.result("forward_sequence.W_packed", (4 * n_h, n_x), dtype)
    np.concatenate([W_i, W_f, W_g, W_o], axis=0, out=W_packed)
    matmul = workspace.array("forward_sequence.matmul", (T * m, 4 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=matmul)

    # once for all steps: the same at each
    U_packed = workspace.result("forward_sequence.U_packed", (4 * n_h, n_h), dtype)
    np.concatenate([U_i, U_f, U_g, U_o], axis=0, out=U_packed)

    # for every step at once: does not read the state
    matmul_2_steps = np.reshape(matmul, (T, m, 4 * n_h))

    # room for every step and for one; the workspace's is written again by the next call
    h_states = workspace.result("forward_sequence.h_states", (T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    c_states = workspace.result("forward_sequence.c_states", (T + 1, m, n_h), dtype)
    c_states[0] = state.c.T
    i_steps, f_steps, g_steps, o_steps = workspace.result("forward_sequence.i_steps", (4, T, m, n_h), dtype)
    work = workspace.array("forward_sequence.work", (m, 4 * n_h), dtype)
    work_2, work_3 = workspace.array("forward_sequence.work_2", (2, m, n_h), dtype)
    for t in range(T):
        matmul_2_2 = matmul_2_steps[t]
        h_prev = h_states[t]
        c_prev = c_states[t]

        np.matmul(h_prev, U_packed.T, out=work)
        np.add(matmul_2_2, work, out=work)

        # 1. i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)
        np.multiply(p_i.T, c_prev, out=work_2)
        np.add(work[:, :n_h], work_2, out=work_2)
        np.add(b_i.T, work_2, out=work_2)
        i = sigmoid_into(work_2, i_steps[t])

        # 2. f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)
        np.multiply(p_f.T, c_prev, out=work_2)
        np.add(work[:, n_h:2 * n_h], work_2, out=work_2)
        np.add(b_f.T, work_2, out=work_2)
        f = sigmoid_into(work_2, f_steps[t])

        # 3. g = tanh(W_g @ x + U_g @ h_prev + b_g)
        np.add(work[:, 2 * n_h:3 * n_h], b_g.T, out=work_2)
        g = np.tanh(work_2, out=g_steps[t])

        # 4. c = f * c_prev + i * g
        np.multiply(f, c_prev, out=work_2)
        np.multiply(i, g, out=work_3)
        c = np.add(work_2, work_3, out=c_states[t + 1])

        # 5. o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)
        np.multiply(p_o.T, c, out=work_2)
        np.add(work[:, 3 * n_h:], work_2, out=work_2)
        np.add(b_o.T, work_2, out=work_2)
        o = sigmoid_into(work_2, o_steps[t])

        # 6. h = o * tanh(c)
        np.tanh(c, out=work_2)
        np.multiply(o, work_2, out=h_states[t + 1])  # h

    h_final_2 = h_states[-1].copy().T
    c_final_2 = c_states[-1].copy().T
    h_steps_2 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_2),
        State(h=h_final_2, c=c_final_2),
        SequenceResiduals(
            x_rows=x_rows, W_packed=W_packed, U_packed=U_packed, c_prev_steps=c_states[:-1],
            i_steps=i_steps, f_steps=f_steps, g_steps=g_steps, c_steps=c_states[1:], o_steps=o_steps,
            h_prev_steps=h_states[:-1],
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
    dtype = _BACKWARD_SEQUENCE.check(parameters, residuals, d_outputs, d_final)
    (
        x_rows, W_packed, U_packed, c_prev_steps, i_steps, f_steps, g_steps, c_steps, o_steps, h_prev_steps,
    ) = residuals
    p_i, p_f, p_o = parameters.p_i, parameters.p_f, parameters.p_o
    n_x = x_rows.shape[1]      # input features
    n_h = U_packed.shape[1]    # hidden units
    T = c_prev_steps.shape[0]  # steps
    m = c_prev_steps.shape[1]  # batch
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dh_steps = _cotangent(d_outputs.h, (T, n_h, m), dtype)
    dh = _cotangent(d_final.h, (n_h, m), dtype)
    dc = _cotangent(d_final.c, (n_h, m), dtype)

    dh_steps_2 = workspace.array("backward_sequence.dh_steps_2", (T, m, n_h), dtype)
    dh_steps_2[...] = np.swapaxes(dh_steps, -1, -2)  # transpose
    dc_final = dc.T                                  # transpose
    dh_final = dh.T                                  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dh_state = np.array(dh_final, dtype, order="C")
    dc_state = np.array(dc_final, dtype, order="C")
    di_f_g_o_sums_steps = workspace.array("backward_sequence.di_f_g_o_sums_steps", (T, m, 4 * n_h), dtype)
    work, work_2, work_3, work_4 = workspace.array("backward_sequence.work", (4, m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        c_prev = c_prev_steps[t]
        i = i_steps[t]
        f = f_steps[t]
        g = g_steps[t]
        c = c_steps[t]
        o = o_steps[t]

        # 6. h = o * tanh(c)
        dh_2 = np.add(dh_state, dh_output, out=dh_state)  # split: the sum over its uses
        np.tanh(c, out=work)
        do = np.multiply(dh_2, work, out=work_2)          # hadamard
        dtanh_c = np.multiply(dh_2, o, out=dh_state)      # hadamard
        np.multiply(work, work, out=work)
        np.subtract(1, work, out=work)
        dc_h = np.multiply(dtanh_c, work, out=dh_state)   # tanh

        # 5. o = sigmoid(W_o @ x + U_o @ h_prev + p_o * c + b_o)
        np.subtract(1, o, out=work)
        np.multiply(o, work, out=work)
        di_f_g_o_sums = di_f_g_o_sums_steps[t]
        do_add = np.multiply(do, work, out=di_f_g_o_sums[:, 3 * n_h:])  # sigmoid
        dc_o = np.multiply(do_add, p_o.T, out=work)  # hadamard

        # 4. c = f * c_prev + i * g
        np.add(dc_state, dc_h, out=dc_state)
        dc_2 = np.add(dc_state, dc_o, out=dc_state)     # split: the sum over its uses
        di = np.multiply(dc_2, g, out=work)             # hadamard
        dg = np.multiply(dc_2, i, out=work_2)           # hadamard
        df = np.multiply(dc_2, c_prev, out=work_3)      # hadamard
        dc_prev_c = np.multiply(dc_2, f, out=dc_state)  # hadamard

        # 3. g = tanh(W_g @ x + U_g @ h_prev + b_g)
        np.multiply(g, g, out=work_4)
        np.subtract(1, work_4, out=work_4)
        np.multiply(dg, work_4, out=di_f_g_o_sums[:, 2 * n_h:3 * n_h])  # dg_add: tanh

        # 2. f = sigmoid(W_f @ x + U_f @ h_prev + p_f * c_prev + b_f)
        np.subtract(1, f, out=work_2)
        np.multiply(f, work_2, out=work_2)
        df_add = np.multiply(df, work_2, out=di_f_g_o_sums[:, n_h:2 * n_h])  # sigmoid
        dc_prev_f = np.multiply(df_add, p_f.T, out=work_2)  # hadamard

        # 1. i = sigmoid(W_i @ x + U_i @ h_prev + p_i * c_prev + b_i)
        np.subtract(1, i, out=work_3)
        np.multiply(i, work_3, out=work_3)
        di_add = np.multiply(di, work_3, out=di_f_g_o_sums[:, :n_h])  # sigmoid
        dc_prev_i = np.multiply(di_add, p_i.T, out=work)  # hadamard
        np.matmul(di_f_g_o_sums, U_packed, out=dh_state)  # dh_prev: matrix product
        np.add(dc_prev_c, dc_prev_f, out=dc_state)
        np.add(dc_state, dc_prev_i, out=dc_state)         # dc_prev: split: the sum over its uses

    # for every step at once: no later step reads it
    df_add_steps = di_f_g_o_sums_steps[:, :, n_h:2 * n_h]  # sigmoid
    multiply_steps = workspace.array("backward_sequence.multiply_steps", (T, m, n_h), dtype)
    np.multiply(df_add_steps, c_prev_steps, out=multiply_steps)
    dp_f_T = np.sum(multiply_steps, axis=(0, 1))[None]     # hadamard, summed where it was broadcast
    db_f_T = np.sum(df_add_steps, axis=(0, 1))[None]       # addition, summed where it was broadcast
    di_add_steps = di_f_g_o_sums_steps[:, :, :n_h]         # sigmoid
    multiply_2_steps = workspace.array("backward_sequence.multiply_2_steps", (T, m, n_h), dtype)
    np.multiply(di_add_steps, c_prev_steps, out=multiply_2_steps)
    dp_i_T = np.sum(multiply_2_steps, axis=(0, 1))[None]   # hadamard, summed where it was broadcast
    db_i_T = np.sum(di_add_steps, axis=(0, 1))[None]       # addition, summed where it was broadcast
    dg_add_steps = di_f_g_o_sums_steps[:, :, 2 * n_h:3 * n_h]  # tanh
    db_g_T = np.sum(dg_add_steps, axis=(0, 1))[None]       # addition, summed where it was broadcast
    do_add_steps = di_f_g_o_sums_steps[:, :, 3 * n_h:]     # sigmoid
    multiply_3_steps = workspace.array("backward_sequence.multiply_3_steps", (T, m, n_h), dtype)
    np.multiply(do_add_steps, c_steps, out=multiply_3_steps)
    dp_o_T = np.sum(multiply_3_steps, axis=(0, 1))[None]   # hadamard, summed where it was broadcast
    db_o_T = np.sum(do_add_steps, axis=(0, 1))[None]       # addition, summed where it was broadcast
    db_o = db_o_T.T                                        # transpose
    dp_o = dp_o_T.T                                        # transpose
    db_g = db_g_T.T                                        # transpose
    db_i = db_i_T.T                                        # transpose
    dp_i = dp_i_T.T                                        # transpose
    db_f = db_f_T.T                                        # transpose
    dp_f = dp_f_T.T                                        # transpose
    dmatmul = np.reshape(di_f_g_o_sums_steps, (T * m, 4 * n_h))
    dU_packed = workspace.result("backward_sequence.dU_packed", (4 * n_h, n_h), dtype)
    np.matmul(dmatmul.T, np.reshape(h_prev_steps, (T * m, n_h)), out=dU_packed)  # transpose
    dU_i = dU_packed[:n_h]                                 # concat
    dU_f = dU_packed[n_h:2 * n_h]                          # concat
    dU_g = dU_packed[2 * n_h:3 * n_h]                      # concat
    dU_o = dU_packed[3 * n_h:]                             # concat
    dx_T = workspace.result("backward_sequence.dx_T", (T, m, n_x), dtype)
    np.matmul(dmatmul, W_packed, out=np.reshape(dx_T, (T * m, n_x)))  # matrix product
    dW_packed = workspace.result("backward_sequence.dW_packed", (4 * n_h, n_x), dtype)
    np.matmul(dmatmul.T, x_rows, out=dW_packed)            # transpose
    dW_i = dW_packed[:n_h]                                 # concat
    dW_f = dW_packed[n_h:2 * n_h]                          # concat
    dW_g = dW_packed[2 * n_h:3 * n_h]                      # concat
    dW_o = dW_packed[3 * n_h:]                             # concat
    dx_steps = np.swapaxes(dx_T, -1, -2)                   # transpose
    dc_prev_2 = dc_state.T                                 # transpose
    dh_prev_2 = dh_state.T                                 # transpose

    return Gradients(
        Parameters(
            W_i=dW_i, U_i=dU_i, p_i=dp_i, b_i=db_i, W_f=dW_f, U_f=dU_f, p_f=dp_f, b_f=db_f, W_g=dW_g,
            U_g=dU_g, b_g=db_g, W_o=dW_o, U_o=dU_o, p_o=dp_o, b_o=db_o,
        ),
        Inputs(x=dx_steps),
        State(h=dh_prev_2, c=dc_prev_2),
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
        where = f"peephole_lstm.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"peephole_lstm.backward at step {t}"
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


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs, d_state=State)
_FORWARD_SEQUENCE = _Shapes("T", parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD_SEQUENCE = _Shapes(
    "T", parameters=Parameters, residuals=SequenceResiduals, d_outputs=Outputs, d_final=State,
)
