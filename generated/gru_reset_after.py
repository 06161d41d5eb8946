# Made by graphgen 0.1.0 -O2 from gru_reset_after.yaml (sha256 b21a0e9809f52f44).
# Do not edit: change the spec and build again.
"""The gated recurrent unit of torch, ONNX (linear_before_reset = 1) and cuDNN: the reset gate is
applied after the recurrent product, which lets one matrix product serve all three gates; b_hn is
reset with it. In gru_reset_before the gate is applied to the state before the product.

Source: Cho et al., arXiv 1406.1078, version 1; torch.nn.GRUCell, its biases of the r and z gates
added together

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

    W_r: Annotated[np.ndarray, "[n_h, n_x]"]
    U_r: Annotated[np.ndarray, "[n_h, n_h]"]
    b_r: Annotated[np.ndarray, "[n_h, 1]"]
    W_z: Annotated[np.ndarray, "[n_h, n_x]"]
    U_z: Annotated[np.ndarray, "[n_h, n_h]"]
    b_z: Annotated[np.ndarray, "[n_h, 1]"]
    W_n: Annotated[np.ndarray, "[n_h, n_x]"]
    U_n: Annotated[np.ndarray, "[n_h, n_h]"]
    b_n: Annotated[np.ndarray, "[n_h, 1]"]
    b_hn: Annotated[np.ndarray, "[n_h, 1]"]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: Annotated[np.ndarray, "[n_x, m]"]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    h: Annotated[np.ndarray, "[n_h, m]"]


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
    r: Annotated[np.ndarray, "[n_h, m]"]
    z: Annotated[np.ndarray, "[n_h, m]"]
    n_add: Annotated[np.ndarray, "[n_h, m]"]
    n: Annotated[np.ndarray, "[n_h, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: Annotated[np.ndarray, "[T*m, n_x]"]
    W_packed: Annotated[np.ndarray, "[3*n_h, n_x]"]
    U_packed: Annotated[np.ndarray, "[3*n_h, n_h]"]
    h_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    r_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    z_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    n_add_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    n_steps: Annotated[np.ndarray, "[T, m, n_h]"]


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
        W_r=_glorot(rng, (n_h, n_x), dtype),
        U_r=_orthogonal(rng, (n_h, n_h), dtype),
        b_r=np.zeros((n_h, 1), dtype),
        W_z=_glorot(rng, (n_h, n_x), dtype),
        U_z=_orthogonal(rng, (n_h, n_h), dtype),
        b_z=np.zeros((n_h, 1), dtype),
        W_n=_glorot(rng, (n_h, n_x), dtype),
        U_n=_orthogonal(rng, (n_h, n_h), dtype),
        b_n=np.zeros((n_h, 1), dtype),
        b_hn=np.zeros((n_h, 1), dtype),
    )


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(h=np.zeros((n_h, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
    2. z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
    3. n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
    4. h = (1 - z) * n + z * h_prev
    """
    _FORWARD.check(parameters, inputs, state)
    W_r, U_r, b_r, W_z, U_z, b_z, W_n, U_n, b_n, b_hn = parameters
    (x,) = inputs
    (h_prev,) = state

    # 1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
    r = sigmoid(W_r @ x + U_r @ h_prev + b_r)

    # 2. z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
    z = sigmoid(W_z @ x + U_z @ h_prev + b_z)

    # 3. n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
    n_add = U_n @ h_prev + b_hn
    n = np.tanh(W_n @ x + b_n + r * n_add)

    # 4. h = (1 - z) * n + z * h_prev
    h = (1 - z) * n + z * h_prev

    return Outputs(h=h), State(h=h), Residuals(x=x, h_prev=h_prev, r=r, z=z, n_add=n_add, n=n)


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
    dtype = _BACKWARD.check(parameters, residuals, d_outputs, d_state)
    x, h_prev, r, z, n_add, n = residuals
    W_r = parameters.W_r
    U_r = parameters.U_r
    W_z = parameters.W_z
    U_z = parameters.U_z
    W_n = parameters.W_n
    U_n = parameters.U_n
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent(d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent(d_state.h, (n_h, m), dtype)

    # 4. h = (1 - z) * n + z * h_prev
    dh = dh_output + dh_state  # split: the sum over its uses
    dz_h = dh * h_prev         # hadamard
    dh_prev_h = dh * z         # hadamard
    dh_subtract = dh * n       # hadamard
    h_subtract = 1 - z
    dn = dh * h_subtract       # hadamard

    # 3. n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
    dn_add_2 = dn * (1 - n * n)                     # tanh
    dr = dn_add_2 * n_add                           # hadamard
    dn_add = dn_add_2 * r                           # hadamard
    db_hn = np.sum(dn_add, axis=1, keepdims=True)   # addition, summed where it was broadcast
    dU_n = dn_add @ h_prev.T                        # matrix product
    dh_prev_n = U_n.T @ dn_add                      # matrix product
    db_n = np.sum(dn_add_2, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW_n = dn_add_2 @ x.T                           # matrix product
    dx_n = W_n.T @ dn_add_2                         # matrix product

    # 2. z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
    dz = dz_h - dh_subtract                       # split: the sum over its uses
    dz_add = dz * (z * h_subtract)                # sigmoid
    db_z = np.sum(dz_add, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dU_z = dz_add @ h_prev.T                      # matrix product
    dh_prev_z = U_z.T @ dz_add                    # matrix product
    dW_z = dz_add @ x.T                           # matrix product
    dx_z = W_z.T @ dz_add                         # matrix product

    # 1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
    dr_add = dr * (r * (1 - r))                              # sigmoid
    db_r = np.sum(dr_add, axis=1, keepdims=True)             # addition, summed where it was broadcast
    dU_r = dr_add @ h_prev.T                                 # matrix product
    dh_prev_r = U_r.T @ dr_add                               # matrix product
    dW_r = dr_add @ x.T                                      # matrix product
    dx_r = W_r.T @ dr_add                                    # matrix product
    dh_prev = dh_prev_h + dh_prev_n + dh_prev_z + dh_prev_r  # split: the sum over its uses
    dx = dx_n + dx_z + dx_r                                  # split: the sum over its uses

    return Gradients(
        Parameters(
            W_r=dW_r, U_r=dU_r, b_r=db_r, W_z=dW_z, U_z=dU_z, b_z=db_z, W_n=dW_n, U_n=dU_n, b_n=db_n,
            b_hn=db_hn,
        ),
        Inputs(x=dx),
        State(h=dh_prev),
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
    W_r, U_r, b_r, W_z, U_z, b_z, W_n, U_n, b_n, b_hn = parameters
    n_h, n_x = W_r.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = workspace.result("forward_sequence.W_packed", (3 * n_h, n_x), dtype)
    np.concatenate([W_r, W_z, W_n], axis=0, out=W_packed)
    x_W = workspace.array("forward_sequence.x_W", (T, m, 3 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(x_W, (T * m, 3 * n_h)))
    np.add(x_W, np.concatenate([b_r, b_z, b_n], axis=0).T, out=x_W)

    # once for all steps: the same at each
    U_packed = workspace.result("forward_sequence.U_packed", (3 * n_h, n_h), dtype)
    np.concatenate([U_r, U_z, U_n], axis=0, out=U_packed)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = workspace.result("forward_sequence.h_states", (T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    r_steps, z_steps, n_add_steps, n_steps = workspace.result("forward_sequence.r_steps", (4, T, m, n_h), dtype)
    work = workspace.array("forward_sequence.work", (m, 3 * n_h), dtype)
    work_2 = workspace.array("forward_sequence.work_2", (m, 2 * n_h), dtype)
    work_3, work_4 = workspace.array("forward_sequence.work_3", (2, m, n_h), dtype)
    for t in range(T):
        add_2 = x_W[t]
        h_prev = h_states[t]

        np.matmul(h_prev, U_packed.T, out=work)
        np.add(add_2[:, :2 * n_h], work[:, :2 * n_h], out=work_2)

        # 1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        r = sigmoid_into(work_2[:, :n_h], r_steps[t])

        # 2. z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        z = sigmoid_into(work_2[:, n_h:], z_steps[t])

        # 3. n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        n_add = np.add(work[:, 2 * n_h:], b_hn.T, out=n_add_steps[t])
        np.multiply(r, n_add, out=work_3)
        np.add(add_2[:, 2 * n_h:], work_3, out=work_3)
        n = np.tanh(work_3, out=n_steps[t])

        # 4. h = (1 - z) * n + z * h_prev
        np.subtract(1, z, out=work_3)
        np.multiply(work_3, n, out=work_3)
        np.multiply(z, h_prev, out=work_4)
        np.add(work_3, work_4, out=h_states[t + 1])  # h

    h_final_2 = h_states[-1].copy().T
    h_steps_2 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_2),
        State(h=h_final_2),
        SequenceResiduals(
            x_rows=x_rows, W_packed=W_packed, U_packed=U_packed, h_prev_steps=h_states[:-1],
            r_steps=r_steps, z_steps=z_steps, n_add_steps=n_add_steps, n_steps=n_steps,
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
    d_final = State(None) if d_final is None else d_final
    dtype = _BACKWARD_SEQUENCE.check(parameters, residuals, d_outputs, d_final)
    x_rows, W_packed, U_packed, h_prev_steps, r_steps, z_steps, n_add_steps, n_steps = residuals
    n_x = x_rows.shape[1]      # input features
    n_h = U_packed.shape[1]    # hidden units
    T = h_prev_steps.shape[0]  # steps
    m = h_prev_steps.shape[1]  # batch
    workspace = Workspace() if workspace is None else workspace

    # the cotangents handed in; None counts as zero
    dh_steps = _cotangent(d_outputs.h, (T, n_h, m), dtype)
    dh = _cotangent(d_final.h, (n_h, m), dtype)

    dh_steps_2 = workspace.array("backward_sequence.dh_steps_2", (T, m, n_h), dtype)
    dh_steps_2[...] = np.swapaxes(dh_steps, -1, -2)  # transpose
    dh_final = dh.T                                  # transpose

    # room for every step and for one; the workspace's is written again by the next call
    dh_state = np.array(dh_final, dtype, order="C")
    dadd_2_steps, dh_prev_U_steps = workspace.array("backward_sequence.dadd_2_steps", (2, T, m, 3 * n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward_sequence.work", (5, m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        h_prev = h_prev_steps[t]
        r = r_steps[t]
        z = z_steps[t]
        n_add = n_add_steps[t]
        n = n_steps[t]

        # 4. h = (1 - z) * n + z * h_prev
        dh_2 = np.add(dh_state, dh_output, out=dh_state)  # split: the sum over its uses
        dz_h = np.multiply(dh_2, h_prev, out=work)        # hadamard
        dh_prev_h = np.multiply(dh_2, z, out=work_2)      # hadamard
        dh_subtract = np.multiply(dh_2, n, out=work_3)    # hadamard
        np.subtract(1, z, out=work_4)
        dn = np.multiply(dh_2, work_4, out=dh_state)      # hadamard

        # 3. n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))
        np.multiply(n, n, out=work_5)
        np.subtract(1, work_5, out=work_5)
        dadd_2 = dadd_2_steps[t]
        dn_add_2 = np.multiply(dn, work_5, out=dadd_2[:, 2 * n_h:])  # tanh
        dr = np.multiply(dn_add_2, n_add, out=work_5)         # hadamard
        dh_prev_U = dh_prev_U_steps[t]
        np.multiply(dn_add_2, r, out=dh_prev_U[:, 2 * n_h:])  # dn_add: hadamard

        # 2. z = sigmoid(W_z @ x + U_z @ h_prev + b_z)
        dz = np.subtract(dz_h, dh_subtract, out=work)           # split: the sum over its uses
        np.multiply(z, work_4, out=work_4)
        np.multiply(dz, work_4, out=dh_prev_U[:, n_h:2 * n_h])  # dz_slice: sigmoid

        # 1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        np.subtract(1, r, out=work)
        np.multiply(r, work, out=work)
        np.multiply(dr, work, out=dh_prev_U[:, :n_h])       # dr_slice: sigmoid
        dh_prev = np.matmul(dh_prev_U, U_packed, out=work)  # matrix product
        np.add(dh_prev_h, dh_prev, out=dh_state)            # dh_prev_2: split: the sum over its uses
        dadd_2[:, :2 * n_h] = dh_prev_U[:, :2 * n_h]        # split: side by side

    # for every step at once: no later step reads it
    dn_add_steps = dh_prev_U_steps[:, :, 2 * n_h:]         # hadamard
    db_hn_T = np.sum(dn_add_steps, axis=(0, 1))[None]      # addition, summed where it was broadcast
    db_hn = db_hn_T.T                                      # transpose
    dU_packed = workspace.result("backward_sequence.dU_packed", (3 * n_h, n_h), dtype)
    # transpose
    np.matmul(np.reshape(dh_prev_U_steps, (T * m, 3 * n_h)).T,
        np.reshape(h_prev_steps, (T * m, n_h)),
        out=dU_packed)
    dU_r = dU_packed[:n_h]                                 # concat
    dU_z = dU_packed[n_h:2 * n_h]                          # concat
    dU_n = dU_packed[2 * n_h:]                             # concat
    db_packed_T = np.sum(dadd_2_steps, axis=(0, 1))[None]  # addition, summed where it was broadcast
    db_packed = db_packed_T.T                              # transpose
    db_r = db_packed[:n_h]                                 # concat
    db_z = db_packed[n_h:2 * n_h]                          # concat
    db_n = db_packed[2 * n_h:]                             # concat
    dmatmul = np.reshape(dadd_2_steps, (T * m, 3 * n_h))   # reshape
    dx_T = workspace.result("backward_sequence.dx_T", (T, m, n_x), dtype)
    np.matmul(dmatmul, W_packed, out=np.reshape(dx_T, (T * m, n_x)))  # matrix product
    dW_packed = workspace.result("backward_sequence.dW_packed", (3 * n_h, n_x), dtype)
    np.matmul(dmatmul.T, x_rows, out=dW_packed)            # transpose
    dW_r = dW_packed[:n_h]                                 # concat
    dW_z = dW_packed[n_h:2 * n_h]                          # concat
    dW_n = dW_packed[2 * n_h:]                             # concat
    dx_steps = np.swapaxes(dx_T, -1, -2)                   # transpose
    dh_prev_3 = dh_state.T                                 # transpose

    return Gradients(
        Parameters(
            W_r=dW_r, U_r=dU_r, b_r=db_r, W_z=dW_z, U_z=dU_z, b_z=db_z, W_n=dW_n, U_n=dU_n, b_n=db_n,
            b_hn=db_hn,
        ),
        Inputs(x=dx_steps),
        State(h=dh_prev_3),
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
        where = f"gru_reset_after.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"gru_reset_after.backward at step {t}"
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
