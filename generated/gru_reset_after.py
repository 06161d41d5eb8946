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

from typing import Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_r: np.ndarray  # [n_h, n_x]
    U_r: np.ndarray  # [n_h, n_h]
    b_r: np.ndarray  # [n_h, 1]
    W_z: np.ndarray  # [n_h, n_x]
    U_z: np.ndarray  # [n_h, n_h]
    b_z: np.ndarray  # [n_h, 1]
    W_n: np.ndarray  # [n_h, n_x]
    U_n: np.ndarray  # [n_h, n_h]
    b_n: np.ndarray  # [n_h, 1]
    b_hn: np.ndarray  # [n_h, 1]


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
    r: np.ndarray  # [n_h, m]
    z: np.ndarray  # [n_h, m]
    n_add: np.ndarray  # [n_h, m]
    n: np.ndarray  # [n_h, m]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: np.ndarray  # [T*m, n_x]
    W_packed: np.ndarray  # [3*n_h, n_x]
    U_packed: np.ndarray  # [3*n_h, n_h]
    h_prev_steps: np.ndarray  # [T, m, n_h]
    r_steps: np.ndarray  # [T, m, n_h]
    z_steps: np.ndarray  # [T, m, n_h]
    n_add_steps: np.ndarray  # [T, m, n_h]
    n_steps: np.ndarray  # [T, m, n_h]


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
    x, h_prev, r, z, n_add, n = residuals
    W_r = parameters.W_r
    U_r = parameters.U_r
    W_z = parameters.W_z
    U_z = parameters.U_z
    W_n = parameters.W_n
    U_n = parameters.U_n
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units
    dtype = _dtype(parameters, residuals, d_outputs, d_state)

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent("d_outputs.h", d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent("d_state.h", d_state.h, (n_h, m), dtype)

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
    W_r, U_r, b_r, W_z, U_z, b_z, W_n, U_n, b_n, b_hn = parameters
    n_h, n_x = W_r.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace
    dtype = _dtype(parameters, inputs, state)

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = np.concatenate([W_r, W_z, W_n], axis=0)
    x_W = workspace.array("forward.x_W", (T, m, 3 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=np.reshape(x_W, (T * m, 3 * n_h)))
    np.add(x_W, np.concatenate([b_r, b_z, b_n], axis=0).T, out=x_W)

    # once for all steps: the same at each
    U_packed = np.concatenate([U_r, U_z, U_n], axis=0)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = np.empty((T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    r_steps, z_steps, n_add_steps, n_steps = np.empty((4, T, m, n_h), dtype)
    work = workspace.array("forward.work", (m, 3 * n_h), dtype)
    work_2 = workspace.array("forward.work_2", (m, 2 * n_h), dtype)
    work_3, work_4 = workspace.array("forward.work_3", (2, m, n_h), dtype)
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

    h_final = h_states[-1].copy().T
    h_steps_3 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_3),
        State(h=h_final),
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
    x_rows, W_packed, U_packed, h_prev_steps, r_steps, z_steps, n_add_steps, n_steps = residuals
    n_x = x_rows.shape[1]      # input features
    n_h = U_packed.shape[1]    # hidden units
    T = h_prev_steps.shape[0]  # steps
    m = h_prev_steps.shape[1]  # batch
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
    dadd_2_steps, dh_prev_U_steps = workspace.array("backward.dadd_2_steps", (2, T, m, 3 * n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward.work", (5, m, n_h), dtype)
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
        dz = np.subtract(dz_h, dh_subtract, out=work)  # split: the sum over its uses
        np.multiply(z, work_4, out=work_4)
        dz_slice = np.multiply(dz, work_4, out=dh_prev_U[:, n_h:2 * n_h])  # sigmoid

        # 1. r = sigmoid(W_r @ x + U_r @ h_prev + b_r)
        np.subtract(1, r, out=work)
        np.multiply(r, work, out=work)
        dr_slice = np.multiply(dr, work, out=dh_prev_U[:, :n_h])  # sigmoid
        dh_prev = np.matmul(dh_prev_U, U_packed, out=work)        # matrix product
        np.add(dh_prev_h, dh_prev, out=dh_state)                  # dh_prev_2: split: the sum over its uses
        dadd_2[:, 0:n_h] = dr_slice                               # split: side by side
        dadd_2[:, n_h:2 * n_h] = dz_slice                         # split: side by side

    # for every step at once: no later step reads it
    dn_add_steps = dh_prev_U_steps[:, :, 2 * n_h:]        # hadamard
    db_hn_T = np.expand_dims(np.sum(dn_add_steps, axis=(0, 1)), 0)  # addition, summed where it was broadcast
    db_hn = db_hn_T.T                                     # transpose
    # transpose
    dU_packed = np.reshape(dh_prev_U_steps, (T * m, 3 * n_h)).T @ np.reshape(h_prev_steps, (T * m, n_h))
    dU_r = dU_packed[:n_h]                                # concat
    dU_z = dU_packed[n_h:2 * n_h]                         # concat
    dU_n = dU_packed[2 * n_h:]                            # concat
    # addition, summed where it was broadcast
    db_packed_T = np.expand_dims(np.sum(dadd_2_steps, axis=(0, 1)), 0)
    db_packed = db_packed_T.T                             # transpose
    db_r = db_packed[:n_h]                                # concat
    db_z = db_packed[n_h:2 * n_h]                         # concat
    db_n = db_packed[2 * n_h:]                            # concat
    dmatmul = np.reshape(dadd_2_steps, (T * m, 3 * n_h))  # reshape
    dx_rows = dmatmul @ W_packed                          # matrix product
    dW_packed = dmatmul.T @ x_rows                        # transpose
    dW_r = dW_packed[:n_h]                                # concat
    dW_z = dW_packed[n_h:2 * n_h]                         # concat
    dW_n = dW_packed[2 * n_h:]                            # concat
    dx_T = np.reshape(dx_rows, (T, m, n_x))               # reshape
    dx_steps = np.swapaxes(dx_T, -1, -2)                  # transpose
    dh_prev_3 = dh_state.T                                # transpose

    return Gradients(
        Parameters(
            W_r=dW_r, U_r=dU_r, b_r=db_r, W_z=dW_z, U_z=dU_z, b_z=db_z, W_n=dW_n, U_n=dU_n, b_n=db_n,
            b_hn=db_hn,
        ),
        Inputs(x=dx_steps),
        State(h=dh_prev_3),
    )
