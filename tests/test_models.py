"""Specs that use other specs: their parameters, embeddings, and models whose step is a chunk."""

from __future__ import annotations

import numpy as np
import pytest

from graphgen.check.module import Trial, emptied, load
from graphgen.compiler import compile_cell, compile_file
from graphgen.resources import find_spec
from graphgen.spec.reader import read_text
from tests.support import LEVELS, assert_close

BOUND = 1e-12


def test_the_rows_of_an_embedding_that_a_batch_reads_are_enough() -> None:
    """The same module with those rows alone for its E gives their gradient; that of all others is zero."""
    done, rng = compile_file(find_spec("sentence_classifier"), 1), np.random.default_rng(0)
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


@pytest.mark.parametrize("level", LEVELS)
def test_steps_of_a_model_are_chunks_of_a_sequence(level: int) -> None:
    """`forward_sequence` of a model whose step is a chunk runs one chunk after the other."""
    done = compile_file(find_spec("word_language_model"), level)
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
