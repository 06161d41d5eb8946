# Made by graphgen 0.1.0 -O1 from lstm_averaged.yaml (sha256 73b6417e18bb5a46).
# Do not edit: change the spec and build again.
"""The fused-gates LSTM, lstm, with the convention of the article it is from: the cost is a mean over
the m examples of a batch, the cotangents handed in belong to each example alone, and the 1/m is put
into the gradients of the parameters. With lstm the cotangents carry the 1/m themselves.

Source: Mukul Rathi, "Backpropagation through, well, anything!", 2018

Sizes:
    n_x: input features
    n_a: hidden units
    m: batch
"""

from typing import Annotated, Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W_g: Annotated[np.ndarray, "[3*n_a, n_a + n_x]"]
    b_g: Annotated[np.ndarray, "[3*n_a, 1]"]
    W_c: Annotated[np.ndarray, "[n_a, n_a + n_x]"]
    b_c: Annotated[np.ndarray, "[n_a, 1]"]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    x: Annotated[np.ndarray, "[n_x, m]"]


class State(NamedTuple):
    """What a step hands on to the next; as cotangents, one for each, or None."""

    a: Annotated[np.ndarray, "[n_a, m]"]
    c: Annotated[np.ndarray, "[n_a, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    a: Annotated[np.ndarray, "[n_a, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs
    state: State


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    c_prev: Annotated[np.ndarray, "[n_a, m]"]
    xc: Annotated[np.ndarray, "[n_a + n_x, m]"]
    gate: Annotated[np.ndarray, "[3*n_a, m]"]
    c_hat: Annotated[np.ndarray, "[n_a, m]"]
    tanh_c: Annotated[np.ndarray, "[n_a, m]"]


class SequenceResiduals(NamedTuple):
    """What the backward pass reads of every step."""

    c_prev_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    xc_steps: Annotated[np.ndarray, "[T, n_a + n_x, m]"]
    gate_steps: Annotated[np.ndarray, "[T, 3*n_a, m]"]
    c_hat_steps: Annotated[np.ndarray, "[T, n_a, m]"]
    tanh_c_steps: Annotated[np.ndarray, "[T, n_a, m]"]


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
        self.right: dict[Any, tuple[Any, np.dtype[Any]]] = {}  # shapes that were found to be right, with their dtypes
        self.fields = []
        for argument, record in records.items():
            lead = [steps] if steps and argument in ("inputs", "d_outputs") else []
            for field in record._fields:
                annotation = record.__annotations__[field]
                kind, _, dims = ("size", "", "") if annotation is int else annotation.__metadata__[0].partition("[")
                self.fields.append((f"{argument}.{field}", kind, [*lead, *filter(None, dims[:-1].split(", "))]))

    def check(self, *given: Any, **sizes: int) -> np.dtype[Any]:
        """The dtype of all floats; ValueError for the first array that is not what its record says.

        What was found to be right is remembered, so that the next call costs little.
        """
        try:
            arrays = [array for record in given for array in record]
            dtypes = [getattr(array, "dtype", None) for array in arrays]
            shapes = (*map(type, given), *sizes.values(), *[getattr(array, "shape", array) for array in arrays])
            known, dtype = self.right[shapes]
            if known == dtypes:
                return dtype
        except (KeyError, TypeError):  # seen for the first time, or no arrays at all
            pass
        dtype = self._compare(given, dict(sizes))
        if len(self.right) >= 1000:
            self.right.clear()
        self.right[shapes] = dtypes, dtype
        return dtype

    def _compare(self, given: Any, sizes: dict[str, int]) -> np.dtype[Any]:
        """Compare one array after the other: the first one with a size in its shape tells it to the others."""
        for (argument, record), values in zip(self.records.items(), given):
            if getattr(values, "_fields", None) != record._fields:
                expected = f"{record.__name__}({', '.join(record._fields)})"
                raise ValueError(f"{argument} is {_what(values)}, expected {expected}")
        rows = [(*row, array) for row, array in zip(self.fields, [array for record in given for array in record])]
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


def _traced(where: str, function: Any, *records: Any, **sizes: int) -> Any:
    """What a function returns; if there is a NaN in it, FloatingPointError from the operation that made it."""
    try:
        with np.errstate(all="ignore"):
            results = function(*records, **sizes)
            if not any(np.isnan(array).any() for _, array in _arrays(results) if array is not None):
                return results
            function(*(type(r)(*(_watched(array, name) for name, array in _arrays(r))) for r in records), **sizes)
            for name, array in _arrays(results):
                _watched(array, name)
    except FloatingPointError as error:
        error.args = (f"{where}: {error}",)
        raise


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end."""
    z = np.exp(np.minimum(x, -x))
    return np.where(x >= 0, 1, z) / (1 + z)


# what each function is handed: the records tell the shapes
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs, d_state=State)
_FORWARD_SEQUENCE = _Shapes("T", parameters=Parameters, inputs=Inputs, state=State)
_BACKWARD_SEQUENCE = _Shapes(
    "T", parameters=Parameters, residuals=SequenceResiduals, d_outputs=Outputs, d_final=State,
)


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
    _FORWARD.check(parameters, inputs, state)
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
    dtype = _BACKWARD.check(parameters, residuals, d_outputs, d_state)
    c_prev, xc, gate, c_hat, tanh_c = residuals
    W_g, W_c = parameters.W_g, parameters.W_c
    n_a, m = c_prev.shape  # hidden units, batch

    # the cotangents handed in; None counts as zero
    da_output = _cotangent(d_outputs.a, (n_a, m), dtype)
    da_state = _cotangent(d_state.a, (n_a, m), dtype)
    dc_state = _cotangent(d_state.c, (n_a, m), dtype)

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
    dc_hat_add = dc_hat * (1 - c_hat * c_hat)             # tanh
    # addition, summed where it was broadcast; 1/m: the cost is a mean
    db_c = np.sum(dc_hat_add, axis=1, keepdims=True) / m
    dW_c = dc_hat_add @ xc.T / m                          # matrix product; 1/m: the cost is a mean
    dxc_c_hat = W_c.T @ dc_hat_add                        # matrix product

    # 2. gate = sigmoid(W_g @ xc + b_g)
    dgate = np.concatenate([dgate_1, dgate_2, dgate_3], axis=0)  # split: side by side
    dgate_add = dgate * (gate * (1 - gate))              # sigmoid
    # addition, summed where it was broadcast; 1/m: the cost is a mean
    db_g = np.sum(dgate_add, axis=1, keepdims=True) / m
    dW_g = dgate_add @ xc.T / m                          # matrix product; 1/m: the cost is a mean
    dxc_gate = W_g.T @ dgate_add                         # matrix product

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
    dtype = _FORWARD_SEQUENCE.check(parameters, inputs, state)
    W_g, b_g, W_c, b_c = parameters
    a_prev, c_prev = state
    n_a = W_c.shape[0]          # hidden units
    T, n_x, m = inputs.x.shape  # steps, input features, batch

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
    dtype = _BACKWARD_SEQUENCE.check(parameters, residuals, d_outputs, d_final)
    c_prev_steps, xc_steps, gate_steps, c_hat_steps, tanh_c_steps = residuals
    W_g, W_c = parameters.W_g, parameters.W_c
    T, n_a, m = c_prev_steps.shape  # steps, hidden units, batch
    n_x = xc_steps.shape[1] - n_a   # input features

    # the cotangents handed in; None counts as zero
    da_steps = _cotangent(d_outputs.a, (T, n_a, m), dtype)
    da = _cotangent(d_final.a, (n_a, m), dtype)
    dc = _cotangent(d_final.c, (n_a, m), dtype)

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

    dW_g = dW_g / m  # 1/m: the cost is a mean
    db_g = db_g / m  # 1/m: the cost is a mean
    dW_c = dW_c / m  # 1/m: the cost is a mean
    db_c = db_c / m  # 1/m: the cost is a mean

    return Gradients(
        Parameters(W_g=dW_g, b_g=db_g, W_c=dW_c, b_c=db_c),
        Inputs(x=dx_steps),
        State(a=da, c=dc),
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
        where = f"lstm_averaged.forward at step {t}"
        _, state, residuals = _traced(where, forward, parameters, Inputs(*step), state)
        kept.append(residuals)

    if d_outputs is None and d_final is None:
        return
    d_outputs = Outputs(None) if d_outputs is None else d_outputs
    d_final = State(None, None) if d_final is None else d_final
    for t in reversed(range(len(kept))):
        where = f"lstm_averaged.backward at step {t}"
        d_step = Outputs(*(None if d is None else d[t] for d in d_outputs))
        d_final = _traced(where, backward, parameters, kept[t], d_step, d_final).state
