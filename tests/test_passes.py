"""Each pass changes what it should and nothing else."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, make, variable
from graphgen.ir.shape import Dim, count
from graphgen.ir.step import Step
from graphgen.ir.verify import verify
from graphgen.ops import formula, helpers
from graphgen.passes import LEVELS
from graphgen.passes.identities import IDENTITIES, Identity, apply_identities
from graphgen.passes.movement import cancel_movement

HELPERS = dict(inspect.getmembers(helpers, inspect.isfunction))
X, Y = variable("x", ["n", "m"]), variable("y", ["n", "m"])
ROW = variable("row", ["m"])
ELEMENTS = count(X.shape)
FOUR, FIVE = variable("four", [4, "m"]), variable("five", [5, "m"])


def part(start, stop) -> Node:
    """Rows of FOUR."""
    return make.slice(FOUR, axis=0, start=Dim.of(start), stop=Dim.of(stop))


def rewritten(run, node: Node) -> Node:
    """The node after a pass that must keep its type and its value."""
    leaves = {leaf.attrs["name"]: leaf for leaf in (X, Y, ROW, FOUR, FIVE)}
    step = Step(Graph(leaves, {"z": node}), Graph(leaves, {}))
    after = run(step).forward
    verify(after)
    assert after.outputs["z"].results == node.results
    rng = np.random.default_rng(0)
    sizes = {"n": 3, "m": 4}
    arrays = {key: rng.uniform(0.5, 2, [dim.evaluate(sizes) for dim in leaf.shape]) for key, leaf in leaves.items()}
    old, new = (evaluate(graph, arrays, HELPERS)["z"] for graph in (step.forward, after))
    np.testing.assert_allclose(new, old, rtol=1e-15)
    return after.outputs["z"]


@pytest.mark.parametrize("line", IDENTITIES.strip().splitlines())
def test_every_identity_holds_and_is_applied(line):
    pattern, result = (side.strip() for side in line.split("->"))
    names = {"x": X, "y": Y, "p": X > Y}

    def call(name, args, attrs):
        return make.zeros(shape=X.shape) if name == "zeros" else getattr(make, name)(*args)

    node = formula.evaluate(formula.parse(pattern), names, call)
    expected = formula.evaluate(formula.parse(result), names, call)
    assert rewritten(apply_identities, node) is expected


def test_an_identity_that_would_change_the_shape_is_not_applied():
    wide = ROW + make.zeros(shape=X.shape)
    assert Identity("x + zeros() -> x")(wide) is None
    assert rewritten(apply_identities, wide) is wide


def test_numbers_are_folded_and_infinities_left():
    assert rewritten(apply_identities, X * (make.const(value=2.0) + 3)) is X * 5
    endless = X * make.log(make.const(value=0.0))
    leaves = {"x": X}
    with np.errstate(divide="ignore"):
        kept = apply_identities(Step(Graph(leaves, {"z": endless}), Graph(leaves, {}))).forward.outputs["z"]
    assert kept is endless


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (make.transpose(make.transpose(X)), X),
        (make.transpose(make.transpose(make.expand_dims(X, axis=0), axes=(1, 2, 0)), axes=(2, 0, 1)),
         make.expand_dims(X, axis=0)),
        (make.squeeze(make.expand_dims(X, axis=1), axis=1), X),
        (make.expand_dims(make.sum(X, axis=0), axis=0), make.sum(X, axis=0, keepdims=True)),
        (make.broadcast_to(ROW, shape=X.shape) * Y, ROW * Y),
        (make.expand_dims(ROW, axis=0) * Y, ROW * Y),
        (make.slice(make.concat(X, Y), axis=0, start=X.shape[0], stop=X.shape[0] * 2), Y),
        (make.concat(part(0, 1), part(1, 3), axis=0), part(0, 3)),
        (make.concat(part(0, 1), part(1, 4), axis=0), FOUR),
        (make.reshape(make.reshape(X, shape=X.shape[::-1]), shape=(ELEMENTS,)), make.reshape(X, shape=(ELEMENTS,))),
        (make.reshape(make.reshape(X, shape=(ELEMENTS,)), shape=X.shape), X),
        (make.transpose(make.zeros(shape=X.shape)), make.zeros(shape=X.shape[::-1])),
        (make.expand_dims(make.slice(make.zeros(shape=(4,)), axis=0, start=Dim.of(1), stop=Dim.of(3)), axis=0),
         make.zeros(shape=(1, 2))),
        (make.pad_axis(X, axis=0, before=Dim.of(0), after=Dim.of(0)), X),
    ],
)  # fmt: skip
def test_moves_that_undo_each_other_go(before, after):
    assert rewritten(cancel_movement, before) is after


@pytest.mark.parametrize(
    "node",
    [
        make.transpose(make.expand_dims(X, axis=0), axes=(1, 2, 0)),
        make.expand_dims(make.sum(X, axis=0), axis=1),
        make.broadcast_to(ROW, shape=X.shape),
        make.slice(make.concat(X, Y), axis=0, start=X.shape[0] - 1, stop=X.shape[0]),
        make.concat(part(0, 1), part(2, 3), axis=0),
        make.concat(part(1, 2), part(0, 1), axis=0),
        make.concat(part(0, 1), make.slice(FIVE, axis=0, start=Dim.of(1), stop=Dim.of(2)), axis=0),
        make.concat(part(0, 2), part(2, 4), axis=1),
        X * Y + ROW,
    ],
)
def test_what_is_needed_stays(node):
    for level in LEVELS.values():
        for run in level:
            assert rewritten(run, node) is node
