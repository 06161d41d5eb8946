"""The matrix products alone: the limit.

Into arrays allocated once: with x of all steps at once; with h, step by step; with dz, step by step; then those for
dW_ih, dW_hh and dx over all steps at once.
"""

from __future__ import annotations

import numpy as np

from benchmarks.problem import GATES, Problem
from benchmarks.run import Run


class Layer:
    """The products of one layer; what stands for h and dz is random, so that no number is odd."""

    def __init__(self, problem: Problem, inputs: int) -> None:
        steps, batch, _, hidden = problem.shape
        rows = GATES[problem.cell] * hidden
        rng = np.random.default_rng(0)

        def filled(*shape: int) -> np.ndarray:
            return rng.standard_normal(shape, np.float32).astype(problem.dtype)

        self.W_ih, self.W_hh = filled(rows, inputs), filled(rows, hidden)
        self.x, self.h, self.dz = (
            filled(steps, batch, inputs),
            filled(steps, batch, hidden),
            filled(steps, batch, rows),
        )
        self.zx, self.zh, self.dh, self.dx = map(np.zeros_like, (self.dz, self.dz, self.h, self.x))
        self.dW_ih, self.dW_hh = np.zeros_like(self.W_ih), np.zeros_like(self.W_hh)

    def forward(self) -> None:
        """W_ih with every x, W_hh with one h after the other."""
        np.matmul(flat(self.x), self.W_ih.T, out=flat(self.zx))
        for h, zh in zip(self.h, self.zh):
            np.matmul(h, self.W_hh.T, out=zh)

    def backward(self) -> None:
        """W_hh with one dz after the other, then what all steps have in common."""
        for dz, dh in zip(self.dz[::-1], self.dh[::-1]):
            np.matmul(dz, self.W_hh, out=dh)
        np.matmul(flat(self.dz).T, flat(self.x), out=self.dW_ih)
        np.matmul(flat(self.dz).T, flat(self.h), out=self.dW_hh)
        np.matmul(flat(self.dz), self.W_ih, out=flat(self.dx))


def flat(array: np.ndarray) -> np.ndarray:
    """[T, B, n] as [T*B, n]."""
    return array.reshape(-1, array.shape[-1])


def build(problem: Problem) -> Run:
    """Prepare the products of every layer."""
    layers = [Layer(problem, problem.shape.hidden if i else problem.shape.inputs) for i in range(problem.layers)]

    def call() -> None:
        for layer in layers:
            layer.forward()
        for layer in reversed(layers):
            layer.backward()

    return Run(call, lambda result: {})
