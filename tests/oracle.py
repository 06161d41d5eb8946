"""A spec's own equations under JAX: an interpretation that shares nothing with the compiler but the spec.

JAX traces and differentiates the equations of one step; what comes of it is run by NumPy, primitive by primitive,
since compiling it for one run would take longer than everything else together.  Backpropagation through time is a
loop here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from graphgen.check.module import Trial
from graphgen.spec.model import Cell
from tests.primitives import evaluate
from tests.restated import executed

Step = Callable[[dict[str, Any]], dict[str, Any]]
Arrays = dict[str, np.ndarray]
Pulled = Callable[[Arrays, Arrays], tuple[Arrays, Arrays]]


def by_jax(one: Trial, step: Pulled | None = None) -> tuple[Arrays, Arrays]:
    """The results of a step, or of a loop over it, and their vector-Jacobian product by `jax.vjp`, if it is asked."""
    cotangents = {key: one.cotangents[key] for key in one.seeded}
    step = step or pulled_back(one)
    if one.length is None:
        results, gradients = step(one.arrays, cotangents)
    else:
        results, gradients = through_time(step, one, cotangents)
    if not one.cell.backward:
        return results, {}
    return results, {key: gradient * one.share(key) for key, gradient in gradients.items()}


def pulled_back(one: Trial) -> Pulled:
    """A step's results and gradients, as a function of its arrays and of the cotangents of what is made of floats.

    A trial of a sequence has the same steps as one of a step alone.
    """
    step, seeded = equations(one.cell, one.sizes), one.seeded

    def both(floats: dict[str, Any], others: dict[str, Any], cotangents: dict[str, Any]) -> tuple[Any, Any]:
        def run(floats: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
            results = step({**others, **floats})
            return {key: results[key] for key in seeded}, results

        _, pull_back, results = jax.vjp(run, floats, has_aux=True)
        return results, pull_back(cotangents)[0]

    def parted(arrays: Arrays, cotangents: Arrays) -> tuple[Arrays, Arrays, Arrays]:
        floats = {key: array for key, array in arrays.items() if array.dtype.kind == "f"}
        return floats, {key: array for key, array in arrays.items() if key not in floats}, cotangents

    arrays, cotangents = at_step(one, one.arrays, 0), at_step(one, one.cotangents, 0)
    seeds = {key: cotangents[key] for key in seeded}
    traced, shape = jax.make_jaxpr(both, return_shape=True)(*parted(arrays, seeds))
    tree = jax.tree.structure(shape)

    def run(arrays: Arrays, cotangents: Arrays) -> tuple[Arrays, Arrays]:
        with np.errstate(all="ignore"):  # of choices JAX computes both sides, and says nothing
            return jax.tree.unflatten(tree, evaluate(traced, jax.tree.leaves(parted(arrays, cotangents))))

    return run


def at_step(one: Trial, arrays: Mapping[str, Any], t: int) -> dict[str, Any]:
    """The arrays of one step: of a sequence's inputs and outputs a part."""
    whole = ("parameters.", "state.") if one.length is not None else ("",)
    return {key: a if a is None or key.startswith(whole) else np.asarray(a[t]) for key, a in arrays.items()}


def through_time(step: Pulled, one: Trial, cotangents: Arrays) -> tuple[Arrays, Arrays]:
    """Backpropagation through time, as the textbooks have it."""
    nothing = {key: np.zeros(np.shape(array)) for key, array in at_step(one, cotangents, 0).items()}
    state = {key: array for key, array in one.arrays.items() if key.startswith("state.")}
    given, made = [], []
    for t in range(one.length):
        given.append({**at_step(one, one.arrays, t), **state})
        made.append(step(given[-1], nothing)[0])
        state = {key: made[-1][key] for key in state}

    back = {key: array for key, array in cotangents.items() if key.startswith("state.")}
    gradients: list[Arrays] = []
    for t in reversed(range(one.length)):
        gradients.insert(0, step(given[t], {**at_step(one, cotangents, t), **back})[1])
        back = {key: gradients[0][key] for key in back}

    outputs = {key: np.stack([results[key] for results in made]) for key in made[0] if key.startswith("outputs.")}
    joins = {"parameters": sum, "inputs": np.stack, "state": lambda parts: parts[0]}
    keys = gradients[0]
    total = {key: joins[key.split(".")[0]]([gradient[key] for gradient in gradients]) for key in keys}
    return outputs | state, total


def equations(cell: Cell, sizes: Mapping[str, int]) -> Step:
    """A function of arrays by key that executes each equation as the line of Python that it is."""

    def step(arrays: dict[str, Any]) -> dict[str, Any]:
        groups = {key: key.split(".", 1) for key in arrays}
        parameters = {path: arrays[key] for key, (group, path) in groups.items() if group == "parameters"}
        given = {path: arrays[key] for key, (group, path) in groups.items() if group == "inputs"}
        given |= {f"{path}_prev": arrays[key] for key, (group, path) in groups.items() if group == "state"}
        here = executed(cell, parameters, given, sizes)
        outputs = {f"outputs.{name}": here[name] for name, _ in cell.outputs}
        return outputs | {f"state.{state.name}": here[state.name] for state in cell.states}

    return step
