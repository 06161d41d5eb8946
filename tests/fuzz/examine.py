"""A program compiled at every level, and compared with all that can say what it computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphgen import passes
from graphgen.check.module import Trial, is_analytic, load
from graphgen.check.numeric import complex_step
from graphgen.compiler import Compilation, compile_cell
from graphgen.elaborate import elaborate
from graphgen.ir.evaluate import evaluate
from graphgen.spec.model import Cell
from tests.directions import numeric, random_direction, written
from tests.oracle import by_jax, pulled_back
from tests.support import HELPERS, assert_close

BOUND = 1e-10  # of the largest element of an array, or of 1


def examine(cell: Cell, steps: int) -> set[str]:
    """Compile a spec and run it; an AssertionError says what is wrong.  What the spec has, for the counts."""
    compiled = {level: compile_cell(cell, level) for level in passes.LEVELS}
    modules = {level: load(done.source, cell.name) for level, done in compiled.items()}
    step = None
    for length in (None, steps) if cell.states else (None,):
        expected = None
        for level, done in compiled.items():
            one = Trial(modules[level], cell, done.step.forward, length)
            step = step or pulled_back(one)
            expected = expected or by_jax(one, step)  # trials of all levels draw the same arrays
            examine_trial(one, done, expected, f"-O {level}, {one.name}")
    return features(cell)


def features(cell: Cell) -> set[str]:
    """The operations that a spec calls, itself or in a spec that it uses, and whether it has states and uses."""
    found = {name for equation in cell.equations for name in equation.expression.calls}
    found |= {node.op.name for node in elaborate(cell).order}
    found |= {key for key in ("states", "uses") if getattr(cell, key)}
    return found.union(*(features(use.cell) - {"states"} for use in cell.uses))


def examine_trial(
    one: Trial, done: Compilation, expected: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]], where: str
) -> None:
    """Compare one function's results and gradients with the graphs, with JAX and with the complex step."""
    results, gradients = one.run(one.arrays)[0], one.gradients()
    step = done.step if one.length is None else done.sequence
    assert step is not None
    cotangents = {f"d_{key}": cotangent for key, cotangent in one.cotangents.items() if cotangent is not None}
    sizes = one.sizes if one.length is None else {**one.sizes, one.time: one.length}
    one.check_kinds()
    assert_close(results, evaluate(step.forward, one.arrays, HELPERS, sizes), BOUND, f"{where} and its graph")
    backward = evaluate(step.backward, {**one.arrays, **cotangents}, HELPERS, sizes)
    assert_close(gradients, backward, BOUND, f"{where} and its backward graph")
    assert_close(results, expected[0], BOUND, f"{where} and JAX")
    assert_close(gradients, expected[1], BOUND, f"{where} and JAX's gradients")
    if is_analytic(one.graph) and gradients:
        direction = random_direction(gradients)
        pair = {"derivative": written(one, gradients, direction)}
        expected_pair = {"derivative": numeric(one, direction, complex_step)}
        assert_close(pair, expected_pair, BOUND, f"{where} and the complex step")
