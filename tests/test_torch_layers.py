"""Layers of models equal those of torch over sequences of different lengths: values and all gradients.

What torch documents is restated in JAX, one sequence after the other; where torch is installed, its own layers are
asked too, on packed sequences.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from examples.convert_weights import from_torch, to_torch
from graphgen.check.module import Trial
from tests.frameworks import torch_gru, torch_lstm
from tests.primitives import called
from tests.shipped import compiled, module
from tests.support import LEVELS, assert_close

HAS_TORCH = importlib.util.find_spec("torch") is not None
BOUND = 1e-12
LENGTHS = np.array([4, 1, 6, 3])
STEPS, BATCH, N_X, N_H = 6, 4, 3, 5

Arrays = dict[str, Any]


class Layer(NamedTuple):
    """A model, and what it has of torch's layer."""

    cell: str
    parts: dict[str, str]  # torch's name of the part that each use is
    states: dict[str, tuple[str, int]]  # each state: of torch's h or c, which row

    @property
    def stacked(self) -> bool:
        """Whether one part reads what the other returns; else they read in opposite directions."""
        return "l1" in self.parts.values()

    @property
    def kinds(self) -> str:
        """The states that the cell has in torch."""
        return "hc" if self.cell == "lstm" else "h"


STACKED, BIDIRECTIONAL = {"lower": "l0", "upper": "l1"}, {"forwards": "l0", "backwards": "l0_reverse"}
LAYERS = {
    "stacked_lstm": Layer("lstm", STACKED, {"a1": ("h", 0), "c1": ("c", 0), "a2": ("h", 1), "c2": ("c", 1)}),
    "stacked_gru": Layer("gru_reset_after", STACKED, {"h1": ("h", 0), "h2": ("h", 1)}),
    "bidirectional_lstm": Layer("lstm", BIDIRECTIONAL, {}),
    "bidirectional_gru": Layer("gru_reset_after", BIDIRECTIONAL, {}),
}


def given(layer: Layer) -> tuple[Arrays, Arrays]:
    """Weights, input and initial states in torch's layout; cotangents of the outputs and of the final states.

    A model without states starts from zeros, and of its final states returns h alone.
    """
    rng, gates = np.random.default_rng(3), 4 if layer.cell == "lstm" else 3
    arrays = {"x": rng.uniform(-1, 1, (STEPS, BATCH, N_X))}
    for part in layer.parts.values():
        width = N_H if part == "l1" else N_X
        shapes = {"weight_ih": (gates * N_H, width), "weight_hh": (gates * N_H, N_H)}
        shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (gates * N_H,))
        arrays |= {f"{key}_{part}": rng.uniform(-0.5, 0.5, shape) for key, shape in shapes.items()}
    arrays |= {kind: rng.uniform(-1, 1, (2, BATCH, N_H)) * bool(layer.states) for kind in layer.kinds}
    cotangents = {"y": rng.standard_normal((STEPS, BATCH, N_H if layer.stacked else 2 * N_H))}
    cotangents |= {kind: rng.standard_normal((2, BATCH, N_H)) for kind in layer.kinds}
    if not layer.states:
        cotangents |= {kind: np.zeros((2, BATCH, N_H)) for kind in layer.kinds[1:]}
    return arrays, cotangents


# Three ways to the results and the gradients


@cache
def by_jax(name: str) -> tuple[Arrays, Arrays]:
    """Outputs and final states, and the gradients of everything given, from one sequence after the other."""
    layer = LAYERS[name]
    arrays, cotangents = given(layer)

    def run(arrays: Arrays) -> Arrays:
        each = [one_sequence(layer, arrays, example, length) for example, length in enumerate(LENGTHS)]
        return {key: jnp.stack([results[key] for results in each], axis=1) for key in each[0]}

    def both(arrays: Arrays, cotangents: Arrays) -> tuple[Arrays, Arrays]:
        results, pull_back = jax.vjp(run, arrays)
        return results, pull_back(cotangents)[0]

    return called(both, arrays, cotangents)


def one_sequence(layer: Layer, arrays: Arrays, example: int, length: int) -> Arrays:
    """What a layer of torch computes of one sequence; its outputs are padded with zeros."""
    x, finals = arrays["x"][:length, example], []
    outputs = [x]
    for row, part in enumerate(layer.parts.values()):
        start = {kind: arrays[kind][row, example][None] for kind in layer.kinds}
        y, final = one_direction(layer, arrays, part, outputs[-1] if layer.stacked else x, start)
        outputs.append(y)
        finals.append(final)
    y = outputs[-1] if layer.stacked else jnp.concatenate(outputs[1:], axis=1)
    states = {kind: jnp.concatenate([final[kind] for final in finals]) for kind in layer.kinds}
    return {"y": jnp.pad(y, ((0, STEPS - length), (0, 0))), **states}


