"""Specs that use other specs: sequences of different lengths, chunks, sharing, and what torch computes."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from examples.convert_weights import from_torch
from graphgen import build
from graphgen.check.module import Trial, check, emptied, load
from graphgen.compiler import Compilation, compile_cell, compile_file
from graphgen.errors import SpecError
from graphgen.ir.shape import Dim, Shape
from graphgen.resources import find_spec
from graphgen.spec.reader import read_text
from tests.support import LEVELS, assert_close
from tests.test_layouts import torch_gru, torch_lstm

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "models.md").read_text("utf-8")
HAS_TORCH = importlib.util.find_spec("torch") is not None
BOUND = 1e-12
LENGTHS = np.array([4, 1, 6, 3])
LAYERS = {
    "stacked_lstm": {"lower": "l0", "upper": "l1"},
    "bidirectional_lstm": {"forwards": "l0", "backwards": "l0_reverse"},
    "bidirectional_gru": {"forwards": "l0", "backwards": "l0_reverse"},
}
RAGGED = [*LAYERS, "deep_lstm", "bidirectional_lstm_sum", "bidirectional_gru_sum", "residual_gru"]

every_level = pytest.mark.parametrize("level", LEVELS)
every_ragged = pytest.mark.parametrize("name", RAGGED)


@cache
def compiled(name: str, level: int) -> Compilation:
    return compile_file(find_spec(name), level)


class Ragged(Trial):
    """A step of a model over sequences of different lengths; what stands past their ends is noise."""

    def __init__(self, name: str, level: int, lengths: Any = LENGTHS, steps: int = 6) -> None:
        self.lengths, self.steps = np.asarray(lengths), steps
        done = compiled(name, level)
        super().__init__(load(done.source, name), done.cell, done.step.forward, None)

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


# torch's layers, restated in JAX on one sequence after the other, and torch itself where it is installed


def torch_weights(name: str) -> dict[str, np.ndarray]:
    """Weights of a layer as torch has them."""
    rng, gates = np.random.default_rng(3), 3 if "gru" in name else 4
    n_x, n_h, weights = 3, 4, {}
    for suffix in LAYERS[name].values():
        width = n_h if suffix == "l1" else n_x
        shapes = {"weight_ih": (gates * n_h, width), "weight_hh": (gates * n_h, n_h)}
        shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (gates * n_h,))
        weights |= {f"{key}_{suffix}": rng.uniform(-0.5, 0.5, shape) for key, shape in shapes.items()}
    return weights


def torch_layer(weights: Mapping[str, Any], suffix: str, x: Any, step: Callable[..., Any]) -> Any:
    """One direction of one layer over one sequence [T, features]; its outputs [T, n_h]."""
    own = {f"{key}_l0": weights[f"{key}_{suffix}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    h = jnp.zeros((1, own["weight_hh_l0"].shape[1]))
    state, outputs = {"h": h, **({"c": h} if step is torch_lstm else {})}, []
    for row in x:
        state = step(own, row[None], **state)
        outputs.append(state["h"][0])
    return jnp.stack(outputs)


def torch_outputs(name: str, weights: Mapping[str, Any], x: Any) -> Any:
    """The outputs for one sequence."""
    step = torch_gru if "gru" in name else torch_lstm
    if name == "stacked_lstm":
        return torch_layer(weights, "l1", torch_layer(weights, "l0", x, step), step)
    there = torch_layer(weights, "l0", x, step)
    back = torch_layer(weights, "l0_reverse", x[::-1], step)[::-1]
    return jnp.concatenate([there, back], axis=1)


def by_jax(name: str, weights: Any, x: np.ndarray, dy: np.ndarray) -> tuple[Any, Any, Any]:
    """Outputs, and gradients of weights and inputs, for a ragged batch [T, m, features] padded with zeros."""

    def run(weights: Any, x: Any) -> Any:
        columns = []
        for example, length in enumerate(LENGTHS):
            y = torch_outputs(name, weights, x[:length, example])
            columns.append(jnp.pad(y, ((0, len(x) - length), (0, 0))))
        return jnp.stack(columns, axis=1)

    y, pull_back = jax.vjp(run, weights, jnp.asarray(x))
    return y, *pull_back(jnp.asarray(dy))


def by_torch(name: str, weights: Any, x: np.ndarray, dy: np.ndarray) -> tuple[Any, Any, Any]:
    """The same from torch's packed sequences."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    options = {"num_layers": 2} if name == "stacked_lstm" else {"bidirectional": True}
    layer = (torch.nn.GRU if "gru" in name else torch.nn.LSTM)(3, 4, dtype=torch.float64, **options)
    layer.load_state_dict({key: torch.tensor(array) for key, array in weights.items()})
    given = torch.tensor(x, requires_grad=True)
    packed = pack_padded_sequence(given, torch.tensor(LENGTHS), enforce_sorted=False)
    y, _ = pad_packed_sequence(layer(packed)[0])
    y.backward(torch.tensor(dy))
    gradients = {key: array.grad.numpy() for key, array in layer.named_parameters()}
    return y.detach().numpy(), gradients, given.grad.numpy()


