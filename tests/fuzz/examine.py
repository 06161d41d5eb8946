"""A program compiled at every level, and compared with all that can say what it computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphgen import passes
from graphgen.check.module import Trial, is_analytic, load
from graphgen.check.numeric import TINY
from graphgen.compiler import Compilation, compile_cell
from graphgen.elaborate import elaborate
from graphgen.ir.evaluate import evaluate
from graphgen.spec.model import Cell
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
    found |= {node.op.name for node in elaborate(cell).order()}
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
        pair = {"derivative": along(one, gradients)}
        assert_close(pair, {"derivative": complex_step(one, gradients)}, BOUND, f"{where} and the complex step")


def direction(gradients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A random direction: one complex step along it looks at every element of every gradient at once."""
    rng = np.random.default_rng(2)
    return {key: rng.uniform(-1, 1, gradient.shape) for key, gradient in gradients.items()}


def along(one: Trial, gradients: Mapping[str, np.ndarray]) -> float:
    """The derivative along the direction, from the gradients."""
    ways = direction(gradients)
    return float(sum(np.sum(gradient * ways[key]) / one.share(key) for key, gradient in gradients.items()))


def complex_step(one: Trial, gradients: Mapping[str, np.ndarray]) -> float:
    """The derivative along the direction, from values alone (Squire and Trapp, 1998)."""
    ways = direction(gradients)
    moved = {
        key: np.asarray(array + TINY * 1j * ways[key]) if key in ways else array for key, array in one.arrays.items()
    }
    return one.objective(moved).imag / TINY
