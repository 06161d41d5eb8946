# Made by graphgen 0.1.0 -O2 from gru_junction_rules.yaml (sha256 b3e1d205367c0d71).
# Do not edit: change the spec and build again.
"""The gated recurrent unit as the article on junction rules has it: no biases, the reset gate applied
before the recurrent product, and the update gate z weighing the candidate (in gru_reset_after and
gru_reset_before z weighs the old state instead).

Source: Cho et al., arXiv 1406.1078, as written in "Computational graphs for backprop"

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
    W_z: Annotated[np.ndarray, "[n_h, n_x]"]
    U_z: Annotated[np.ndarray, "[n_h, n_h]"]
    W_h: Annotated[np.ndarray, "[n_h, n_x]"]
    U_h: Annotated[np.ndarray, "[n_h, n_h]"]


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
    h_hat: Annotated[np.ndarray, "[n_h, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: Annotated[np.ndarray, "[T*m, n_x]"]
    W_packed: Annotated[np.ndarray, "[3*n_h, n_x]"]
    U_packed: Annotated[np.ndarray, "[2*n_h, n_h]"]
    h_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    r_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    z_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    h_hat_steps: Annotated[np.ndarray, "[T, m, n_h]"]


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
        W_z=_glorot(rng, (n_h, n_x), dtype),
        U_z=_orthogonal(rng, (n_h, n_h), dtype),
        W_h=_glorot(rng, (n_h, n_x), dtype),
        U_h=_orthogonal(rng, (n_h, n_h), dtype),
    )


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(h=np.zeros((n_h, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. r = sigmoid(U_r @ h_prev + W_r @ x)
    2. z = sigmoid(U_z @ h_prev + W_z @ x)
    3. h_hat = tanh(U_h @ (r * h_prev) + W_h @ x)
    4. h = (1 - z) * h_prev + z * h_hat
    """
    _FORWARD.check(parameters, inputs, state)
    W_r, U_r, W_z, U_z, W_h, U_h = parameters
    (x,) = inputs
    (h_prev,) = state

    # 1. r = sigmoid(U_r @ h_prev + W_r @ x)
    r = sigmoid(U_r @ h_prev + W_r @ x)

    # 2. z = sigmoid(U_z @ h_prev + W_z @ x)
    z = sigmoid(U_z @ h_prev + W_z @ x)

    # 3. h_hat = tanh(U_h @ (r * h_prev) + W_h @ x)
    h_hat = np.tanh(U_h @ (r * h_prev) + W_h @ x)

    # 4. h = (1 - z) * h_prev + z * h_hat
    h = (1 - z) * h_prev + z * h_hat

    return Outputs(h=h), State(h=h), Residuals(x=x, h_prev=h_prev, r=r, z=z, h_hat=h_hat)


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
    x, h_prev, r, z, h_hat = residuals
    W_r, U_r, W_z, U_z, W_h, U_h = parameters
    m = x.shape[1]         # batch
    n_h = h_prev.shape[0]  # hidden units

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent(d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent(d_state.h, (n_h, m), dtype)

    # 4. h = (1 - z) * h_prev + z * h_hat
    dh = dh_output + dh_state    # split: the sum over its uses
    dz_h = dh * h_hat            # hadamard
    dh_hat = dh * z              # hadamard
    dh_subtract = dh * h_prev    # hadamard
    h_subtract = 1 - z
    dh_prev_h = dh * h_subtract  # hadamard

    # 3. h_hat = tanh(U_h @ (r * h_prev) + W_h @ x)
    dh_hat_add = dh_hat * (1 - h_hat * h_hat)  # tanh
    dW_h = dh_hat_add @ x.T                    # matrix product
    dx_h_hat = W_h.T @ dh_hat_add              # matrix product
    dU_h = dh_hat_add @ (r * h_prev).T         # matrix product
    dh_hat_multiply = U_h.T @ dh_hat_add       # matrix product
    dr = dh_hat_multiply * h_prev              # hadamard
    dh_prev_h_hat = dh_hat_multiply * r        # hadamard

    # 2. z = sigmoid(U_z @ h_prev + W_z @ x)
    dz = dz_h - dh_subtract         # split: the sum over its uses
    dz_add = dz * (z * h_subtract)  # sigmoid
    dW_z = dz_add @ x.T             # matrix product
    dx_z = W_z.T @ dz_add           # matrix product
    dU_z = dz_add @ h_prev.T        # matrix product
    dh_prev_z = U_z.T @ dz_add      # matrix product

    # 1. r = sigmoid(U_r @ h_prev + W_r @ x)
    dr_add = dr * (r * (1 - r))  # sigmoid
    dW_r = dr_add @ x.T          # matrix product
    dx_r = W_r.T @ dr_add        # matrix product
    dU_r = dr_add @ h_prev.T     # matrix product
    dh_prev_r = U_r.T @ dr_add   # matrix product
    dh_prev = dh_prev_h + dh_prev_h_hat + dh_prev_z + dh_prev_r  # split: the sum over its uses
    dx = dx_h_hat + dx_z + dx_r  # split: the sum over its uses

    return Gradients(
        Parameters(W_r=dW_r, U_r=dU_r, W_z=dW_z, U_z=dU_z, W_h=dW_h, U_h=dU_h),
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
    W_r, U_r, W_z, U_z, W_h, U_h = parameters
    n_h, n_x = W_r.shape   # hidden units, input features
    T = inputs.x.shape[0]  # steps
    m = inputs.x.shape[2]  # batch
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    W_packed = workspace.result("forward_sequence.W_packed", (3 * n_h, n_x), dtype)
    np.concatenate([W_r, W_z, W_h], axis=0, out=W_packed)
    matmul = workspace.array("forward_sequence.matmul", (T * m, 3 * n_h), dtype)
    np.matmul(x_rows, W_packed.T, out=matmul)

    # once for all steps: the same at each
    U_packed = workspace.result("forward_sequence.U_packed", (2 * n_h, n_h), dtype)
    np.concatenate([U_r, U_z], axis=0, out=U_packed)

    # for every step at once: does not read the state
    matmul_2_steps = np.reshape(matmul, (T, m, 3 * n_h))

    # room for every step and for one; the workspace's is written again by the next call
    h_states = workspace.result("forward_sequence.h_states", (T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    r_steps, z_steps, h_hat_steps = workspace.result("forward_sequence.r_steps", (3, T, m, n_h), dtype)
    work = workspace.array("forward_sequence.work", (m, 2 * n_h), dtype)
    work_2, work_3 = workspace.array("forward_sequence.work_2", (2, m, n_h), dtype)
    for t in range(T):
        matmul_2_2 = matmul_2_steps[t]
        h_prev = h_states[t]

        np.matmul(h_prev, U_packed.T, out=work)
        np.add(work, matmul_2_2[:, :2 * n_h], out=work)

        # 1. r = sigmoid(U_r @ h_prev + W_r @ x)
        r = sigmoid_into(work[:, :n_h], r_steps[t])

        # 2. z = sigmoid(U_z @ h_prev + W_z @ x)
        z = sigmoid_into(work[:, n_h:], z_steps[t])

        # 3. h_hat = tanh(U_h @ (r * h_prev) + W_h @ x)
        np.multiply(r, h_prev, out=work_2)
        np.matmul(work_2, U_h.T, out=work_3)
        np.add(work_3, matmul_2_2[:, 2 * n_h:], out=work_3)
        h_hat = np.tanh(work_3, out=h_hat_steps[t])

        # 4. h = (1 - z) * h_prev + z * h_hat
        np.subtract(1, z, out=work_2)
        np.multiply(work_2, h_prev, out=work_2)
        np.multiply(z, h_hat, out=work_3)
        np.add(work_2, work_3, out=h_states[t + 1])  # h

    h_final_2 = h_states[-1].copy().T
    h_steps_2 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_2),
        State(h=h_final_2),
        SequenceResiduals(
            x_rows=x_rows, W_packed=W_packed, U_packed=U_packed, h_prev_steps=h_states[:-1],
            r_steps=r_steps, z_steps=z_steps, h_hat_steps=h_hat_steps,
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
    x_rows, W_packed, U_packed, h_prev_steps, r_steps, z_steps, h_hat_steps = residuals
    U_h = parameters.U_h
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
    dr_z_sums_steps = workspace.array("backward_sequence.dr_z_sums_steps", (T, m, 2 * n_h), dtype)
    dh_hat_add_steps = workspace.array("backward_sequence.dh_hat_add_steps", (T, m, n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward_sequence.work", (5, m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        h_prev = h_prev_steps[t]
        r = r_steps[t]
        z = z_steps[t]
        h_hat = h_hat_steps[t]

        # 4. h = (1 - z) * h_prev + z * h_hat
        dh_2 = np.add(dh_state, dh_output, out=dh_state)     # split: the sum over its uses
        dz_h = np.multiply(dh_2, h_hat, out=work)            # hadamard
        dh_hat = np.multiply(dh_2, z, out=work_2)            # hadamard
        dh_subtract = np.multiply(dh_2, h_prev, out=work_3)  # hadamard
        np.subtract(1, z, out=work_4)
        dh_prev_h = np.multiply(dh_2, work_4, out=dh_state)  # hadamard

        # 3. h_hat = tanh(U_h @ (r * h_prev) + W_h @ x)
        np.multiply(h_hat, h_hat, out=work_5)
        np.subtract(1, work_5, out=work_5)
        dh_hat_add = np.multiply(dh_hat, work_5, out=dh_hat_add_steps[t])  # tanh
        dh_hat_multiply = np.matmul(dh_hat_add, U_h, out=work_2)  # matrix product
        dr = np.multiply(dh_hat_multiply, h_prev, out=work_5)     # hadamard
        dh_prev_h_hat = np.multiply(dh_hat_multiply, r, out=work_2)  # hadamard

        # 2. z = sigmoid(U_z @ h_prev + W_z @ x)
        dz = np.subtract(dz_h, dh_subtract, out=work)    # split: the sum over its uses
        np.multiply(z, work_4, out=work_4)
        dr_z_sums = dr_z_sums_steps[t]
        np.multiply(dz, work_4, out=dr_z_sums[:, n_h:])  # dz_slice: sigmoid

        # 1. r = sigmoid(U_r @ h_prev + W_r @ x)
        np.subtract(1, r, out=work)
        np.multiply(r, work, out=work)
        np.multiply(dr, work, out=dr_z_sums[:, :n_h])       # dr_slice: sigmoid
        dh_prev = np.matmul(dr_z_sums, U_packed, out=work)  # matrix product
        np.add(dh_prev_h, dh_prev_h_hat, out=dh_state)
        np.add(dh_state, dh_prev, out=dh_state)             # dh_prev_2: split: the sum over its uses

    # for every step at once: no later step reads it
    dr_slice_steps = dr_z_sums_steps[:, :, :n_h]  # sigmoid
    dz_slice_steps = dr_z_sums_steps[:, :, n_h:]  # sigmoid
    dmatmul = workspace.array("backward_sequence.dmatmul", (T * m, 3 * n_h), dtype)
    # split: side by side
    np.concatenate([dr_slice_steps, dz_slice_steps, dh_hat_add_steps], axis=2,
        out=np.reshape(dmatmul, (T, m, 3 * n_h)))
    multiply_rows = workspace.array("backward_sequence.multiply_rows", (T * m, n_h), dtype)
    np.multiply(r_steps, h_prev_steps, out=np.reshape(multiply_rows, (T, m, n_h)))
    dU_h = workspace.result("backward_sequence.dU_h", (n_h, n_h), dtype)
    np.matmul(np.reshape(dh_hat_add_steps, (T * m, n_h)).T, multiply_rows, out=dU_h)  # transpose
    dU_packed = workspace.result("backward_sequence.dU_packed", (2 * n_h, n_h), dtype)
    # transpose
    np.matmul(np.reshape(dr_z_sums_steps, (T * m, 2 * n_h)).T,
        np.reshape(h_prev_steps, (T * m, n_h)),
        out=dU_packed)
    dU_r = dU_packed[:n_h]                        # concat
    dU_z = dU_packed[n_h:]                        # concat
    dx_T = workspace.result("backward_sequence.dx_T", (T, m, n_x), dtype)
    np.matmul(dmatmul, W_packed, out=np.reshape(dx_T, (T * m, n_x)))  # matrix product
    dW_packed = workspace.result("backward_sequence.dW_packed", (3 * n_h, n_x), dtype)
    np.matmul(dmatmul.T, x_rows, out=dW_packed)   # transpose
    dW_r = dW_packed[:n_h]                        # concat
    dW_z = dW_packed[n_h:2 * n_h]                 # concat
    dW_h = dW_packed[2 * n_h:]                    # concat
    dx_steps = np.swapaxes(dx_T, -1, -2)          # transpose
    dh_prev_3 = dh_state.T                        # transpose

    return Gradients(
        Parameters(W_r=dW_r, U_r=dU_r, W_z=dW_z, U_z=dU_z, W_h=dW_h, U_h=dU_h),
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
        where = f"gru_junction_rules.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"gru_junction_rules.backward at step {t}"
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
