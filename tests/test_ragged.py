"""Models over sequences of different lengths, and over sequences cut into chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphgen.check.module import Trial
from graphgen.ir.shape import Dim, Shape
from tests.shipped import compiled, module
from tests.support import LEVELS, assert_close

BOUND = 1e-12
LENGTHS = np.array([4, 1, 6, 3])
STACKED = ["stacked_lstm", "stacked_gru", "deep_lstm"]
BIDIRECTIONAL = ["bidirectional_lstm", "bidirectional_gru", "bidirectional_lstm_sum", "bidirectional_gru_sum"]
RAGGED = [*STACKED, *BIDIRECTIONAL, "residual_gru"]

every_level = pytest.mark.parametrize("level", LEVELS)
every_ragged = pytest.mark.parametrize("name", RAGGED)


class Ragged(Trial):
    """A step of a model over sequences of different lengths; what stands past their ends is noise."""

    def __init__(self, name: str, level: int, lengths: Any = LENGTHS, steps: int = 6) -> None:
        self.lengths, self.steps = np.asarray(lengths), steps
        done = compiled(name, level)
        super().__init__(module(name, level), done.cell, done.step.forward, None)

    def shape(self, key: str, shape: Shape) -> tuple[int, ...]:
        self.sizes |= {"T": self.steps, "m": len(self.lengths)}
        return super().shape(key, shape)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        shapes = {key: self.shape(key, leaf.shape) for key, leaf in self.graph.inputs.items()}
        arrays = {key: rng.uniform(-1, 1, shape) for key, shape in shapes.items()}
        return arrays | {"inputs.lengths": self.lengths}

    def alone(self, example: int, key: str, array: Any) -> Any:
        """What one example has of an array."""
        shape = (self.graph.outputs if key in self.graph.outputs else self.graph.inputs)[key].shape
        length = self.lengths[example]
        taken = {Dim.of("m"): slice(example, example + 1), Dim.of("T"): slice(0, length)}
        return array[tuple(taken.get(dim, slice(None)) for dim in shape)]


def alone(one: Ragged, level: int, example: int) -> Ragged:
    """The same model with one of the sequences, which has no padding."""
    other = Ragged(one.cell.name, level, one.lengths[example : example + 1], int(one.lengths[example]))
    other.arrays = {key: one.alone(example, key, array) for key, array in one.arrays.items()}
    other.cotangents = {key: one.alone(example, key, array) for key, array in one.cotangents.items()}
    return other


# Sequences of different lengths


@every_ragged
@every_level
def test_a_ragged_batch_is_each_sequence_alone(name: str, level: int) -> None:
    one = Ragged(name, level)
    results, gradients = one.run(one.arrays)[0], one.gradients()
    total: dict[str, Any] = {}
    for example in range(len(LENGTHS)):
        other = alone(one, level, example)
        assert_close({k: one.alone(example, k, v) for k, v in results.items()}, other.run(other.arrays)[0], BOUND)
        for key, gradient in other.gradients().items():
            if key.startswith("parameters."):
                total[key] = total.get(key, 0) + gradient
            else:
                assert_close({key: one.alone(example, key, gradients[key])}, {key: gradient}, BOUND)
    assert_close({key: gradients[key] for key in total}, total, BOUND)


@every_ragged
def test_nothing_comes_from_or_goes_past_the_ends(name: str) -> None:
    one = Ragged(name, 1, [0, 2])
    results, gradients = one.run(one.arrays)[0], one.gradients()
    padded = {"outputs.y": results["outputs.y"], "inputs.x": gradients["inputs.x"]}
    for key, array in padded.items():
        if name != "residual_gru" or key == "inputs.x":
            assert not np.any(array[2:]), key
            assert not np.any(array[..., 0]), key
    for state in one.cell.states:
        initial, final = one.arrays[f"state.{state.name}"], results[f"state.{state.name}"]
        assert_close({"": final[..., 0]}, {"": initial[..., 0]}, 0.0)


# Chunks


@pytest.mark.parametrize("name", STACKED)
@every_level
def test_chunks_are_the_whole_when_cotangents_are_carried_over(name: str, level: int) -> None:
    lengths = np.array([6, 6, 6])
    whole = Ragged(name, level, lengths)
    results, gradients = whole.run(whole.arrays)[0], whole.gradients()
    chunks = []
    for begin in (0, 2, 4):
        chunk = Ragged(name, level, [2, 2, 2], 2)
        chunk.arrays |= {k: v for k, v in whole.arrays.items() if not k.startswith("inputs.")}
        chunk.arrays |= {k: v[begin : begin + 2] for k, v in whole.arrays.items() if k in ("inputs.x", "inputs.mask")}
        chunk.cotangents["outputs.y"] = whole.cotangents["outputs.y"][begin : begin + 2]
        if chunks:
            before = chunks[-1].run(chunks[-1].arrays)[0]
            chunk.arrays |= {key: before[key] for key in chunk.arrays if key.startswith("state.")}
        chunks.append(chunk)
    last = chunks[-1].run(chunks[-1].arrays)[0]
    assert_close(
        {k: last[k] for k in last if k.startswith("state.")}, {k: results[k] for k in last if "state." in k}, 0
    )

    d_state = {key: value for key, value in whole.cotangents.items() if key.startswith("state.")}
    total: dict[str, Any] = {}
    truncated: dict[str, Any] = {}
    for chunk in reversed(chunks):
        chunk.cotangents |= dict.fromkeys(d_state)
        for key, gradient in chunk.gradients().items():
            truncated[key] = truncated.get(key, 0) + gradient
        chunk.cotangents |= d_state
        part = chunk.gradients()
        d_state = {key: part[key] for key in d_state}
        total = {key: total.get(key, 0) + part[key] for key in part}
    parameters = [key for key in gradients if key.startswith("parameters.")]
    assert_close({k: total[k] for k in parameters}, {k: gradients[k] for k in parameters}, BOUND)
    assert_close(d_state, {key: gradients[key] for key in d_state}, BOUND)
    assert any(not np.allclose(truncated[key], gradients[key]) for key in parameters)
