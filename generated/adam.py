# Made by graphgen 0.1.0 -O2 from adam.yaml (sha256 16076d3cb6369c6c).
# Do not edit: change the spec and build again.
"""Adaptive moments: running means of the gradient and of its square, corrected for their start at
zero; t counts the steps.

Source: Kingma and Ba, "Adam, a method for stochastic optimization", ICLR 2015, algorithm 1

Sizes:
    n: parameters
"""

import sys
from typing import Annotated, Any, NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """What is set once and for all steps."""

    rate: Annotated[np.ndarray, "[]"]
    beta1: Annotated[np.ndarray, "[]"]
    beta2: Annotated[np.ndarray, "[]"]
    epsilon: Annotated[np.ndarray, "[]"]


class Inputs(NamedTuple):
    """What a step reads."""

    gradient: Annotated[np.ndarray, "[n]"]


class State(NamedTuple):
    """What a step hands on to the next."""

    theta: Annotated[np.ndarray, "[n]"]
    m: Annotated[np.ndarray, "[n]"]
    v: Annotated[np.ndarray, "[n]"]
    t: Annotated[np.ndarray, "[]"]


class Outputs(NamedTuple):
    """What a step computes."""

    theta: Annotated[np.ndarray, "[n]"]


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


def init_parameters(rng: np.random.Generator, *, dtype: type = np.float64) -> Parameters:
    """Fresh parameters, drawn from a random generator."""
    return Parameters(
        rate=np.full((), 0.001, dtype),
        beta1=np.full((), 0.9, dtype),
        beta2=np.full((), 0.999, dtype),
        epsilon=np.full((), 1e-08, dtype),
    )


def zero_state(*, n: int, dtype: type = np.float64) -> State:
    """A state of zeros."""
    return State(
        theta=np.zeros((n,), dtype),
        m=np.zeros((n,), dtype),
        v=np.zeros((n,), dtype),
        t=np.zeros((), dtype),
    )


def forward(parameters: Parameters, inputs: Inputs, state: State) -> tuple[Outputs, State]:
    """One step: the outputs and the next state.

    1. t = t_prev + 1
    2. m = beta1 * m_prev + (1 - beta1) * gradient
    3. v = beta2 * v_prev + (1 - beta2) * gradient**2
    4. m_hat = m / (1 - beta1**t)
    5. v_hat = v / (1 - beta2**t)
    6. theta = theta_prev - rate * m_hat / (sqrt(v_hat) + epsilon)
    """
    _FORWARD.check(parameters, inputs, state)
    rate, beta1, beta2, epsilon = parameters
    (gradient,) = inputs
    theta_prev, m_prev, v_prev, t_prev = state

    # 1. t = t_prev + 1
    t = t_prev + 1

    # 2. m = beta1 * m_prev + (1 - beta1) * gradient
    m = beta1 * m_prev + (1 - beta1) * gradient

    # 3. v = beta2 * v_prev + (1 - beta2) * gradient**2
    v = beta2 * v_prev + (1 - beta2) * gradient ** 2

    # 4. m_hat = m / (1 - beta1**t)
    m_hat = m / (1 - beta1 ** t)

    # 5. v_hat = v / (1 - beta2**t)
    v_hat = v / (1 - beta2 ** t)

    # 6. theta = theta_prev - rate * m_hat / (sqrt(v_hat) + epsilon)
    theta = theta_prev - rate * m_hat / (np.sqrt(v_hat) + epsilon)

    return Outputs(theta=theta), State(theta=theta, m=m, v=v, t=t)


def forward_sequence(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    workspace: Workspace | None = None,
) -> tuple[Outputs, State]:
    """T steps: the outputs of every step and the final state.

    Every input has a leading axis of T steps, and so has every output.
    """
    dtype = _FORWARD_SEQUENCE.check(parameters, inputs, state)
    rate, beta1, beta2, epsilon = parameters
    T, n = inputs.gradient.shape  # steps, parameters
    workspace = Workspace() if workspace is None else workspace

    # for every step at once: does not read the state
    multiply_steps = workspace.array("forward_sequence.multiply_steps", (T, n), dtype)
    np.multiply(1 - beta1, inputs.gradient, out=multiply_steps)
    power = workspace.array("forward_sequence.power", (T, n), dtype)
    np.power(inputs.gradient, 2, out=power)
    np.multiply(1 - beta2, power, out=power)

    # room for every step and for one; the workspace's is written again by the next call
    theta_states = workspace.result("forward_sequence.theta_states", (T + 1, n), dtype)
    theta_states[0] = state.theta
    m_prev = np.array(state.m, dtype, order="C")
    v_prev = np.array(state.v, dtype, order="C")
    t_prev = np.array(state.t, dtype, order="C")
    work, work_2 = workspace.array("forward_sequence.work", (2, n), dtype)
    for t_2 in range(T):
        multiply_2 = multiply_steps[t_2]
        multiply_3_2 = power[t_2]
        theta_prev = theta_states[t_2]

        # 1. t = t_prev + 1
        t = t_prev + 1

        # 2. m = beta1 * m_prev + (1 - beta1) * gradient
        np.multiply(beta1, m_prev, out=m_prev)
        m = np.add(m_prev, multiply_2, out=m_prev)

        # 3. v = beta2 * v_prev + (1 - beta2) * gradient**2
        np.multiply(beta2, v_prev, out=v_prev)
        v = np.add(v_prev, multiply_3_2, out=v_prev)

        # 4. m_hat = m / (1 - beta1**t)
        m_hat = np.divide(m, 1 - beta1 ** t, out=work)

        # 5. v_hat = v / (1 - beta2**t)
        v_hat = np.divide(v, 1 - beta2 ** t, out=work_2)

        # 6. theta = theta_prev - rate * m_hat / (sqrt(v_hat) + epsilon)
        np.multiply(rate, m_hat, out=work)
        np.sqrt(v_hat, out=work_2)
        np.add(work_2, epsilon, out=work_2)
        np.divide(work, work_2, out=work)
        np.subtract(theta_prev, work, out=theta_states[t_2 + 1])  # theta

        # of this step: what is kept, and what the next one starts from
        t_prev[...] = t

    return (
        Outputs(theta=theta_states[1:]),
        State(theta=theta_states[-1].copy(), m=m_prev, v=v_prev, t=t_prev),
    )


def trace_nan(parameters: Parameters, inputs: Inputs, state: State) -> None:
    """Run T steps one by one: FloatingPointError from the operation that makes the first NaN.

    The traceback ends at the operation under its equation; the message tells the element, and what it was made of.
    """
    _FORWARD_SEQUENCE.check(parameters, inputs, state)
    for t, step in enumerate(zip(*inputs)):
        where = f"adam.forward at step {t}"
        _, state = _traced(where, forward, parameters, Inputs(*step), state)


# What the functions call.


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


# What each function is handed: the records tell the shapes.
_FORWARD = _Shapes(parameters=Parameters, inputs=Inputs, state=State)
_FORWARD_SEQUENCE = _Shapes("T", parameters=Parameters, inputs=Inputs, state=State)
