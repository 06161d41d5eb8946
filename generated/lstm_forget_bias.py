# Made by graphgen 0.1.0 -O2 from lstm_forget_bias.yaml (sha256 c05799420d139f0a).
# Do not edit: change the spec and build again.
"""The LSTM of TensorFlow's BasicLSTMCell: one matrix for the forget, input, candidate and output rows,
in that order, over the input stacked on the hidden state, and a constant added to the forget gate
inside the sigmoid, so that a fresh cell remembers. In lstm the state comes first and no bias is
built in.

Source: "LSTM internals, part 3: the backward propagation", 2019; forget bias after Jozefowicz,
Zaremba and Sutskever, 2015

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

    W: Annotated[np.ndarray, "[4*n_h, n_h + n_x]"]
    b: Annotated[np.ndarray, "[4*n_h, 1]"]


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

    c_prev: Annotated[np.ndarray, "[n_h, m]"]
    z_concat: Annotated[np.ndarray, "[n_h + n_x, m]"]
    f: Annotated[np.ndarray, "[n_h, m]"]
    i: Annotated[np.ndarray, "[n_h, m]"]
    c_hat: Annotated[np.ndarray, "[n_h, m]"]
    o: Annotated[np.ndarray, "[n_h, m]"]
    tanh_c: Annotated[np.ndarray, "[n_h, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    x_rows: Annotated[np.ndarray, "[T*m, n_x]"]
    c_prev_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    f_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    i_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    c_hat_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    o_steps: Annotated[np.ndarray, "[T, m, n_h]"]
    c_steps: Annotated[np.ndarray, "[T, m, n_h]"]
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
    return Parameters(W=_glorot(rng, (4 * n_h, n_h + n_x), dtype), b=np.zeros((4 * n_h, 1), dtype))


def zero_state(*, n_h: int, m: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(h=np.zeros((n_h, m), dtype), c=np.zeros((n_h, m), dtype))


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State, Residuals]:
    """One step: the outputs, the next state and the residuals.

    1. z = W @ concat(x, h_prev) + b
    2. f = sigmoid(z[:n_h] + forget_bias)
    3. i = sigmoid(z[n_h:2*n_h])
    4. c_hat = tanh(z[2*n_h:3*n_h])
    5. o = sigmoid(z[3*n_h:])
    6. c = f * c_prev + i * c_hat
    7. h = o * tanh(c)
    """
    _FORWARD.check(parameters, inputs, state)
    W, b = parameters
    (x,) = inputs
    h_prev, c_prev = state
    n_h = h_prev.shape[0]  # hidden units

    # 1. z = W @ concat(x, h_prev) + b
    z_concat = np.concatenate([x, h_prev], axis=0)
    z = W @ z_concat + b

    # 2. f = sigmoid(z[:n_h] + forget_bias)
    f = sigmoid(z[:n_h] + 1)

    # 3. i = sigmoid(z[n_h:2*n_h])
    i = sigmoid(z[n_h:2 * n_h])

    # 4. c_hat = tanh(z[2*n_h:3*n_h])
    c_hat = np.tanh(z[2 * n_h:3 * n_h])

    # 5. o = sigmoid(z[3*n_h:])
    o = sigmoid(z[3 * n_h:])

    # 6. c = f * c_prev + i * c_hat
    c = f * c_prev + i * c_hat

    # 7. h = o * tanh(c)
    tanh_c = np.tanh(c)
    h = o * tanh_c

    return (
        Outputs(h=h),
        State(h=h, c=c),
        Residuals(c_prev=c_prev, z_concat=z_concat, f=f, i=i, c_hat=c_hat, o=o, tanh_c=tanh_c),
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
    c_prev, z_concat, f, i, c_hat, o, tanh_c = residuals
    W = parameters.W
    n_h, m = c_prev.shape          # hidden units, batch
    n_x = z_concat.shape[0] - n_h  # input features

    # the cotangents handed in; None counts as zero
    dh_output = _cotangent(d_outputs.h, (n_h, m), dtype)
    dh_state = _cotangent(d_state.h, (n_h, m), dtype)
    dc_state = _cotangent(d_state.c, (n_h, m), dtype)

    # 7. h = o * tanh(c)
    dh = dh_output + dh_state               # split: the sum over its uses
    do = dh * tanh_c                        # hadamard
    dtanh_c = dh * o                        # hadamard
    dc_h = dtanh_c * (1 - tanh_c * tanh_c)  # tanh

    # 6. c = f * c_prev + i * c_hat
    dc = dc_state + dc_h  # split: the sum over its uses
    di = dc * c_hat       # hadamard
    dc_hat = dc * i       # hadamard
    df = dc * c_prev      # hadamard
    dc_prev = dc * f      # hadamard

    # 5. o = sigmoid(z[3*n_h:])
    dz_4 = do * (o * (1 - o))  # sigmoid

    # 4. c_hat = tanh(z[2*n_h:3*n_h])
    dz_3 = dc_hat * (1 - c_hat * c_hat)  # tanh

    # 3. i = sigmoid(z[n_h:2*n_h])
    dz_2 = di * (i * (1 - i))  # sigmoid

    # 2. f = sigmoid(z[:n_h] + forget_bias)
    df_add = df * (f * (1 - f))  # sigmoid

    # 1. z = W @ concat(x, h_prev) + b
    dz = np.concatenate([df_add, dz_2, dz_3, dz_4], axis=0)  # split: side by side
    db = np.sum(dz, axis=1, keepdims=True)                   # addition, summed where it was broadcast
    dW = dz @ z_concat.T                                     # matrix product
    dz_concat = W.T @ dz                                     # matrix product
    dx = dz_concat[:n_x]                                     # concat
    dh_prev = dz_concat[n_x:]                                # concat

    return Gradients(Parameters(W=dW, b=db), Inputs(x=dx), State(h=dh_prev, c=dc_prev))


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
    W, b = parameters
    T, n_x, m = inputs.x.shape  # steps, input features, batch
    n_h = state.h.shape[0]      # hidden units
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    x_rows = np.reshape(np.swapaxes(inputs.x, -1, -2), (T * m, n_x))
    matmul_rows = workspace.array("forward_sequence.matmul_rows", (T, m, 4 * n_h), dtype)
    np.matmul(x_rows, W[:, :n_x].T, out=np.reshape(matmul_rows, (T * m, 4 * n_h)))
    np.add(matmul_rows, b.T, out=matmul_rows)

    # room for every step and for one; the workspace's is written again by the next call
    h_states = workspace.result("forward_sequence.h_states", (T + 1, m, n_h), dtype)
    h_states[0] = state.h.T
    c_states = workspace.result("forward_sequence.c_states", (T + 1, m, n_h), dtype)
    c_states[0] = state.c.T
    f_steps, i_steps, c_hat_steps, o_steps = workspace.result("forward_sequence.f_steps", (4, T, m, n_h), dtype)
    work = workspace.array("forward_sequence.work", (m, 4 * n_h), dtype)
    work_2, work_3 = workspace.array("forward_sequence.work_2", (2, m, n_h), dtype)
    for t in range(T):
        add_2 = matmul_rows[t]
        h_prev = h_states[t]
        c_prev = c_states[t]

        np.matmul(h_prev, W[:, n_x:].T, out=work)

        # 1. z = W @ concat(x, h_prev) + b
        z = np.add(add_2, work, out=work)

        # 2. f = sigmoid(z[:n_h] + forget_bias)
        np.add(z[:, :n_h], 1, out=work_2)
        f = sigmoid_into(work_2, f_steps[t])

        # 3. i = sigmoid(z[n_h:2*n_h])
        i = sigmoid_into(z[:, n_h:2 * n_h], i_steps[t])

        # 4. c_hat = tanh(z[2*n_h:3*n_h])
        c_hat = np.tanh(z[:, 2 * n_h:3 * n_h], out=c_hat_steps[t])

        # 5. o = sigmoid(z[3*n_h:])
        o = sigmoid_into(z[:, 3 * n_h:], o_steps[t])

        # 6. c = f * c_prev + i * c_hat
        np.multiply(f, c_prev, out=work_2)
        np.multiply(i, c_hat, out=work_3)
        c = np.add(work_2, work_3, out=c_states[t + 1])

        # 7. h = o * tanh(c)
        np.tanh(c, out=work_2)
        np.multiply(o, work_2, out=h_states[t + 1])  # h

    h_final_2 = h_states[-1].copy().T
    c_final_2 = c_states[-1].copy().T
    h_steps_2 = np.swapaxes(h_states[1:], -1, -2)

    return (
        Outputs(h=h_steps_2),
        State(h=h_final_2, c=c_final_2),
        SequenceResiduals(
            x_rows=x_rows, c_prev_steps=c_states[:-1], f_steps=f_steps, i_steps=i_steps,
            c_hat_steps=c_hat_steps, o_steps=o_steps, c_steps=c_states[1:], h_prev_steps=h_states[:-1],
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
    x_rows, c_prev_steps, f_steps, i_steps, c_hat_steps, o_steps, c_steps, h_prev_steps = residuals
    W = parameters.W
    n_x = x_rows.shape[1]           # input features
    T, m, n_h = c_prev_steps.shape  # steps, batch, hidden units
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
    dz_steps = workspace.array("backward_sequence.dz_steps", (T, m, 4 * n_h), dtype)
    work, work_2, work_3, work_4, work_5 = workspace.array("backward_sequence.work", (5, m, n_h), dtype)
    for t in reversed(range(T)):
        dh_output = dh_steps_2[t]
        c_prev = c_prev_steps[t]
        f = f_steps[t]
        i = i_steps[t]
        c_hat = c_hat_steps[t]
        o = o_steps[t]
        c = c_steps[t]

        # 7. h = o * tanh(c)
        dh_2 = np.add(dh_state, dh_output, out=dh_state)  # split: the sum over its uses
        np.tanh(c, out=work)
        do = np.multiply(dh_2, work, out=work_2)          # hadamard
        dtanh_c = np.multiply(dh_2, o, out=dh_state)      # hadamard
        np.multiply(work, work, out=work)
        np.subtract(1, work, out=work)
        dc_h = np.multiply(dtanh_c, work, out=dh_state)   # tanh

        # 6. c = f * c_prev + i * c_hat
        dc_2 = np.add(dc_state, dc_h, out=dc_state)  # split: the sum over its uses
        di = np.multiply(dc_2, c_hat, out=work)      # hadamard
        dc_hat = np.multiply(dc_2, i, out=work_3)    # hadamard
        df = np.multiply(dc_2, c_prev, out=work_4)   # hadamard
        np.multiply(dc_2, f, out=dc_state)           # dc_prev: hadamard

        # 5. o = sigmoid(z[3*n_h:])
        np.subtract(1, o, out=work_5)
        np.multiply(o, work_5, out=work_5)

        # 1. z = W @ concat(x, h_prev) + b
        dz = dz_steps[t]

        # 5. o = sigmoid(z[3*n_h:])
        np.multiply(do, work_5, out=dz[:, 3 * n_h:])  # dz_4: sigmoid

        # 4. c_hat = tanh(z[2*n_h:3*n_h])
        np.multiply(c_hat, c_hat, out=work_2)
        np.subtract(1, work_2, out=work_2)
        np.multiply(dc_hat, work_2, out=dz[:, 2 * n_h:3 * n_h])  # dz_3: tanh

        # 3. i = sigmoid(z[n_h:2*n_h])
        np.subtract(1, i, out=work_2)
        np.multiply(i, work_2, out=work_2)
        np.multiply(di, work_2, out=dz[:, n_h:2 * n_h])  # dz_2: sigmoid

        # 2. f = sigmoid(z[:n_h] + forget_bias)
        np.subtract(1, f, out=work)
        np.multiply(f, work, out=work)
        np.multiply(df, work, out=dz[:, :n_h])   # df_add: sigmoid
        np.matmul(dz, W[:, n_x:], out=dh_state)  # dh_prev: matrix product

    # for every step at once: no later step reads it
    dmatmul = np.reshape(dz_steps, (T * m, 4 * n_h))
    dW_2 = dmatmul.T @ np.reshape(h_prev_steps, (T * m, n_h))  # transpose
    db_T = np.sum(dz_steps, axis=(0, 1))[None]    # addition, summed where it was broadcast
    db = db_T.T                                   # transpose
    dx_T = workspace.result("backward_sequence.dx_T", (T, m, n_x), dtype)
    np.matmul(dmatmul, W[:, :n_x], out=np.reshape(dx_T, (T * m, n_x)))  # matrix product
    dW_1 = dmatmul.T @ x_rows                     # transpose
    dx_steps = np.swapaxes(dx_T, -1, -2)          # transpose
    dc_prev_2 = dc_state.T                        # transpose
    dh_prev_2 = dh_state.T                        # transpose
    dW = workspace.result("backward_sequence.dW", (4 * n_h, n_h + n_x), dtype)
    np.concatenate([dW_1, dW_2], axis=1, out=dW)  # split: side by side

    return Gradients(Parameters(W=dW, b=db), Inputs(x=dx_steps), State(h=dh_prev_2, c=dc_prev_2))


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
        where = f"lstm_forget_bias.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"lstm_forget_bias.backward at step {t}"
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
