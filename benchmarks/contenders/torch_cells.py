"""torch: nn.LSTMCell, nn.GRUCell and nn.RNNCell in a loop over the steps."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.contenders.torch_layers import leaf, load, tensors
from benchmarks.layouts import from_torch, to_torch
from benchmarks.problem import Arrays, Problem, gradients_by_name
from benchmarks.run import Run

CELLS = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}


def build(problem: Problem) -> Run:
    """Prepare one layer."""
    data = problem.draw()
    _, _, inputs, hidden = problem.shape
    cell = CELLS[problem.cell](inputs, hidden, dtype=getattr(torch, problem.dtype))
    load(cell, [to_torch(data.parameters[0])])
    state = tuple(map(leaf, tensors(data.states[0])))
    x, d_h = leaf(torch.from_numpy(data.x)), torch.from_numpy(data.d_h)
    leaves = (x, *cell.parameters(), *state)

    def call() -> tuple[Any, Any]:
        now, hs = state, []
        for x_t in x.unbind():
            now = cell(x_t, now) if len(now) > 1 else (cell(x_t, now[0]),)
            hs.append(now[0])
        h = torch.stack(hs)
        return h, torch.autograd.grad(h, leaves, d_h)

    def gradients(result: tuple[Any, Any]) -> Arrays:
        d_x, *others = (gradient.numpy() for gradient in result[1])
        own = dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), others))
        return gradients_by_name(d_x, [from_torch(problem.cell, own) | dict(zip(data.states[0], others[4:]))])

    return Run(call, gradients)
