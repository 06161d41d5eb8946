"""Numbers under stress: every shipped spec, at every level, where arrays are empty, long, large, tiny or infinite."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from graphgen import passes
from graphgen.check.module import Trial, emptied
from graphgen.check.numeric import Arrays
from graphgen.ir.shape import Dim, Shape
from tests.shipped import cell, compiled, module
from tests.support import DIFFERENTIATED as SPECS
from tests.support import assert_close

LEVELS = tuple(passes.LEVELS)
BATCH = "m"


class Stress(Trial):
    """A trial with a batch and a dtype of choice, its arrays small enough that nothing saturates by itself.

    `within` are sizes of other dims, such as the steps that a model scans.
    """

    def __init__(
        self,
        name: str,
        level: int,
        length: int | None,
        batch: int = 2,
        dtype: type = np.float64,
        within: Mapping[str, int] | None = None,
    ) -> None:
        self.batch, self.within = batch, within or {}
        done = compiled(name, level)
        super().__init__(module(name, level), done.cell, done.step.forward, length, narrow=True)
        self.arrays = cast(self.arrays, dtype)
        self.cotangents = cast(self.cotangents, dtype)

    def shape(self, key: str, shape: Shape) -> tuple[int, ...]:
        self.sizes |= {BATCH: self.batch, **self.within}
        return super().shape(key, shape)

    def both(self) -> dict[str, Any]:
        """All results, and all gradients under "d_…"."""
        results, _ = self.run(self.arrays)
        return {**results, **{f"d_{key}": gradient for key, gradient in self.gradients().items()}}

    def axis(self, key: str) -> int | None:
        """The axis of the batch, counted from the end."""
        leaves = {**self.graph.outputs, **self.graph.inputs}
        shape = leaves[key.removeprefix("d_")].shape
        return shape.index(Dim.of(BATCH)) - len(shape) if Dim.of(BATCH) in shape else None


def cast(arrays: Mapping[str, Any], dtype: type) -> dict[str, Any]:
    return {k: a if a is None or a.dtype.kind != "f" else a.astype(dtype) for k, a in arrays.items()}


CELLS = [name for name in SPECS if not cell(name).uses]
MODELS = [name for name in SPECS if name not in CELLS]  # at the default level, as what they use is tried at all
STATEFUL = [name for name in CELLS if cell(name).states]
STATEFUL_MODELS = [name for name in MODELS if cell(name).states]
SCANNING = [name for name in MODELS if "T" in cell(name).dims]
BATCHED = [name for name in CELLS if BATCH in cell(name).dims]
MEANS = (  # over the batch: 0/0 where it is empty
    "sigmoid_cross_entropy", "softmax_cross_entropy", "lstm_averaged", "conv_classifier", "character_language_model",
    "sentence_classifier", "sentence_classifier_mean", "sequence_classifier", "subword_classifier",
)  # fmt: skip
OF_INTEGERS = ("encoder_decoder_bahdanau", "encoder_decoder_luong")  # whose inputs are words and lengths alone
WEIGHED = {"word_language_model": "the loss is divided by the weights of all examples"}

every_spec = pytest.mark.parametrize("name", CELLS)
every_cell = pytest.mark.parametrize("name", STATEFUL)
every_stateful_model = pytest.mark.parametrize("name", STATEFUL_MODELS)
every_batched = pytest.mark.parametrize("name", BATCHED)
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


def length_of(name: str) -> int | None:
    return 3 if name in STATEFUL else None


# Sizes


@every_dtype
@pytest.mark.parametrize("name", [name for name in BATCHED if name not in MEANS])
def test_no_examples_have_no_gradient(name: str, dtype: type) -> None:
    for level in LEVELS:
        for length in (None, 2) if name in STATEFUL else (None,):
            assert_nothing(Stress(name, level, length, 0, dtype), dtype)


@every_dtype
@pytest.mark.parametrize("name", [n for n in MODELS if BATCH in cell(n).dims and n not in MEANS])
def test_no_examples_of_a_model_have_no_gradient(name: str, dtype: type) -> None:
    assert_nothing(Stress(name, max(LEVELS), 2 if name in STATEFUL_MODELS else None, 0, dtype), dtype)


def assert_nothing(one: Stress, dtype: type) -> None:
    """What a batch of none has is empty, and the gradients of the rest are zero, all in the given dtype."""
    for key, array in one.both().items():
        if array.dtype.kind == "f":
            assert array.dtype == dtype, key
        if one.axis(key) is None:
            assert not np.any(array), key
        else:
            assert array.shape[one.axis(key)] == 0, key


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("name", MEANS)
def test_the_mean_over_no_examples_is_nan(name: str) -> None:
    full = Stress(name, 1, None, 1)
    module = full.module
    arrays = {k: a if full.axis(k) is None else a.take([], full.axis(k)) for k, a in full.arrays.items()}
    groups = ("parameters", "inputs", "state") if full.cell.states else ("parameters", "inputs")
    with np.errstate(all="ignore"):
        outputs, *_, residuals = module.forward(*(full.record(group, arrays) for group in groups))
        seeds = module.Outputs(*(np.ones_like(array) for array in outputs))
        gradients = module.backward(full.record("parameters", arrays), residuals, seeds)
    assert any(np.isnan(array).any() for array in (*outputs, *dict(emptied(gradients.parameters)).values()))


@every_cell
@pytest.mark.parametrize("length", [1, 2, 17])
def test_a_sequence_is_its_steps(name: str, length: int) -> None:
    for level in LEVELS:
        assert_step_by_step(name, level, length)


@every_stateful_model
@pytest.mark.parametrize("length", [1, 2, 17])
def test_a_sequence_of_a_model_is_its_steps(name: str, length: int) -> None:
    assert_step_by_step(name, max(LEVELS), length)


@pytest.mark.parametrize("name", ["lstm", "gru_reset_after", "rnn_relu", "slstm"])
def test_a_long_sequence_is_its_steps(name: str) -> None:
    for level in LEVELS[1:]:
        assert_step_by_step(name, level, 1000)


def assert_step_by_step(name: str, level: int, length: int) -> None:
    """The functions of a sequence against those of one step, one after the other and back."""
    one = Stress(name, level, length)
    module, parameters, state = one.module, one.record("parameters", one.arrays), one.record("state", one.arrays)
    inputs, seeds = one.record("inputs", one.arrays), one.record("outputs", one.cotangents)
    steps = []
    for t in range(length):
        outputs, state, residuals = module.forward(parameters, module.Inputs(*(a[t] for a in inputs)), state)
        steps.append((outputs, residuals))
    expected = {f"state.{k}": a for k, a in state._asdict().items()}
    expected |= {f"outputs.{k}": np.stack([getattr(o, k) for o, _ in steps]) for k in outputs._fields}
    back, d_state = [], one.record("state", one.cotangents)
    for t in reversed(range(length)):
        d_outputs = module.Outputs(*(None if d is None else d[t] for d in seeds))
        gradients = module.backward(parameters, steps[t][1], d_outputs, d_state)
        d_state = gradients.state
        back.insert(0, gradients)
    expected |= {f"d_state.{k}": a for k, a in d_state._asdict().items()}
    each = [dict(emptied(gradients.parameters)) for gradients in back]
    expected |= {f"d_parameters.{path}": sum(step[path] for step in each) for path in each[0]}
    for field in inputs._fields:
        each = [getattr(gradients.inputs, field) for gradients in back]
        expected |= {f"d_inputs.{field}": np.stack(each)} if each[0] is not None else {}
    assert_close(one.both(), expected, 1e-12, f"O{level}")


SCANS = [*product(SCANNING, (1, 2, 17)), ("stacked_lstm", 1000), ("bidirectional_gru", 1000)]


@pytest.mark.parametrize(("name", "steps"), SCANS)
def test_a_model_scans_any_number_of_steps(name: str, steps: int) -> None:
    """As the level of one line per equation does, which is compared with all else at a few steps."""
    plain, fast = (Stress(name, level, None, within={"T": steps, "S": steps}) for level in (0, max(LEVELS)))
    for key, array in plain.arrays.items():
        if key.endswith(("lengths", "ends")):
            array[:] = [steps, 1]
            fast.arrays[key] = array
    assert_close(fast.both(), plain.both(), 1e-12)


# Chunked and ragged sequences


@every_cell
def test_a_sequence_in_chunks_is_the_sequence(name: str) -> None:
    for level in LEVELS:
        assert_in_chunks(name, level)


@every_stateful_model
def test_a_sequence_of_a_model_in_chunks_is_the_sequence(name: str) -> None:
    assert_in_chunks(name, max(LEVELS))


def assert_in_chunks(name: str, level: int) -> None:
    """Three steps and then four are seven, when the state is handed on and its cotangent back."""
    one = Stress(name, level, 7)
    whole, module, cut = one.both(), one.module, 3
    parameters, seeds = one.record("parameters", one.arrays), one.record("outputs", one.cotangents)
    inputs, state = one.record("inputs", one.arrays), one.record("state", one.arrays)
    first, second = (module.Inputs(*(a[part] for a in inputs)) for part in (slice(cut), slice(cut, None)))
    _, middle, kept = module.forward_sequence(parameters, first, state)
    _, final, kept_2 = module.forward_sequence(parameters, second, middle)
    d_first, d_second = (
        module.Outputs(*(d if d is None else d[part] for d in seeds)) for part in (slice(cut), slice(cut, None))
    )
    later = module.backward_sequence(parameters, kept_2, d_second, one.record("state", one.cotangents))
    sooner = module.backward_sequence(parameters, kept, d_first, later.state)
    found = {f"state.{k}": a for k, a in final._asdict().items()}
    found |= {f"d_state.{k}": a for k, a in sooner.state._asdict().items()}
    parts = [dict(emptied(gradients.parameters)) for gradients in (sooner, later)]
    found |= {f"d_parameters.{path}": parts[0][path] + parts[1][path] for path in parts[0]}
    assert_close(found, {key: whole[key] for key in found}, 1e-12, f"O{level}")


@every_cell
def test_steps_behind_the_end_of_an_example_change_nothing(name: str) -> None:
    """Examples of 3 and of 5 steps in one batch, the outputs of the padding without cotangents."""
    lengths = (3, 5)
    for level in LEVELS:
        one = Stress(name, level, max(lengths))
        for key, array in one.cotangents.items():
            if array is not None and key.startswith("outputs."):
                mask = np.ones_like(array)
                mask[(slice(lengths[0], None), *[slice(None)] * (array.ndim + one.axis(key) - 1), 0)] = 0
                one.cotangents[key] = array * mask
            elif array is not None:
                one.cotangents[key] = np.zeros_like(array)
        padded, total = one.both(), dict[str, Any]()
        for example, length in enumerate(lengths):
            alone = Stress(name, level, length, 1)
            alone.arrays = {key: part(one, key, array, example, length) for key, array in one.arrays.items()}
            alone.cotangents = {key: part(one, key, array, example, length) for key, array in one.cotangents.items()}
            for key, array in alone.both().items():
                if key.startswith("d_parameters."):
                    share = one.share(key[2:]) / alone.share(key[2:])  # a mean over the batch
                    total[key] = total.get(key, 0) + share * array
                elif key.startswith(("outputs.", "d_inputs.")):
                    assert_close({key: part(one, key, padded[key], example, length)}, {key: array}, 1e-12)
        assert_close({key: padded[key] for key in total}, total, 1e-12, f"O{level}")


def part(one: Stress, key: str, array: Any, example: int, length: int) -> Any:
    """One example of the batch, and its own steps."""
    if array is None:
        return None
    array = array if one.axis(key) is None else array.take([example], one.axis(key))
    return array[:length] if key.removeprefix("d_").startswith(("inputs.", "outputs.")) else array


# Numbers


@every_spec
def test_float32_computes_what_float64_does(name: str) -> None:
    for level in LEVELS:
        exact, single = (Stress(name, level, length_of(name) and 17, dtype=d) for d in (np.float64, np.float32))
        exact.arrays, exact.cotangents = cast(single.arrays, np.float64), cast(single.cotangents, np.float64)
        assert_close(single.both(), exact.both(), 1e-4, f"O{level}")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_float32_computes_what_it_does_in_float64(name: str) -> None:
    exact, single = (Stress(name, max(LEVELS), None, dtype=dtype) for dtype in (np.float64, np.float32))
    exact.arrays, exact.cotangents = cast(single.arrays, np.float64), cast(single.cotangents, np.float64)
    assert_close(single.both(), exact.both(), 1e-4)


@every_dtype
@every_spec
def test_saturated_gates_make_no_nan(name: str, dtype: type) -> None:
    """Inputs in the thousands.  Overflow on the way, as in exp(-x), is no fault where the quotient is right."""
    for level in LEVELS:
        one = Stress(name, level, length_of(name), dtype=dtype)
        one.arrays |= {k: a * dtype(1e4) for k, a in floats(one.arrays, "inputs.").items()}
        with np.errstate(all="ignore"):
            assert all(np.isfinite(array).all() for array in one.both().values()), f"O{level}"


@every_dtype
@pytest.mark.parametrize("name", MODELS)
def test_saturated_gates_of_a_model_make_no_nan(name: str, dtype: type) -> None:
    one = Stress(name, max(LEVELS), None, dtype=dtype)
    one.arrays |= {k: a * dtype(1e4) for k, a in floats(one.arrays, "inputs.").items()}
    with np.errstate(all="ignore"):
        assert all(np.isfinite(array).all() for array in one.both().values())


@every_dtype
@every_spec
def test_subnormal_numbers_are_numbers(name: str, dtype: type) -> None:
    for level in LEVELS:
        assert_finite_of_subnormal(name, level, dtype)


@every_dtype
@pytest.mark.parametrize("name", [n for n in MODELS if cell(n).states or n not in OF_INTEGERS])
def test_subnormal_numbers_are_numbers_to_a_model(name: str, dtype: type) -> None:
    assert_finite_of_subnormal(name, max(LEVELS), dtype)


def assert_finite_of_subnormal(name: str, level: int, dtype: type) -> None:
    """Inputs and states far below the smallest normal number: nothing is divided by what has become 0."""
    tiny = np.finfo(dtype).tiny / dtype(64)
    one = Stress(name, level, length_of(name), dtype=dtype)
    given = {**floats(one.arrays, "inputs."), **floats(one.arrays, "state.")}
    one.arrays |= {key: array * tiny for key, array in given.items()}
    assert any(np.any(array) for key, array in one.arrays.items() if key in given)
    with np.errstate(all="raise", under="ignore"):
        assert all(np.isfinite(array).all() for array in one.both().values()), f"O{level}"


@pytest.mark.parametrize("name", [n for n in MODELS if BATCH in cell(n).dims and n not in WEIGHED])
def test_an_infinity_in_one_example_of_a_model_leaves_the_others_alone(name: str) -> None:
    assert_apart(name, max(LEVELS))


def floats(arrays: Arrays, group: str) -> Arrays:
    return {key: array for key, array in arrays.items() if key.startswith(group) and array.dtype.kind == "f"}


@every_batched
def test_an_infinity_in_one_example_leaves_the_others_alone(name: str) -> None:
    for level in LEVELS:
        assert_apart(name, level)


def assert_apart(name: str, level: int) -> None:
    """Of three examples the second is infinite, and the results and gradients of the others stay as they were."""
    one = Stress(name, level, length_of(name), 3)
    before = one.both()
    for key, array in floats(one.arrays, "inputs.").items():
        if one.axis(key) is not None:
            spoilt = array.copy()
            np.moveaxis(spoilt, one.axis(key), 0)[1] = np.inf
            one.arrays[key] = spoilt
    with np.errstate(all="ignore"):
        after = one.both()
    kept = {key: array for key, array in before.items() if one.axis(key) is not None}
    assert kept
    others = [{key: found[key].take([0, 2], one.axis(key)) for key in kept} for found in (after, before)]
    assert_close(*others, 1e-13, f"O{level}")
