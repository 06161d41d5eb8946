"""Wrong use of a generated module: a ValueError that names the argument, what it is and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from graphgen.check.module import Trial, emptied, load
from graphgen.codegen.usage import _value
from graphgen.compiler import compile_cell
from graphgen.ir.shape import Dim
from graphgen.passes import LEVELS
from graphgen.resources import shipped_specs
from graphgen.spec.reader import read_text
from tests.shipped import compiled, module


class Call:
    """A call of one function of a module with arguments that are right, and with one array of them replaced."""

    def __init__(self, one: Trial, function: str) -> None:
        function_itself = getattr(one.module, function)
        told = {name: one.sizes[name] for name in signature(function_itself).parameters if name in one.sizes}
        self.function = partial(function_itself, **told)
        groups = ["inputs", "state"] if one.cell.states else ["inputs"]
        self.arguments = {"parameters": one.record("parameters", one.arrays)}
        if function.startswith("forward"):
            self.arguments |= {group: one.record(group, one.arrays) for group in groups}
            return
        final = "d_state" if one.length is None else "d_final"
        handed = {"d_outputs": "outputs", final: "state"} if one.cell.states else {"d_outputs": "outputs"}
        self.arguments["residuals"] = one.run(one.arrays)[1]
        self.arguments |= {name: one.record(group, one.cotangents) for name, group in handed.items()}

    def arrays(self) -> Iterator[tuple[str, str, Any]]:
        """Every array that is handed in, with its argument and its field."""
        for argument, record in self.arguments.items():
            for field, array in emptied(record):
                if isinstance(array, np.ndarray):
                    yield argument, field, array

    def message(self, argument: str, field: str, array: Any) -> str:
        """The message of the ValueError that an array in the place of the right one leads to; "" if it does not."""
        try:
            self.function(**{**self.arguments, argument: changed(self.arguments[argument], field, array)})
        except ValueError as error:
            return str(error)
        return ""


def changed(record: Any, field: str, value: Any) -> Any:
    """A record with another value in a field, which "encoder.W_g" is of a record within it."""
    name, _, rest = field.partition(".")
    return record._replace(**{name: changed(getattr(record, name), rest, value) if rest else value})


def calls(name: str) -> Iterator[Call]:
    """A call of each function of a shipped spec, at the level whose residuals differ most from what equations say."""
    done = compiled(name)
    for length, suffix in ((None, ""), (3, "_sequence")) if done.cell.states else ((None, ""),):
        one = Trial(module(name), done.cell, done.step.forward, length)
        functions = ("forward", "backward") if done.cell.backward else ("forward",)
        yield from (Call(one, f"{function}{suffix}") for function in functions)


every_spec = pytest.mark.parametrize("name", shipped_specs())


@every_spec
def test_every_array_has_its_rank_and_its_dtype(name: str) -> None:
    for call in calls(name):
        for argument, field, array in call.arrays():
            adapts = argument.startswith("d_") and array.ndim == 0  # the number that the cotangent of a loss is
            floats = array.dtype.kind == "f"
            wrong = [array[None], [array], "text", *([] if argument.startswith("d_") else [None])]
            wrong += [] if adapts else [array.astype(object)]
            for value in wrong:
                assert call.message(argument, field, value).startswith(f"{argument}.{field} is "), value
            for kind in [] if adapts else [int, complex, np.float32] if floats else [float]:
                message = call.message(argument, field, array.astype(kind))
                assert f"{argument}.{field} is {np.dtype(kind)}" in message  # or another differs from this, the first
                assert ", expected " in message


@every_spec
def test_an_array_of_another_size_is_refused_unless_it_alone_has_that_size(name: str) -> None:
    for call in calls(name):
        messages = []
        for argument, field, array in call.arrays():
            for axis in range(array.ndim):
                longer = np.concatenate([array, array.take([0], axis)], axis)
                messages.append(call.message(argument, field, longer))
        assert all(", expected " in message for message in messages if message)  # and never NumPy's own
        assert sum(map(bool, messages)) > len(messages) / 2 or len(messages) == 1


@every_spec
def test_records_are_the_functions_own(name: str) -> None:
    for call in calls(name):
        for argument, record in call.arguments.items():
            for path, within in ((argument, record), *records(argument, record)):
                for wrong in (tuple(within), within._asdict(), *([] if argument.startswith("d_") else [None])):
                    field = path.removeprefix(argument)[1:]
                    given = changed(record, field, wrong) if field else wrong
                    with pytest.raises(ValueError, match=f"^{path} is (a tuple|a dict|None), expected [A-Z]"):
                        call.function(**{**call.arguments, argument: given})


READ_TO_THE_END = [
    (name, field)
    for name, path in shipped_specs().items()
    for field in dict.fromkeys(re.findall(r"lengths=(\w+)", path.read_text("utf-8")))
]


@pytest.mark.parametrize(("name", "field"), READ_TO_THE_END)
def test_an_example_has_no_more_steps_than_there_are(name: str, field: str) -> None:
    for call in (call for call in calls(name) if "inputs" in call.arguments):
        right = getattr(call.arguments["inputs"], field)
        last = (1,) * right.ndim
        message = call.message("inputs", field, put(right, last, 99))
        steps = int(re.fullmatch(rf"{field} is 99 in .*, expected 0 to (\d+), the number of steps", message)[1])
        for length in (0, steps):
            assert call.message("inputs", field, put(right, last, length)) == ""
        for length in (-1, steps + 1):
            message = call.message("inputs", field, put(right, last, length))
            assert re.match(rf"{field} is {length} in element \[(1, )?1\], expected 0 to {steps}, ", message)


def put(array: np.ndarray, place: tuple[int, ...], value: int) -> np.ndarray:
    """An array with another value in one place."""
    other = array.copy()
    other[place] = value
    return other


def records(path: str, record: Any) -> Iterator[tuple[str, Any]]:
    """The records within a record, which are those of the specs that a model uses."""
    for name, value in record._asdict().items():
        if hasattr(value, "_fields"):
            yield f"{path}.{name}", value
            yield from records(f"{path}.{name}", value)


# What the messages say


def lstm() -> tuple[ModuleType, dict[str, Any]]:
    """The module of the LSTM, with 10 features, 20 units, a batch of 4 and 5 steps; and what its functions take."""
    module = load(compiled("lstm").source, "lstm")
    rng = np.random.default_rng(0)
    given = {"parameters": module.init_parameters(rng, n_x=10, n_a=20), "state": module.zero_state(n_a=20, m=4)}
    steps = {**given, "inputs": module.Inputs(rng.standard_normal((5, 10, 4)))}
    given["inputs"] = module.Inputs(rng.standard_normal((10, 4)))
    *_, residuals = module.forward(**given)
    *_, kept = module.forward_sequence(**steps)
    back = {"parameters": given["parameters"], "d_outputs": module.Outputs(None)}
    return module, {
        "forward": given,
        "backward": {**back, "residuals": residuals, "d_state": module.State(None, None)},
        "forward_sequence": steps,
        "backward_sequence": {**back, "residuals": kept, "d_final": module.State(None, None)},
    }


MESSAGES = {
    ("forward", "parameters.b_g"): (None, "None, expected float64 of shape [3*n_a, 1] with n_a=20"),
    ("forward", "parameters.W_g"): (
        np.zeros((61, 30)),
        "float64 of shape (61, 30), expected float64 of shape [3*n_a, n_a + n_x]",
    ),
    ("forward", "parameters.W_c"): (
        np.zeros((21, 30)),
        "float64 of shape (21, 30), expected float64 of shape [n_a, n_a + n_x] with n_a=20, n_x=10",
    ),
    ("forward", "inputs.x"): (
        np.zeros((10, 4), int),
        "int64 of shape (10, 4), expected float64 of shape [n_x, m] with n_x=10, m=4",
    ),
    ("forward", "state.a"): ([0.0], "a list, expected float64 of shape [n_a, m] with n_a=20, m=4"),
    ("forward_sequence", "inputs.x"): (
        np.zeros((10, 4)),
        "float64 of shape (10, 4), expected float64 of shape [T, n_x, m] with n_x=10",
    ),
    ("forward_sequence", "state.c"): (
        np.zeros((20, 4), np.float32),
        "float32 of shape (20, 4), expected float64 of shape [n_a, m] with n_a=20, m=4, as parameters.W_g is float64",
    ),
    ("backward", "d_state.c"): (
        np.zeros(20),
        "float64 of shape (20,), expected float64 of shape [n_a, m] with n_a=20, m=4",
    ),
    ("backward_sequence", "d_outputs.a"): (
        np.zeros((4, 20, 4)),
        "float64 of shape (4, 20, 4), expected float64 of shape [T, n_a, m] with T=5, n_a=20, m=4",
    ),
}


@pytest.mark.parametrize(("function", "place"), MESSAGES, ids=str)
def test_a_message_names_the_argument_its_shape_and_what_was_expected(function: str, place: str) -> None:
    module, calls = lstm()
    argument, field = place.split(".")
    array, message = MESSAGES[function, place]
    arguments = calls[function]
    wrong = {**arguments, argument: arguments[argument]._replace(**{field: array})}
    for _ in range(2):  # before and after the right arguments were met
        with pytest.raises(ValueError, match=f"^{re.escape(f'{place} is {message}')}$"):
            getattr(module, function)(**wrong)
        getattr(module, function)(**arguments)


def test_steps_do_not_pass_for_sequences() -> None:
    module, calls = lstm()
    kept = calls["backward_sequence"]["residuals"]
    with pytest.raises(ValueError, match=r"^residuals is a SequenceResiduals, expected Residuals\("):
        module.backward(**{**calls["backward"], "residuals": kept})


SPEC = (
    "cell: f\ndims: {n: n, m: m}\ninputs: {x: [m, n], y: [m, 2*n + 1], k: {shape: [m], dtype: int}, s: []}\n"
    "states: {h: [m]}\nequations:\n  - h = tanh(h_prev + s * sum(x, axis=1) * sum(y, axis=1)) * k\noutputs: [h]\n"
)


@pytest.mark.parametrize("level", LEVELS)
def test_all_inputs_of_a_sequence_have_as_many_steps(level: int) -> None:
    module = load(compile_cell(read_text(SPEC), level).source, "f")
    x, y, k, s = np.ones((7, 2, 3)), np.ones((7, 2, 7)), np.ones((7, 2), int), np.ones(7)
    right = module.Inputs(x, y, k, s)
    parameters, state = module.Parameters(), module.State(np.zeros(2))
    module.forward_sequence(parameters, right, state)
    for field, array in right._asdict().items():
        with pytest.raises(ValueError, match=r"expected .*\[T.* with T=[67]"):
            module.forward_sequence(parameters, right._replace(**{field: array[:6]}), state)
    with pytest.raises(ValueError, match=r"^inputs.k is float64 of shape \(7, 2\), expected int of shape \[T, m\]"):
        module.forward_sequence(parameters, right._replace(k=k + 0.5), state)


def test_one_number_may_be_a_number_of_pythons() -> None:
    module = load(compile_cell(read_text(SPEC), 1).source, "f")
    x = module.Inputs(np.ones((2, 3), np.float32), np.ones((2, 7), np.float32), np.ones(2, int), 0.5)
    outputs, _, _ = module.forward(module.Parameters(), x, module.State(np.zeros(2, np.float32)))
    assert outputs.h.dtype == np.float32


@pytest.mark.parametrize("level", LEVELS)
def test_sizes_of_quotients_are_compared_too(level: int) -> None:
    spec = (
        "cell: f\ndims: {m: m, n: n}\nparameters: {w: [4, 3, 3]}\ninputs: {x: [m, 3, n + 3]}\n"
        "equations:\n  - y = conv1d(x, w, stride=2)\noutputs: [y]\n"
    )
    module = load(compile_cell(read_text(spec), level).source, "f")
    parameters, inputs = module.Parameters(np.ones((4, 3, 3))), module.Inputs(np.ones((2, 3, 10)))
    outputs, residuals = module.forward(parameters, inputs)
    module.backward(parameters, residuals, outputs)
    with pytest.raises(
        ValueError, match=r"^d_outputs.y is float64 of shape \(2, 4, 5\), expected .*//2.* with m=2, n=7"
    ):
        module.backward(parameters, residuals, module.Outputs(np.ones((2, 4, 5))))


SIZES = {"k": 3, "n": 8, "n_a": 5}
DIMS = [
    Dim.of(0), Dim.of(7), Dim.of("n"), 3 * Dim.of("n_a") + Dim.of("n") - 2, Dim.of("n") * Dim.of("k") - Dim.of("n_a"),
    Dim.of("n_a") - Dim.of("k"), 5 - Dim.of("k"), (Dim.of("n") - 1) // 2, 2 * ((Dim.of("n") + 3) // 2) - 1,
    ((((Dim.of("n") - 1) // 2) - 1) // 3) * Dim.of("k") + Dim.of("n"), (Dim.of("k") - Dim.of("n")) // 2 + 9,
]  # fmt: skip


@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_a_module_reads_dims_as_they_are_written(dim: Dim) -> None:
    assert _value(str(dim), SIZES) == dim.evaluate(SIZES)
