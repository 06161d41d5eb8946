"""HIPS autograd: the equations in a loop, the backward pass from its tape."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import make_vjp

from benchmarks.contenders.equations import Cells
from benchmarks.problem import Problem, gradients_by_name
from benchmarks.run import Run


def build(problem: Problem) -> Run:
    """Prepare one layer."""
    data = problem.draw()
    step = getattr(Cells(np, lambda z: 1 / (1 + np.exp(-z))), problem.cell)

    def layer(parameters: Any, state: Any, xs: Any) -> Any:
        parameters = dict(parameters.items())  # every look-up in the traced one would be on the tape
        state, hs = tuple(state.values()), []
        for x in xs:
            state = step(parameters, x, *state)
            hs.append(state[0])
        return np.stack(hs)

    pull_back = make_vjp(layer, argnum=(0, 1, 2))

    def call() -> tuple[Any, Any]:
        vjp, h = pull_back(data.parameters[0], data.states[0], data.x)
        return h, vjp(data.d_h)

    def gradients(result: tuple[Any, Any]) -> dict[str, Any]:
        d_parameters, d_state, d_x = result[1]
        return gradients_by_name(d_x, [d_parameters | d_state])

    return Run(call, gradients)
