# Made by graphgen 0.1.0 -O2 from softmax_cross_entropy.yaml (sha256 23b3585ce51c9285).
# Do not edit: change the spec and build again.
"""A dense layer and the softmax cross-entropy of its scores against targets, one-hot or any other
distribution, averaged over the batch. The logarithm is taken of the softmax in one stable step,
never of a number that has already become zero.

Source: Bridle, 1990; the last layer of "LSTM internals, part 3"

Sizes:
    n_h: hidden units
    n_y: classes
    m: batch
"""

from typing import Annotated, Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What the cell learns; as gradients, one for each."""

    W: Annotated[np.ndarray, "[n_y, n_h]"]
    b: Annotated[np.ndarray, "[n_y, 1]"]


class Inputs(NamedTuple):
    """What a step reads; as gradients, one for each."""

    h: Annotated[np.ndarray, "[n_h, m]"]
    target: Annotated[np.ndarray, "[n_y, m]"]


class Outputs(NamedTuple):
    """What a step computes; as cotangents, one for each, or None."""

    loss: Annotated[np.ndarray, "[]"]
    scores: Annotated[np.ndarray, "[n_y, m]"]


class Gradients(NamedTuple):
    """What a backward function returns."""

    parameters: Parameters
    inputs: Inputs


class Residuals(NamedTuple):
    """What the backward pass reads of one step."""

    h: Annotated[np.ndarray, "[n_h, m]"]
    target: Annotated[np.ndarray, "[n_y, m]"]
    loss_log_softmax: Annotated[np.ndarray, "[n_y, m]"]


def init_parameters(
    rng: np.random.Generator,
    *,
    n_h: int,
    n_y: int,
    dtype: type = np.float64,
) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(W=_glorot(rng, (n_y, n_h), dtype), b=np.zeros((n_y, 1), dtype))


def forward(parameters: Parameters, inputs: Inputs) -> tuple[Outputs, Residuals]:
    """One step: the outputs and the residuals.

    1. scores = W @ h + b
    2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    """
    _FORWARD.check(parameters, inputs)
    W, b = parameters
    h, target = inputs
    m = h.shape[1]  # batch

    # 1. scores = W @ h + b
    scores = W @ h + b

    # 2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    loss_log_softmax = log_softmax(scores, axis=0)
    loss = -np.sum(target * loss_log_softmax) / m

    return (
        Outputs(loss=loss, scores=scores),
        Residuals(h=h, target=target, loss_log_softmax=loss_log_softmax),
    )


def backward(
    parameters: Parameters,
    residuals: Residuals,
    d_outputs: Outputs | None = None,
) -> Gradients:
    """The gradients of one step, from the cotangents of its results.

    A cotangent that is None counts as zero.
    """
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    dtype = _BACKWARD.check(parameters, residuals, d_outputs)
    h, target, loss_log_softmax = residuals
    W = parameters.W
    m = h.shape[1]         # batch
    n_y = target.shape[0]  # classes

    # the cotangents handed in; None counts as zero
    dloss = _cotangent(d_outputs.loss, (), dtype)
    dscores_output = _cotangent(d_outputs.scores, (n_y, m), dtype)

    # 2. loss = -sum(target * log_softmax(scores, axis=0)) / m
    dloss_negative = dloss / m                         # quotient
    dloss_sum = -dloss_negative                        # negative
    dtarget = dloss_sum * loss_log_softmax             # hadamard
    dloss_log_softmax = dloss_sum * target             # hadamard
    dloss_multiply = np.exp(loss_log_softmax) * np.sum(dloss_log_softmax, axis=0, keepdims=True)
    dscores_loss = dloss_log_softmax - dloss_multiply  # log_softmax

    # 1. scores = W @ h + b
    dscores = dscores_output + dscores_loss      # split: the sum over its uses
    db = np.sum(dscores, axis=1, keepdims=True)  # addition, summed where it was broadcast
    dW = dscores @ h.T                           # matrix product
    dh = W.T @ dscores                           # matrix product

    return Gradients(Parameters(W=dW, b=db), Inputs(h=dh, target=dtarget))


def trace_nan(parameters: Parameters, inputs: Inputs, d_outputs: Outputs | None = None) -> None:
    """Run one step: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    Then the same for the gradients, if cotangents are given.
    """
    _FORWARD.check(parameters, inputs)
    _, residuals = _traced("softmax_cross_entropy.forward", forward, parameters, inputs)
    if d_outputs is None:
        return
    d_outputs = Outputs(None, None) if d_outputs is None else d_outputs
    _traced("softmax_cross_entropy.backward", backward, parameters, residuals, d_outputs)


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


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """log(softmax(x)) along an axis, exact where softmax(x) is too small to be a number."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs)
_BACKWARD = _Shapes(parameters=Parameters, residuals=Residuals, d_outputs=Outputs)