@pytest.mark.parametrize("oracle", [by_jax, by_torch] if HAS_TORCH else [by_jax])
@pytest.mark.parametrize("name", LAYERS)
@every_level
def test_layers_are_those_of_torch(name: str, level: int, oracle: Callable[..., Any]) -> None:
    rng, weights = np.random.default_rng(4), torch_weights(name)
    wide = 4 if name == "stacked_lstm" else 8
    x, dy = rng.uniform(-1, 1, (6, 4, 3)), rng.standard_normal((6, 4, wide))
    y, dweights, dx = oracle(name, weights, x, dy)

    module, cell = load(compiled(name, level).source, name), "lstm" if "lstm" in name else "gru_reset_after"
    records = module.Parameters.__annotations__
    layers = {use: from_torch(cell, weights, suffix) for use, suffix in LAYERS[name].items()}
    parameters = module.Parameters(**{use: records[use](**arrays) for use, arrays in layers.items()})
    columns = {"x": x.transpose(0, 2, 1), "lengths": LENGTHS}
    if name == "stacked_lstm":
        columns["mask"] = np.ones((6, 4, 4))
    state = [module.zero_state(n_a=4, m=4)] if name == "stacked_lstm" else []
    outputs, *_, residuals = module.forward(parameters, module.Inputs(**columns), *state)
    nothing = dict.fromkeys(module.Outputs._fields)
    cotangents = module.Outputs(**{**nothing, "y": dy.transpose(0, 2, 1)})
    gradients = module.backward(parameters, residuals, cotangents)

    assert_close({"y": outputs.y.transpose(0, 2, 1)}, {"y": y}, BOUND)
    assert_close({"x": gradients.inputs.x.transpose(0, 2, 1)}, {"x": dx}, BOUND)
    plain = {key: np.asarray(array) for key, array in dweights.items()}
    for suffix in LAYERS[name].values():  # ours are the two biases in one, so each has the gradient of the sum
        if cell == "lstm":
            plain[f"bias_hh_{suffix}"] = np.zeros_like(plain[f"bias_hh_{suffix}"])
    for use, suffix in LAYERS[name].items():
        expected = from_torch(cell, plain, suffix)
        if cell == "gru_reset_after":
            n_h = 4
            ih, hh = plain[f"bias_ih_{suffix}"], plain[f"bias_hh_{suffix}"]
            expected |= {"b_r": ih[:n_h, None], "b_z": ih[n_h : 2 * n_h, None], "b_hn": hh[2 * n_h :, None]}
        assert_close(getattr(gradients.parameters, use)._asdict(), expected, BOUND)


# Chunks


@pytest.mark.parametrize("name", ["stacked_lstm", "deep_lstm"])
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


@every_level
def test_steps_of_a_model_are_chunks_of_a_sequence(level: int) -> None:
    """`forward_sequence` of a model whose step is a chunk runs one chunk after the other."""
    done = compiled("word_language_model", level)
    module = load(done.source, "language")
    parameters = module.init_parameters(np.random.default_rng(0), n_a=3, n_e=2, n_w=5, n_y=5)
    rng = np.random.default_rng(1)
    words, target, weight = rng.integers(0, 5, (4, 3, 2)), rng.integers(0, 5, (4, 3, 2)), np.ones((4, 3, 2))
    state = module.zero_state(n_a=3, m=2)
    outputs, final, kept = module.forward_sequence(parameters, module.Inputs(words, target, weight), state)
    joined = [array.reshape(1, 12, 2) for array in (words, target, weight)]
    once, end, kept_once = module.forward_sequence(parameters, module.Inputs(*joined), state)
    assert_close(final._asdict(), end._asdict(), BOUND)
    assert_close({"loss": np.mean(outputs.loss)}, {"loss": once.loss[0]}, BOUND)
    d_all = module.backward_sequence(parameters, kept, module.Outputs(np.full(4, 0.25), None))
    d_once = module.backward_sequence(parameters, kept_once, module.Outputs(np.ones(1), None))
    assert_close(dict(emptied(d_all.parameters)), dict(emptied(d_once.parameters)), BOUND)


# Embeddings


