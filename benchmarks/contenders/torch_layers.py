"""torch: nn.LSTM, nn.GRU and nn.RNN."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.layouts import from_torch, to_torch
from benchmarks.problem import Arrays, Problem, gradients_by_name
from benchmarks.run import Run

torch.set_num_threads(1)
LAYERS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def build(problem: Problem) -> Run:
    """Prepare a module of torch's with all its layers."""
    data = problem.draw()
    _, _, inputs, hidden = problem.shape
    module = LAYERS[problem.cell](inputs, hidden, problem.layers, dtype=getattr(torch, problem.dtype))
    load(module, [to_torch(parameters) for parameters in data.parameters])
    state = tuple(leaf(torch.stack(arrays)) for arrays in zip(*map(tensors, data.states)))
    x, d_h = leaf(torch.from_numpy(data.x)), torch.from_numpy(data.d_h)
    leaves = (x, *module.parameters(), *state)

    def call() -> tuple[Any, Any]:
        h, _ = module(x, state if len(state) > 1 else state[0])
        return h, torch.autograd.grad(h, leaves, d_h)

    def gradients(result: tuple[Any, Any]) -> Arrays:
        d_x, *others = (gradient.numpy() for gradient in result[1])
        layers = []
        for i, names in enumerate(data.states):
            own = dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), others[4 * i :]))
            d_state = dict(zip(names, (d_states[i] for d_states in others[4 * problem.layers :])))
            layers.append(from_torch(problem.cell, own) | d_state)
        return gradients_by_name(d_x, layers)

    return Run(call, gradients)


def load(module: torch.nn.Module, layers: list[Arrays]) -> None:
    """Put the arrays of each layer in their places, which torch lists layer by layer."""
    arrays = (array for layer in layers for array in layer.values())
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), arrays):
            parameter.copy_(torch.from_numpy(array))


def tensors(arrays: Arrays) -> list[torch.Tensor]:
    """The arrays as tensors, in their order."""
    return [torch.from_numpy(array) for array in arrays.values()]


def leaf(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor whose gradient is wanted."""
    return tensor.detach().requires_grad_()
