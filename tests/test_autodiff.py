"""The sweep: residuals worked out, zeros never computed, loops differentiated again and again."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from graphgen.autodiff import differentiate
from graphgen.check.numeric import complex_step
from graphgen.compiler import compile_cell, compile_file
from graphgen.elaborate import elaborate, over_time
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.node import make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.verify import verify
from graphgen.ops import helpers
from graphgen.resources import find_spec
from graphgen.spec.reader import read, read_text

HELPERS = dict(inspect.getmembers(helpers, inspect.isfunction))
SIZES = {"n_x": 2, "n_a": 3, "n_h": 3, "n_y": 4, "m": 2, "T": 3}


def sequence(name: str) -> Graph:
    return over_time(elaborate(read(find_spec(name))), Dim.of("T"))


def gradients_agree(graph: Graph) -> None:
    """Every gradient of a graph, by the complex step through the reference evaluator."""
    step = differentiate(graph)
    verify(step.forward)
    verify(step.backward)
    rng = np.random.default_rng(0)
    arrays = {
        key: np.asarray(rng.uniform(-1, 1, [dim.evaluate(SIZES) for dim in leaf.shape]))
        for key, leaf in step.backward.inputs.items()
    }
    written = evaluate(step.backward, arrays, HELPERS, SIZES)

    def objective(values):
        results = evaluate(step.forward, {key: values[key] for key in graph.inputs}, HELPERS, SIZES)
        return complex(sum(np.sum(values[step.cotangents[key]] * result) for key, result in results.items()))

    for key in graph.inputs:
        numeric = complex_step(objective, arrays, key)
        np.testing.assert_allclose(written[key], numeric, rtol=0, atol=1e-12 * max(1, abs(numeric).max()))


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru_reset_after", "softmax_cross_entropy"])
def test_the_backward_graph_of_a_step_is_differentiated_again(name):
    gradients_agree(differentiate(elaborate(read(find_spec(name)))).backward)


@pytest.mark.parametrize("name", ["rnn", "gru_junction_rules"])
def test_backpropagation_through_time_is_differentiated_again(name):
    """A reversed scan over residuals of a scan: both are extended and run the other way."""
    gradients_agree(differentiate(sequence(name)).backward)


def test_stacked_loops():
    """One scan reads every step of another, and the final state of it too."""
    h, x, w = variable("body.h", ["m"]), variable("body.x", ["m"]), variable("w", ["m"])
    body = Graph({"h": h, "x": x, "w": w}, {"h": make.tanh(w * h + x), "every": h * x})
    xs, start = variable("xs", ["T", "m"]), variable("start", ["m"])
    loop = {"body": body, "carries": 1, "sequences": 1, "length": Dim.of("T")}
    first = make.scan(start, xs, w, **loop, reverse=False)
    second = make.scan(make.item(first, at=0), make.item(first, at=1), w * w, **loop, reverse=True)
    results = {"final": make.item(second, at=0), "every": make.item(second, at=1)}
    gradients_agree(Graph({"xs": xs, "start": start, "w": w}, results))


def test_residuals_are_the_smallest_set_from_which_the_rest_follows():
    """What can be computed again from other residuals, 1 - z or r * h_prev, is not kept."""
    done = compile_file(find_spec("gru_junction_rules"))
    (record,) = [record for record in done.program.records if record.name == "Residuals"]
    assert [field.name for field in record.fields] == ["x", "h_prev", "r", "z", "h_hat"]


def test_residuals_hold_nothing_that_no_cotangent_meets():
    spec = "cell: f\ninputs: {x: [3], y: [3]}\nequations:\n  - z = tanh(x) + y\noutputs: [z]\n"
    done = compile_cell(read_text(spec))
    assert [node.op.name for node in done.step.residuals] == ["tanh"]


def test_cotangents_that_are_zero_are_never_computed():
    """No cotangent reaches u: its gradient is zeros, and nothing of its branch is in the backward graph."""
    spec = (
        "cell: f\ninputs: {x: [3], u: [3]}\nstates: {s: [3]}\nequations:\n"
        "  - s = x + sign(u)\n  - y = x * x\noutputs: [y]\n"
    )
    backward = compile_cell(read_text(spec)).step.backward
    assert backward.outputs["inputs.u"].op is OPS["zeros"]
    assert backward.outputs["state.s"].op is OPS["zeros"]
    assert "sign" not in {node.op.name for node in backward.order}


def test_integers_get_no_gradient():
    spec = "cell: f\ninputs: {E: [4, 3], i: {shape: [2], dtype: int}}\nequations:\n  - y = E[i]\noutputs: [y]\n"
    done = compile_cell(read_text(spec))
    assert list(done.step.backward.outputs) == ["inputs.E"]
    assert "Inputs(E=dE, i=None)" in done.source