def test_the_rows_of_an_embedding_that_a_batch_reads_are_enough() -> None:
    """The same module with those rows alone for its E gives their gradient; that of all others is zero."""
    done, rng = compiled("sentence_classifier", 1), np.random.default_rng(0)
    one = Trial(load(done.source, "classifier"), done.cell, done.step.forward, None)
    length, batch = shape = one.arrays["inputs.words"].shape
    one.arrays["parameters.E"] = rng.standard_normal((50, one.sizes["n_e"]))
    one.arrays |= {"inputs.words": rng.choice([3, 17, 42], shape), "inputs.lengths": np.full(batch, length)}
    dense = one.gradients()
    rows, places = np.unique(one.arrays["inputs.words"], return_inverse=True)
    one.arrays |= {"parameters.E": one.arrays["parameters.E"][rows], "inputs.words": places.reshape(shape)}
    sparse = one.gradients()
    whole = np.zeros_like(dense["parameters.E"])
    whole[rows] = sparse["parameters.E"]
    assert_close({**sparse, "parameters.E": whole}, dense, BOUND)


# Parameters

MODEL = """
cell: model
dims: {T: steps, n_x: features, n_h: units, m: batch}
uses: {one: rnn, other: USE}
inputs: {x: [T, n_x, m]}
equations:
  - a = scan(one, x=x)
  - b = scan(other, x=x, reverse=True)
  - again = scan(one, x=x[::-1])
  - y = a.h + b.h + again.h
outputs: [y]
"""


@pytest.mark.parametrize(
    ("use", "records", "shapes"),
    [
        ("rnn", {"one", "other"}, {(4, 3)}),
        ("{spec: rnn, parameters: one}", {"one"}, {(4, 3)}),
        ("{spec: rnn, stack: T}", {"one", "other"}, {(4, 3), (5, 4, 3)}),
        ("{spec: rnn, dims: {n_h: n_h}}", {"one", "other"}, {(4, 3)}),
    ],
)
def test_parameters_nest_by_the_names_of_uses(use: str, records: set[str], shapes: set[tuple[int, ...]]) -> None:
    done = compile_cell(read_text(MODEL.replace("USE", use)))
    module = load(done.source, "model")
    sizes = {"T": 5} if "stack" in use else {}
    parameters = module.init_parameters(np.random.default_rng(0), n_x=3, n_h=4, **sizes)
    assert set(parameters._fields) == records
    assert {getattr(parameters, name).W.shape for name in records} == shapes
    assert [type(record).__name__ for record in parameters] == [f"{n.title()}Parameters" for n in parameters._fields]
    for layer in parameters.other.U if "stack" in use else []:
        np.testing.assert_allclose(layer @ layer.T, np.eye(4), atol=1e-12)


def test_a_name_used_twice_is_one_set_of_parameters() -> None:
    """Its gradient is the sum of both calls'."""
    shared, apart = (
        Trial(load(done.source, "model"), done.cell, done.step.forward, None)
        for done in (
            compile_cell(read_text(MODEL.replace("USE", "{spec: rnn, parameters: one}"))),
            compile_cell(read_text(MODEL.replace("USE", "rnn"))),
        )
    )
    apart.arrays = {**shared.arrays, **{k.replace("one", "other"): v for k, v in shared.arrays.items()}}
    apart.cotangents = shared.cotangents
    gradients = apart.gradients()
    total = {key: array + gradients.get(key.replace("one", "other"), 0) for key, array in gradients.items()}
    expected = {key: total[key] if "one" in key else gradients[key] for key in shared.gradients()}
    assert_close(shared.gradients(), expected, BOUND)


# The page


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (spec,) = blocks("yaml")
    path = tmp_path / "tagger.yaml"
    path.write_text(spec, "utf-8")
    done = compile_file(path)
    assert check(done.source, done.cell, done.step.forward).ok
    build.write_all(build.compile_all([build.Job(path, 1)]), tmp_path / "modules", force=False, clean=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    exec("".join(blocks("python")), {})
    del sys.modules["modules"], sys.modules["modules.tagger"]


def test_the_page_shows_an_error_as_it_is() -> None:
    (shown,) = blocks("text")
    text = blocks("yaml")[0].replace("concat(forwards.a, backwards.a, axis=1)", "forwards.a + backwards.a")
    with pytest.raises(SpecError) as caught:
        compile_cell(read_text(text, "tagger.yaml"))
    folder = f"{find_spec('softmax_cross_entropy').parent}/"
    assert str(caught.value).replace(folder, "") + "\n" == shown


def test_the_page_names_models_that_are_shipped() -> None:
    named = set(re.findall(r"`(\w+_\w+)`", PAGE))
    assert {"stacked_lstm", "deep_lstm", "word_language_model"} <= named
    for name in named - {"average_over", "there_c", "d_state", "forward_sequence"}:
        find_spec(name)
