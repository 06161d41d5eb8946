"""Every shipped spec, at every level: against numbers, against its own graphs, and against JAX."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from graphgen import passes
from graphgen.check.module import Trial, check, emptied, load
from graphgen.compiler import Compilation, compile_cell
from graphgen.ir.evaluate import evaluate
from graphgen.ir.shape import Shape
from graphgen.resources import shipped_specs
from tests.directions import assert_derivatives
from tests.oracle import by_jax
from tests.shipped import compiled, module
from tests.support import DIFFERENTIATED, HELPERS, assert_close

SPECS = shipped_specs()
LEVELS = tuple(passes.LEVELS)
CASES = [pytest.param(name, level, id=f"{name}-O{level}") for name in SPECS for level in LEVELS]
LENGTHS = (1, 2, 5)

every_spec = pytest.mark.parametrize("name", SPECS)
every_differentiated = pytest.mark.parametrize("name", DIFFERENTIATED)
every_case = pytest.mark.parametrize(("name", "level"), CASES)


def is_model(name: str) -> bool:
    """Whether a spec uses others."""
    return "\nuses:" in SPECS[name].read_text("utf-8")


def trial(name: str, level: int, length: int | None = None, kind: type[Trial] = Trial) -> Trial:
    """The module's step, or its functions over a sequence of a length, with random arrays and cotangents."""
    done = compiled(name, level)
    return kind(module(name, level), done.cell, done.step.forward, length)


def trials(name: str, level: int, kind: type[Trial] = Trial) -> list[Trial]:
    """The step, and sequences of every length if the cell has a state."""
    lengths = (None, *LENGTHS) if compiled(name, level).cell.states else (None,)
    return [trial(name, level, length, kind) for length in lengths]


class OneExample(Trial):
    """A trial with a batch of one."""

    def shape(self, key: str, shape: Shape) -> tuple[int, ...]:
        self.sizes["m"] = 1
        return super().shape(key, shape)


