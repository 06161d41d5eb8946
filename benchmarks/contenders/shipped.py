"""graphgen: any spec with a state, at sizes that its dims' names suggest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from benchmarks.contenders.modules import workspace
from benchmarks.problem import Arrays, Shape
from benchmarks.run import Run
from graphgen.check.module import emptied, load
from graphgen.compiler import compile_file
from graphgen.resources import find_spec
from graphgen.spec.model import Cell, Variable

SMALL = {"n_s": 8, "S": 32, "n_l": 2}  # slots of a memory, source positions that each step is handed, layers
LARGEST = 32  # of a dim where a state is a matrix for each example
CHUNKS = 2  # that a sequence comes in, where a step of a model is T steps of the cells in it


def build(spec: str, level: int, shape: Shape, dtype: str) -> Run:
    """Compile the spec and draw its arrays: parameters as the module draws them, a state of zeros."""
    done = compile_file(find_spec(spec), level)
    module, cell = load(done.source, spec), done.cell
    rng, real, sizes = np.random.default_rng(0), np.dtype(dtype).type, sizes_of(done.cell, shape)
    parameters = told(module.init_parameters, sizes)(rng, dtype=real)
    state = told(module.zero_state, sizes)(dtype=real)
    steps = CHUNKS if "T" in sizes else shape.steps
    inputs = module.Inputs(*(draw(rng, variable, steps, sizes, dtype) for variable in cell.inputs))
    forward, reused = told(module.forward_sequence, sizes), workspace(module)
    outputs, *_ = forward(parameters, inputs, state)
    d_outputs = module.Outputs(*(rng.standard_normal(array.shape).astype(dtype) for array in outputs))

    def call() -> tuple[Any, Any]:
        outputs, _, residuals = forward(parameters, inputs, state, **reused)
        return outputs, module.backward_sequence(parameters, residuals, d_outputs, **reused)

    def by_name(result: tuple[Any, Any]) -> Arrays:
        return {name: gradient for name, gradient in emptied(result[1]) if gradient is not None}

    return Run(call, by_name)


def sizes_of(cell: Cell, shape: Shape) -> dict[str, int]:
    """A size for each dim, by its name; smaller ones where a state is a matrix for each example."""
    known = {"m": shape.batch, "n_x": shape.inputs, "T": shape.steps // CHUNKS} | SMALL
    sizes = {name: known.get(name, shape.hidden) for name in cell.dims}
    if any(len(state.shape) > 2 for state in cell.states):
        return {name: size if name == "m" else min(size, LARGEST) for name, size in sizes.items()}
    return sizes


def draw(rng: np.random.Generator, variable: Variable, steps: int, sizes: dict[str, int], dtype: str) -> np.ndarray:
    """An input of every step; integers and booleans are 0 or 1."""
    shape = (steps, *(dim.evaluate(sizes) for dim in variable.shape))
    if variable.dtype != "float":
        return rng.integers(0, 2, shape).astype(variable.dtype)
    return rng.standard_normal(shape).astype(dtype)


def told(function: Callable[..., Any], sizes: dict[str, int]) -> Callable[..., Any]:
    """A function of a module, told the sizes that it asks for."""
    return partial(function, **{name: sizes[name] for name in signature(function).parameters if name in sizes})
