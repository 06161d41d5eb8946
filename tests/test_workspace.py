"""A workspace is room that calls share: it changes no result, is handed to nobody, and is taken once."""

from __future__ import annotations

import itertools
import tracemalloc
from functools import cache
from inspect import signature
from types import ModuleType
from typing import Any
from weakref import ref

import numpy as np
import pytest

from graphgen.check.module import Trial, emptied
from graphgen.compiler import Compilation
from graphgen.memory import Room
from graphgen.ops.scan import has_loops
from graphgen.resources import shipped_specs
from graphgen.spec.reader import read
from tests.shipped import compiled, module

SIZES = {"m": 3, "n_x": 4}
CELLS = [
    name for name, path in shipped_specs().items() if (cell := read(path)).states and cell.backward and not cell.uses
]
MODELS = [name for name, path in shipped_specs().items() if read(path).uses]
STEPS = 6


@cache
def built(name: str) -> tuple[Compilation, ModuleType]:
    return compiled(name, 2), module(name, 2)


def drawn(
    done: Compilation, module: ModuleType, seed: int, steps: int = STEPS, **sizes: int
) -> tuple[list[Any], Any]:
    """Arguments of `forward_sequence`, and a function that draws cotangents for its outputs."""
    rng = np.random.default_rng(seed)
    known = {name: {**SIZES, **sizes}.get(name, sizes.get("n", 5)) for name in done.cell.dims}

    def draw(variable: Any, *lead: int) -> np.ndarray:
        shape = (*lead, *(dim.evaluate(known) for dim in variable.shape))
        return rng.uniform(0.1, 0.9, shape) if variable.dtype == "float" else rng.integers(0, 2, shape)

    cell = done.cell
    records = [
        module.Parameters(*map(draw, cell.parameters)),
        module.Inputs(*(draw(variable, steps) for variable in cell.inputs)),
        module.State(*map(draw, cell.states)),
    ]
    told = {key: known[key] for key in signature(module.forward_sequence).parameters if key in known}
    return records, told


def run(module: ModuleType, records: list[Any], told: dict[str, int], *workspace: Any) -> list[np.ndarray]:
    """Every array that forward and backward return."""
    outputs, final, residuals = module.forward_sequence(*records, *workspace, **told)
    gradients = module.backward_sequence(records[0], residuals, outputs, final, *workspace)
    returned = [*outputs, *final, *itertools.chain(*gradients)]
    return [array for array in [*returned, *residuals] if isinstance(array, np.ndarray)]


@pytest.mark.parametrize("name", CELLS)
def test_calls_that_share_a_workspace_compute_the_same_and_keep_what_they_returned(name):
    done, module = built(name)
    shared = module.Workspace()
    first, second = (drawn(done, module, seed) for seed in (0, 1))
    given = [array.copy() for array in itertools.chain(*first[0])]
    returned = run(module, *first, shared)
    kept = [array.copy() for array in returned]
    assert all(map(np.array_equal, run(module, *second, shared), run(module, *second)))
    assert all(map(np.array_equal, returned, kept)), "a later call wrote over what was returned"
    assert all(map(np.array_equal, itertools.chain(*first[0]), given)), "what was handed in has changed"
    room = list(shared._arrays.values())
    assert not any(np.shares_memory(a, b) for a, b in itertools.product(returned, room))


@pytest.mark.parametrize("name", CELLS)
def test_what_nobody_holds_is_taken_again_and_what_a_view_holds_is_not(name):
    done, module = built(name)
    shared = module.Workspace()
    first, second = (drawn(done, module, seed) for seed in (0, 1))
    views = [array[:1] for array in run(module, *first, shared) if array.ndim]
    held = [view.copy() for view in views]
    run(module, *second, shared)
    assert all(map(np.array_equal, views, held)), "a view of what was returned holds it"
    lent = [ref(array) for arrays in shared._results.values() for array in arrays]
    del views
    for _ in range(3):
        run(module, *second, shared)
    assert [ref(array) for arrays in shared._results.values() for array in arrays] == lent
    assert all(array() is not None for array in lent)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_computes_the_same_in_a_workspace_and_keeps_what_it_returned(name):
    done, module = built(name)
    if "workspace" not in signature(module.forward).parameters:
        assert not has_loops(done.step.forward)
        return
    one = Trial(module, done.cell, done.step.forward, None)
    groups = ("parameters", "inputs", "state")[: 3 if done.cell.states else 2]
    other = one.draw(np.random.default_rng(1))

    def run(arrays: dict[str, np.ndarray], *workspace: Any) -> list[np.ndarray]:
        records = [one.record(group, arrays) for group in groups]
        told = {key: one.sizes[key] for key in signature(module.forward).parameters if key in one.sizes}
        outputs, *state, residuals = module.forward(*records, *workspace, **told)
        gradients = module.backward(records[0], residuals, outputs, *state, *workspace)
        returned = [array for record in (outputs, *state, gradients) for _, array in emptied(record)]
        return [array for array in [*returned, *residuals] if isinstance(array, np.ndarray)]

    shared = module.Workspace()
    given = {key: array.copy() for key, array in one.arrays.items()}
    returned = run(one.arrays, shared)
    kept = [array.copy() for array in returned]
    assert all(map(np.array_equal, run(other, shared), run(other)))
    assert all(map(np.array_equal, returned, kept)), "a later call wrote over what was returned"
    assert all(np.array_equal(array, given[key]) for key, array in one.arrays.items()), "an argument has changed"
    room = list(shared._arrays.values())
    assert not any(np.shares_memory(a, b) for a, b in itertools.product(returned, room))


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru_reset_after"])
def test_a_workspace_fits_the_sizes_and_the_dtype_of_each_call(name):
    done, module = built(name)
    shared = module.Workspace()
    for steps, size in ((6, 5), (3, 7), (6, 5)):
        records, told = drawn(done, module, 0, steps, n=size)
        for dtype in (np.float64, np.float32):
            cast = [type(record)(*(array.astype(dtype) for array in record)) for record in records]
            arrays = run(module, cast, told, shared)
            assert {array.dtype for array in arrays} == {np.dtype(dtype)}
            assert all(map(np.array_equal, arrays, run(module, cast, told)))


@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm_separate", "gru_reset_after", "peephole_lstm"])
def test_a_carry_lies_in_rows_though_it_was_handed_in_by_columns(name):
    done, module = built(name)
    records, told = drawn(done, module, 0)
    outputs, final, residuals = module.forward_sequence(*records, **told)
    by_columns = type(final)(*map(np.ascontiguousarray, final))
    gradients = module.backward_sequence(records[0], residuals, outputs, by_columns)
    assert all(gradient.T.flags.c_contiguous for gradient in gradients[2])


@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm_separate", "gru_reset_after", "peephole_lstm", "slstm"])
def test_a_run_takes_the_room_that_the_report_tells(name):
    """Once everything is there; what Python's own objects take is little at these sizes."""
    done, module = built(name)
    room, sizes = Room.of(done), {"m": 16, "n_x": 24, "n_a": 48, "n_h": 48, "T": 40}
    records, told = drawn(done, module, 0, sizes["T"], m=16, n_x=24, n=48)
    shared = module.Workspace()
    tracemalloc.start()
    run(module, records, told, shared)
    first = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    run(module, records, told, shared)
    second = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert room is not None
    assert 0.85 < first / (8 * room.peak.evaluate(sizes)) < 1.15
    taken = sum(array.nbytes for array in shared._arrays.values())
    assert second < first - 0.95 * taken, "the second call takes again what lies in the workspace"
