"""Generated cells with weights of torch and Keras: what the frameworks compute, in their layouts, these compute too.

The frameworks' documented equations are restated in JAX on their own arrays; where torch is installed, torch itself
is asked as well.  `examples.convert_weights` carries the weights over, and the gradients back.
"""

from __future__ import annotations

import importlib.util
import warnings
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

from examples.convert_weights import CELLS, from_keras, from_torch, to_keras, to_torch
from graphgen import passes
from tests.frameworks import N_H, N_P, N_X, STEPS, Arrays, Problem
from tests.shipped import module
from tests.support import assert_close

HAS_TORCH = importlib.util.find_spec("torch") is not None
BOUND = 1e-12
TORCH_CELLS = [name for name, cell in CELLS.items() if cell.torch]
KERAS_CELLS = [name for name, cell in CELLS.items() if cell.keras]
COLUMNS = {"torch": (0, 2, 1), "keras": (1, 2, 0)}  # from [T, batch, n] and [batch, T, n] to [T, n, batch]


def results(y: Any, state: Arrays, d_weights: Arrays, d_x: Any, d_state: Arrays) -> Arrays:
    """What is compared, by key."""
    final = {f"final {key}": value for key, value in state.items()}
    d_initial = {f"d initial {key}": value for key, value in d_state.items()}
    return {"y": y, "d x": d_x} | final | d_initial | {f"d {key}": value for key, value in d_weights.items()}


@cache
def ask_jax(framework: str, name: str) -> Arrays:
    """A scan of the documented step, and its gradients."""
    problem = Problem(framework, name)
    step, time_first = STEPS[problem.framework][problem.layer], problem.framework == "torch"

    def one(weights: Arrays, state: Arrays, x: Any) -> tuple[Arrays, Any]:
        state = step(weights, x, **state)
        return state, state["h"]

    @jax.jit
    def layer(weights: Arrays, x: Any, state: Arrays) -> tuple[Any, Arrays]:
        final, y = jax.lax.scan(lambda s, row: one(weights, s, row), state, x if time_first else x.swapaxes(0, 1))
        return (y if time_first else y.swapaxes(0, 1)), final

    (y, final), pull_back = jax.vjp(layer, problem.weights, problem.x, problem.state)
    return results(y, final, *pull_back((problem.d_y, problem.d_state)))


@cache
def ask_torch(framework: str, name: str) -> Arrays:
    """torch.nn.RNN, GRU or LSTM itself; its warnings are its own."""
    problem = Problem(framework, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        make = {
            "rnn_tanh": lambda *sizes, **kind: torch.nn.RNN(*sizes, **kind),
            "rnn_relu": lambda *sizes, **kind: torch.nn.RNN(*sizes, nonlinearity="relu", **kind),
            "gru": torch.nn.GRU,
            "lstm": torch.nn.LSTM,
            "lstm_projected": lambda *sizes, **kind: torch.nn.LSTM(*sizes, proj_size=N_P, **kind),
        }
        layer = make[problem.layer](N_X, N_H, dtype=torch.float64)
        layer.load_state_dict({key: torch.tensor(value) for key, value in problem.weights.items()})
        x = torch.tensor(problem.x, requires_grad=True)
        state = {key: torch.tensor(value[None], requires_grad=True) for key, value in problem.state.items()}
        y, final = layer(x, tuple(state.values()) if "c" in state else state["h"])
        final = dict(zip(state, final if "c" in state else (final,)))
        cotangents = [torch.tensor(problem.d_y), *(torch.tensor(d[None]) for d in problem.d_state.values())]
        torch.autograd.backward([y, *final.values()], cotangents)

    return results(
        y.detach().numpy(),
        {key: value.detach().numpy()[0] for key, value in final.items()},
        {key: value.grad.numpy() for key, value in layer.named_parameters()},
        x.grad.numpy(),
        {key: value.grad.numpy()[0] for key, value in state.items()},
    )


ORACLES = {"jax": ask_jax} | ({"torch": ask_torch} if HAS_TORCH else {})


def ask_graphgen(problem: Problem, level: int) -> Arrays:
    """The generated module: weights and rows turned into its layout, results turned back."""
    cell, framework = module(problem.name, level), problem.framework
    to_columns = COLUMNS[framework]
    to_rows = tuple(np.argsort(to_columns))
    read, write = (from_torch, to_torch) if framework == "torch" else (from_keras, to_keras)

    # The hidden state is the first of a cell's states, and its output, under whatever name.
    parameters = cell.Parameters(**read(problem.name, problem.weights))
    state = cell.State(*(value.T for value in problem.state.values()))
    outputs, final, residuals = cell.forward_sequence(
        parameters, cell.Inputs(x=problem.x.transpose(to_columns)), state
    )
    d_state = cell.State(*(value.T for value in problem.d_state.values()))
    d_outputs = cell.Outputs(problem.d_y.transpose(to_columns))
    gradients = cell.backward_sequence(parameters, residuals, d_outputs, d_state)
    return results(
        outputs[0].transpose(to_rows),
        {key: value.T for key, value in zip(problem.state, final)},
        write(problem.name, gradients.parameters._asdict(), gradients=True),
        gradients.inputs.x.transpose(to_rows),
        {key: value.T for key, value in zip(problem.state, gradients.state)},
    )


every_level = pytest.mark.parametrize("level", passes.LEVELS)
every_torch_cell = pytest.mark.parametrize("name", TORCH_CELLS)
every_keras_cell = pytest.mark.parametrize("name", KERAS_CELLS)


@pytest.mark.parametrize("oracle", ORACLES)
@every_level
@every_torch_cell
def test_with_weights_of_torch(name: str, level: int, oracle: str) -> None:
    assert_close(ask_graphgen(Problem("torch", name), level), ORACLES[oracle]("torch", name), BOUND, name)


@every_level
@every_keras_cell
def test_with_weights_of_keras(name: str, level: int) -> None:
    assert_close(ask_graphgen(Problem("keras", name), level), ask_jax("keras", name), BOUND, name)
