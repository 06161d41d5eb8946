"""graphgen: a module compiled from one of the forms of a cell."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.layouts import FORMS, Form, from_form, to_form, turned
from benchmarks.problem import Arrays, Problem, gradients_by_name
from benchmarks.run import Run
from graphgen.check.module import load
from graphgen.compiler import compile_file
from graphgen.resources import find_spec


class Layer:
    """One layer: its module, parameters, initial state and, where the module has one, workspace."""

    def __init__(self, module: ModuleType, form: Form, parameters: Arrays, state: Arrays) -> None:
        self.module, self.form = module, form
        self.parameters = module.Parameters(**to_form(form, parameters))
        self.state = module.State(*(turned(form, array) for array in state.values()))
        self.names = tuple(state)
        self.workspace = workspace(module)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """The h of every step, and the residuals."""
        inputs = self.module.Inputs(x)
        (h,), _, residuals = self.module.forward_sequence(self.parameters, inputs, self.state, **self.workspace)
        return h, residuals

    def backward(self, residuals: Any, d_h: np.ndarray) -> Any:
        """The gradients, from the cotangents of every step's h."""
        d_outputs = self.module.Outputs(d_h)
        return self.module.backward_sequence(self.parameters, residuals, d_outputs, **self.workspace)

    def by_problem(self, cell: str, gradients: Any) -> Arrays:
        """The gradients of parameters and initial state as the problem has them."""
        d_parameters = from_form(cell, self.form, gradients.parameters._asdict())
        return d_parameters | {name: turned(self.form, d) for name, d in zip(self.names, gradients.state)}


def build(problem: Problem, level: int, form_name: str = "rows") -> Run:
    """Compile a form of the cell and prepare its layers."""
    data, form = problem.draw(), FORMS[problem.cell][form_name]
    module = load(compile_file(find_spec(form.spec), level).source, problem.cell)
    layers = [Layer(module, form, *arrays) for arrays in zip(data.parameters, data.states)]
    x, d_h = turned(form, data.x), turned(form, data.d_h)

    def call() -> tuple[np.ndarray, list[Any]]:
        h, kept, gradients, d = x, [], [], d_h
        for layer in layers:
            h, residuals = layer.forward(h)
            kept.append(residuals)
        for layer in reversed(layers):
            gradients.append(layer.backward(kept.pop(), d))
            d = gradients[-1].inputs.x
        return h, gradients[::-1]

    def by_name(result: tuple[np.ndarray, list[Any]]) -> Arrays:
        d_x = turned(form, result[1][0].inputs.x)
        return gradients_by_name(d_x, [layer.by_problem(problem.cell, d) for layer, d in zip(layers, result[1])])

    return Run(call, by_name)


def workspace(module: ModuleType) -> dict[str, Any]:
    """The keyword for a workspace of its own, where the module's functions take one."""
    return {"workspace": module.Workspace()} if hasattr(module, "Workspace") else {}
