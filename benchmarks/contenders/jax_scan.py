"""JAX: the equations under `lax.scan`, value and gradients in one jitted function."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contenders.equations import Cells
from benchmarks.problem import Arrays, Problem, gradients_by_name
from benchmarks.run import Run

jax.config.update("jax_enable_x64", True)


def build(problem: Problem) -> Run:
    """Prepare and compile the layers."""
    data = problem.draw()
    step = getattr(Cells(jnp, jax.nn.sigmoid), problem.cell)

    def layers(parameters: list[Any], states: list[Any], x: Any) -> Any:
        for own, state in zip(parameters, states):

            def one(state: Any, x: Any, own: Any = own) -> tuple[Any, Any]:
                state = step(own, x, *state)
                return state, state[0]

            _, x = jax.lax.scan(one, state, x)
        return x

    @jax.jit
    def both_ways(d_h: Any, *arrays: Any) -> tuple[Any, Any]:
        h, pull_back = jax.vjp(layers, *arrays)
        return h, pull_back(d_h)

    states = [tuple(state.values()) for state in data.states]  # JAX sorts the names of a dict
    arrays = jax.device_put((data.d_h, data.parameters, states, data.x))

    def call() -> tuple[Any, Any]:
        return jax.block_until_ready(both_ways(*arrays))

    def gradients(result: tuple[Any, Any]) -> Arrays:
        d_parameters, d_states, d_x = jax.tree.map(np.asarray, result[1])
        named = (dict(zip(state, d_state)) for state, d_state in zip(data.states, d_states))
        return gradients_by_name(d_x, [{**d_own, **d_state} for d_own, d_state in zip(d_parameters, named)])

    return Run(call, gradients)