def one_direction(layer: Layer, arrays: Arrays, part: str, x: Any, state: Arrays) -> tuple[Any, Arrays]:
    """One part over one sequence [T, features]: its outputs [T, n_h] and its final state."""
    step = torch_lstm if layer.cell == "lstm" else torch_gru
    weights = {f"{key}_l0": arrays[f"{key}_{part}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    turn = -1 if part.endswith("reverse") else 1
    outputs = []
    for row in x[::turn]:
        state = step(weights, row[None], **state)
        outputs.append(state["h"][0])
    return jnp.stack(outputs[::turn]), state


@cache
def by_torch(name: str) -> tuple[Arrays, Arrays]:
    """The same from torch's own layer."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    layer = LAYERS[name]
    arrays, cotangents = given(layer)
    options = {"num_layers": 2} if layer.stacked else {"bidirectional": True}
    kind = torch.nn.LSTM if layer.cell == "lstm" else torch.nn.GRU
    own = kind(N_X, N_H, dtype=torch.float64, **options)
    tensors = {key: torch.tensor(array, requires_grad=True) for key, array in arrays.items()}
    start = tuple(tensors[key] for key in layer.kinds)
    packed = pack_padded_sequence(tensors["x"], torch.tensor(LENGTHS), enforce_sorted=False)
    weights = {key: tensor for key, tensor in tensors.items() if "_" in key}
    read, final = torch.func.functional_call(own, weights, (packed, start if len(start) > 1 else start[0]))
    final = final if isinstance(final, tuple) else (final,)
    results = {"y": pad_packed_sequence(read)[0], **dict(zip(layer.kinds, final))}
    torch.autograd.backward(list(results.values()), [torch.tensor(cotangents[key]) for key in results])
    gradients = {key: tensor.grad.numpy() for key, tensor in tensors.items()}
    return {key: result.detach().numpy() for key, result in results.items()}, gradients


def by_graphgen(name: str, level: int, arrays: Arrays, cotangents: Arrays) -> tuple[Arrays, Arrays]:
    """The same from the generated module, in torch's layout, as far as the model has it."""
    layer, done = LAYERS[name], compiled(name, level)
    one = Trial(module(name, level), done.cell, done.step.forward, None)
    one.arrays = {"inputs.x": columns(arrays["x"]), "inputs.lengths": LENGTHS}
    one.arrays |= {"inputs.mask": np.ones((STEPS, N_H, BATCH))} if layer.stacked else {}
    for use, part in layer.parts.items():
        own = from_torch(layer.cell, arrays, part)
        one.arrays |= {f"parameters.{use}.{key}": array for key, array in own.items()}
    one.arrays |= {f"state.{state}": columns(arrays[kind][row]) for state, (kind, row) in layer.states.items()}
    one.cotangents = {"outputs.y": columns(cotangents["y"]), "outputs.last": columns(np.hstack([*cotangents["h"]]))}
    one.cotangents |= {f"state.{s}": columns(cotangents[kind][row]) for s, (kind, row) in layer.states.items()}

    results, gradients = one.run(one.arrays)[0], one.gradients()
    back = {"x": columns(gradients["inputs.x"]), **states(layer, gradients)}
    for use, part in layer.parts.items():
        own = {key.rsplit(".", 1)[1]: array for key, array in gradients.items() if f".{use}." in key}
        back |= to_torch(layer.cell, own, part, gradients=True)
    final = states(layer, results)
    if not layer.stacked:
        final = {"h": np.stack(np.split(columns(results["outputs.last"]), 2, axis=1))}
    return {"y": columns(results["outputs.y"]), **final}, back


def columns(rows: Any) -> Any:
    """[..., n, m] from [..., m, n], or back."""
    return np.swapaxes(rows, -1, -2)


def states(layer: Layer, arrays: Arrays) -> Arrays:
    """The states of a model, or their gradients, as torch has them: [2, m, n_h]."""
    kinds = {kind for kind, _ in layer.states.values()}
    return {
        kind: np.stack([columns(arrays[f"state.{name}"]) for name, (k, _) in layer.states.items() if k == kind])
        for kind in kinds
    }


@pytest.mark.parametrize("oracle", [by_jax, by_torch] if HAS_TORCH else [by_jax])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_those_of_torch(name: str, level: int, oracle: Callable[..., Any]) -> None:
    arrays, cotangents = given(LAYERS[name])
    results, gradients = by_graphgen(name, level, arrays, cotangents)
    expected, expected_gradients = oracle(name)
    assert set(gradients) == {key for key in arrays if LAYERS[name].states or key not in ("h", "c")}
    assert_close(results, {key: np.asarray(expected[key]) for key in results}, BOUND)
    assert_close(gradients, {key: np.asarray(expected_gradients[key]) for key in gradients}, BOUND)
