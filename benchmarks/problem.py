"""What every contender computes: a layer or two over a whole sequence, on the same random numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}


class Shape(NamedTuple):
    """The sizes of a problem: T steps, batch B, I inputs, H hidden units."""

    steps: int
    batch: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return ",".join(map(str, self))


class Data(NamedTuple):
    """The arrays of a problem, an example a row: parameters and initial state of each layer, x, and d_h.

    The parameters are W_ih [G*H, I], W_hh [G*H, H] and b [G*H] of G gates in torch's order, and the GRU's b_hn [H].
    x is [T, B, I]; d_h [T, B, H] holds the cotangents of the last layer's h of every step.
    """

    parameters: list[Arrays]
    states: list[Arrays]
    x: np.ndarray
    d_h: np.ndarray


@dataclass(frozen=True)
class Problem:
    """The forward pass over a sequence, and the gradients of parameters, inputs and initial state."""

    cell: str
    shape: Shape
    dtype: str
    layers: int = 1

    def draw(self) -> Data:
        """The arrays: the same numbers in float32 and float64, parameters as torch draws them."""
        rng = np.random.default_rng(0)
        steps, batch, inputs, hidden = self.shape
        rows, bound = GATES[self.cell] * hidden, hidden**-0.5

        def normal(*shape: int) -> np.ndarray:
            return rng.standard_normal(shape, np.float32).astype(self.dtype)

        def uniform(*shape: int) -> np.ndarray:
            return rng.uniform(-bound, bound, shape).astype(np.float32).astype(self.dtype)

        parameters, states = [], []
        for layer in range(self.layers):
            weights = {"W_ih": uniform(rows, hidden if layer else inputs), "W_hh": uniform(rows, hidden)}
            biases = {"b": uniform(rows)} | ({"b_hn": uniform(hidden)} if self.cell == "gru" else {})
            parameters.append(weights | biases)
            states.append({name: normal(batch, hidden) for name in STATES[self.cell]})
        return Data(parameters, states, normal(steps, batch, inputs), normal(steps, batch, hidden))

    def exactly(self) -> Problem:
        """The same in float64."""
        return replace(self, dtype="float64")


def gradients_by_name(d_x: np.ndarray, layers: list[Arrays]) -> Arrays:
    """All gradients of a run: of x, and of the parameters and the initial state of each layer."""
    named = {f"{name}, layer {i}": gradient for i, layer in enumerate(layers) for name, gradient in layer.items()}
    return {"x": d_x} | named
