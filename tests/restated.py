"""What a spec means, said in Python: each equation is executed as the line that it is, on arrays of JAX.

A used spec is a function of keywords, and `scan` a loop over its steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp

from graphgen.ir.shape import Dim
from graphgen.spec.model import Cell, Use, Variable
from tests.support import Namespace

Arrays = Mapping[str, Any]


def executed(cell: Cell, parameters: Arrays, given: Arrays, sizes: Mapping[str, int]) -> Namespace:
    """What every name of a spec stands for; parameters by path, inputs and previous states by name."""
    here = Namespace({**sizes, **cell.constants, "scan": scan})
    for function in cell.functions:
        exec(f"{function.name} = lambda {', '.join(function.arguments)}: ({function.body.text})", here)
    for use in cell.uses:
        own = here[use.shares].parameters if use.shares else within(parameters, use.name)
        here[use.name] = Used(use, own, sizes)
    here.update({**parameters, **given})
    for equation in cell.equations:
        exec(equation.text, here)
    return here


def within(parameters: Arrays, use: str) -> dict[str, Any]:
    """The parameters of a use, by their paths within it."""
    return {path.split(".", 1)[1]: array for path, array in parameters.items() if path.startswith(f"{use}.")}


class Used:
    """A used spec."""

    def __init__(self, use: Use, parameters: Arrays, sizes: Mapping[str, int]) -> None:
        self.use, self.cell, self.parameters = use, use.cell, parameters
        self.told = {name: dim.evaluate(sizes) for name, dim in use.dims.items()}

    def step(self, given: Arrays, parameters: Arrays | None = None) -> dict[str, Any]:
        """The outputs and new states, by name."""
        cell, parameters = self.cell, parameters or self.parameters
        states = {state.name for state in cell.states}
        sizes = self.sizes({**parameters, **given})
        names = {f"{name}_prev" if name in states else name: array for name, array in given.items()}
        here = executed(cell, parameters, names, sizes)
        return {name: here[name] for name in [*(name for name, _ in cell.outputs), *states]}

    def __call__(self, state: Any = None, **given: Any) -> Any:
        """A step, or what a plain spec computes."""
        return self.returned(self.step({**self.fields(state), **given}))

    def sizes(self, arrays: Arrays) -> dict[str, int]:
        """The sizes of its dims: of the arrays of one step that have them, or as the use says."""
        variables = (*self.cell.parameters, *self.cell.inputs, *self.cell.states)
        shapes = [(variable.shape, arrays[variable.name].shape) for variable in variables if variable.name in arrays]
        return {str(dim): size for dims, shape in shapes for dim, size in zip(dims, shape)} | self.told

    def fields(self, state: Any) -> dict[str, Any]:
        """The states out of a record."""
        return {} if state is None else {s.name: getattr(state, s.name) for s in self.cell.states}

    def returned(self, results: dict[str, Any]) -> Any:
        """The one output of a plain spec, or everything."""
        alone = len(self.cell.outputs) == 1 and not self.cell.states
        return next(iter(results.values())) if alone else SimpleNamespace(**results)


def scan(used: Used, state: Any = None, reverse: bool = False, lengths: Any = None, **given: Any) -> Any:
    """A used spec at every step of a leading axis."""
    cell = used.cell
    given |= used.fields(state)
    sliced = [v.name for v in cell.inputs if given[v.name].ndim > len(v.shape)]
    stacked = used.use.stack is not None
    count = next(iter(used.parameters.values())).shape[0] if stacked else given[sliced[0]].shape[0]
    arrays = {path: array[0] if stacked else array for path, array in used.parameters.items()}
    arrays |= {name: array[0] if name in sliced else array for name, array in given.items()}
    now = {v.name: given[v.name] if v.name in given else zeros(v, used.sizes(arrays)) for v in cell.states}
    every: dict[int, dict[str, Any]] = {}
    for t in reversed(range(count)) if reverse else range(count):
        inputs = {v.name: given[v.name][t] if v.name in sliced else given[v.name] for v in cell.inputs}
        parameters = {path: array[t] if stacked else array for path, array in used.parameters.items()}
        results = used.step({**inputs, **now}, parameters)
        outputs = {name: results[name] for name, _ in cell.outputs}
        new = {v.name: results[v.name] for v in cell.states}
        if lengths is not None:
            new = {v.name: jnp.where(along(t < lengths, v), new[v.name], now[v.name]) for v in cell.states}
            outputs = {name: jnp.where(t < lengths, array, 0) for name, array in outputs.items()}
        now, every[t] = new, outputs
    steps = {name: jnp.stack([every[t][name] for t in range(count)]) for name, _ in cell.outputs}
    return used.returned({**steps, **({"final": SimpleNamespace(**now)} if now else {})})


def along(mask: Any, state: Variable) -> Any:
    """A mask over the batch m, to meet a state."""
    return jnp.expand_dims(mask, [axis for axis, dim in enumerate(state.shape) if dim != Dim.of("m")])


def zeros(state: Variable, sizes: Mapping[str, int]) -> Any:
    """A state of zeros."""
    return jnp.zeros([dim.evaluate(sizes) for dim in state.shape])
