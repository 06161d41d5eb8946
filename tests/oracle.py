"""A spec's own equations run by JAX: an interpretation that shares nothing with the compiler but the spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from graphgen.check.module import Trial
from graphgen.spec.model import Cell
from tests.support import Namespace


def by_jax(one: Trial) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The results of a step, or of a loop over it, and their vector-Jacobian product by `jax.vjp`."""
    step = equations(one.cell, one.sizes)
    fixed = {key: array for key, array in one.arrays.items() if array.dtype.kind != "f"}
    varied = {key: jnp.asarray(array) for key, array in one.arrays.items() if key not in fixed}

    def run(arrays: dict[str, Any]) -> dict[str, Any]:
        if one.length is None:
            return step({**fixed, **arrays})
        now, steps = {**fixed, **arrays}, []
        sequences = {key: array for key, array in now.items() if key.startswith("inputs.")}
        for t in range(one.length):
            results = step({**now, **{key: array[t] for key, array in sequences.items()}})
            now |= {key: array for key, array in results.items() if key.startswith("state.")}
            steps.append(results)
        outputs = [key for key in steps[-1] if key.startswith("outputs.")]
        return steps[-1] | {key: jnp.stack([results[key] for results in steps]) for key in outputs}

    def run_smooth(arrays: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        results = run(arrays)
        return {key: results[key] for key in one.seeded}, results

    _, pull_back, results = jax.vjp(run_smooth, varied, has_aux=True)
    (gradients,) = pull_back({key: jnp.asarray(one.cotangents[key]) for key in one.seeded})
    for key in gradients:
        gradients[key] *= one.share(key)  # 1/m where the spec says that the cost is a mean
    assert {array.dtype.name for array in gradients.values()} <= {"float64"}
    return jax.tree.map(np.asarray, (results, gradients))


def equations(cell: Cell, sizes: Mapping[str, int]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function of arrays by key that executes each equation as the line of Python that it is."""
    known = Namespace({**sizes, **cell.constants})
    for function in cell.functions:
        exec(f"{function.name} = lambda {', '.join(function.arguments)}: ({function.body.text})", known)

    def step(arrays: dict[str, Any]) -> dict[str, Any]:
        names = {key.split(".")[1] + "_prev" * key.startswith("state."): array for key, array in arrays.items()}
        here = Namespace({**known, **names})
        for equation in cell.equations:
            exec(equation.text, here)
        outputs = {f"outputs.{name}": here[name] for name, _ in cell.outputs}
        return outputs | {f"state.{state.name}": here[state.name] for state in cell.states}

    return step