class SinglePrecision(Trial):
    """A trial whose arrays and cotangents are float32."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrays = {key: single(array) for key, array in self.arrays.items()}
        self.cotangents = {key: single(array) for key, array in self.cotangents.items()}


def single(array: Any) -> Any:
    return array.astype(np.float32) if np.asarray(array).dtype.kind == "f" else array


# Gradients against numbers

# A model has many gradients, each of many elements: those are compared one by one with JAX's, below.
CELLS = [name for name in DIFFERENTIATED if not is_model(name)]


@pytest.mark.parametrize("name", CELLS)
def test_gradients_agree_with_the_complex_step_and_central_differences(name: str) -> None:
    done = compiled(name)
    report = check(done.source, done.cell, done.step.forward)
    assert report.rows
    assert [row for row in report.rows if not row.ok] == []
    assert all(row.exact is None or row.exact <= 1e-12 for row in report.rows)


@every_differentiated
def test_gradients_agree_along_random_directions(name: str) -> None:
    for level in LEVELS:
        for one in trials(name, level):
            assert_derivatives(one, f"O{level}")


# The emitted text against the graphs it was made from


@every_case
def test_a_module_computes_what_its_graphs_say(name: str, level: int) -> None:
    for one in trials(name, level):
        assert_as_evaluated(one, compiled(name, level))


@every_case
def test_a_batch_of_one(name: str, level: int) -> None:
    for one in trials(name, level, OneExample):
        assert_as_evaluated(one, compiled(name, level))


def assert_as_evaluated(one: Trial, done: Compilation) -> None:
    step = done.step if one.length is None else done.sequence
    assert step is not None
    results, _ = one.run(one.arrays)
    cotangents = {f"d_{key}": cotangent for key, cotangent in one.cotangents.items() if cotangent is not None}
    backward = evaluate(step.backward, {**one.arrays, **cotangents}, HELPERS, one.sizes)
    assert_close(results, evaluate(step.forward, one.arrays, HELPERS, one.sizes), 1e-13)
    assert_close(one.gradients(), backward, 1e-13)


@every_spec
def test_the_levels_agree(name: str) -> None:
    for one, *others in zip(*(trials(name, level) for level in LEVELS)):
        results, gradients = one.run(one.arrays)[0], one.gradients()
        for other in others:
            assert_close(other.run(one.arrays)[0], results, 1e-13)
            assert_close(other.gradients(), gradients, 1e-13)


# Values and gradients against JAX, which runs the equations themselves


@every_spec
def test_values_and_gradients_are_those_of_jax(name: str) -> None:
    cell = compiled(name, passes.DEFAULT).cell
    lengths = (None, LENGTHS[1 if cell.uses else -1]) if cell.states else (None,)
    for length in lengths:
        levels = [trial(name, level, length) for level in LEVELS]  # which draw the same arrays
        results, gradients = by_jax(levels[0])
        for one in levels:
            assert_close(one.run(one.arrays)[0], results, 1e-12)
            assert_close(one.gradients(), gradients, 1e-12)


# The same without a backward pass


@every_differentiated
def test_a_module_without_backward_computes_the_same(name: str) -> None:
    for level in LEVELS:
        done = compiled(name, level)
        alone = compile_cell(replace(done.cell, backward=False, average_over=None), level)
        without = load(alone.source, name)
        assert not {"backward", "Residuals", "Gradients"} & set(vars(without))
        for one in trials(name, level):
            other = type(one)(without, alone.cell, one.graph, one.length)
            assert_close(other.run(one.arrays)[0], one.run(one.arrays)[0], 1e-13)


# What the functions promise


@every_differentiated
def test_gradients_are_arrays_of_their_own(name: str) -> None:
    """Whoever scales one in place changes no other, and nothing that was handed in."""
    for level in LEVELS:
        for one in trials(name, level)[:2]:
            given = [array for array in (*one.cotangents.values(), *one.arrays.values()) if array is not None]
            arrays = [*one.gradients().values(), *given]
            pairs = combinations(range(len(arrays)), 2)
            assert not any(np.shares_memory(arrays[i], arrays[j]) for i, j in pairs if i < len(arrays) - len(given))


@every_differentiated
def test_a_cotangent_of_none_counts_as_zero(name: str) -> None:
    for one in trials(name, passes.DEFAULT):
        given = dict(one.cotangents)
        nothing = dict.fromkeys(given)
        zeros = {key: None if array is None else np.zeros_like(array) for key, array in given.items()}
        pairs = [({**given, key: None}, {**given, key: zeros[key]}) for key in given]
        for with_none, with_zeros in [*pairs, (nothing, zeros)]:
            one.cotangents = with_none
            gradients = one.gradients()
            one.cotangents = with_zeros
            assert_close(gradients, one.gradients(), 0.0)
            if with_none is nothing:
                assert not any(np.any(gradient) for gradient in gradients.values())


@every_differentiated
def test_whole_records_of_cotangents_may_be_left_out(name: str) -> None:
    for one in trials(name, passes.DEFAULT):
        backward = one.module.backward if one.length is None else one.module.backward_sequence
        parameters, (_, residuals) = one.record("parameters", one.arrays), one.run(one.arrays)
        one.cotangents = dict.fromkeys(one.cotangents)
        expected = one.gradients()
        left_out = [(), (None,), (None, None)] if one.cell.states else [(), (None,)]
        for cotangents in left_out:
            gradients = by_key(backward(parameters, residuals, *cotangents))
            assert_close(gradients, expected, 0.0)


def by_key(gradients: Any) -> dict[str, Any]:
    """The arrays of a `Gradients` by key, without those of integers, which have none."""
    return {key: array for key, array in emptied(gradients) if array is not None}


@every_case
def test_nothing_handed_in_is_changed(name: str, level: int) -> None:
    for one in trials(name, level):
        handed_in = [array for array in (*one.arrays.values(), *one.cotangents.values()) if array is not None]
        copies = [np.copy(array) for array in handed_in]
        for array in handed_in:
            array.setflags(write=False)
        _, residuals = one.run(one.arrays)
        kept = [np.copy(array) for array in residuals]
        for array in residuals:
            np.asarray(array).setflags(write=False)
        if one.cell.backward:
            groups = ("outputs", "state") if one.cell.states else ("outputs",)
            backward = one.module.backward if one.length is None else one.module.backward_sequence
            cotangents = [one.record(group, one.cotangents) for group in groups]
            backward(one.record("parameters", one.arrays), residuals, *cotangents)
        for array, copy in zip((*handed_in, *residuals), (*copies, *kept)):
            np.testing.assert_array_equal(array, copy)


@every_case
def test_float32_in_float32_out(name: str, level: int) -> None:
    for one in trials(name, level, SinglePrecision):
        results, residuals = one.run(one.arrays)
        kept = [array for array in residuals if np.asarray(array).dtype.kind == "f"]
        seeded = [results[key] for key in one.seeded]
        arrays = [*seeded, *kept, *one.gradients().values()]
        # A cotangent may be a plain number where the result is one, such as a loss; or None.
        one.cotangents = {key: 1.0 if np.ndim(c) == 0 else c for key, c in one.cotangents.items()}
        arrays += one.gradients().values()
        one.cotangents = dict.fromkeys(one.cotangents)
        arrays += one.gradients().values()
        assert {np.asarray(array).dtype.name for array in arrays} == {"float32"}


@every_differentiated
def test_no_residual_is_a_parameter(name: str) -> None:
    for one in trials(name, passes.DEFAULT):
        _, residuals = one.run(one.arrays)
        parameters = {key: array for key, array in one.arrays.items() if key.startswith("parameters.")}
        assert not set(residuals._fields) & {key.split(".", 1)[1].replace(".", "_") for key in parameters}
        for field, residual in residuals._asdict().items():
            shared = [key for key, array in parameters.items() if np.may_share_memory(residual, array)]
            assert not shared, f"{field} is part of {shared}"


@every_spec
@pytest.mark.parametrize("dtype", [None, np.float64, np.float32])
def test_initial_parameters_and_states_have_their_shapes_and_dtype(name: str, dtype: type | None) -> None:
    one = trial(name, passes.DEFAULT)
    chosen = {} if dtype is None else {"dtype": dtype}
    records = {"parameters": (one.module.init_parameters, [np.random.default_rng(0)])}
    if one.cell.states:
        records["state"] = (one.module.zero_state, [])
    for group, (function, arguments) in records.items():
        leaves = {key: leaf for key, leaf in one.graph.inputs.items() if key.startswith(f"{group}.")}
        symbols = {symbol for leaf in leaves.values() for dim in leaf.shape for symbol in dim.symbols}
        sizes = {symbol: one.sizes[symbol] for symbol in symbols}
        made = dict(emptied(function(*arguments, **sizes, **chosen)))
        assert [f"{group}.{path}" for path in made] == list(leaves)
        for field, array in made.items():
            assert array.shape == one.arrays[f"{group}.{field}"].shape, field
            assert array.dtype == (dtype or np.float64), field
            assert np.all(np.isfinite(array)), field
            assert group == "parameters" or not np.any(array), field


@every_spec
def test_a_spec_says_what_it_is_and_where_it_is_from(name: str) -> None:
    cell = compiled(name, passes.DEFAULT).cell
    assert cell.name == name
    assert cell.doc
    assert cell.source
    assert all(cell.dims.values())
