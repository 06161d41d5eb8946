"""Each pass over loops changes what it should, keeps every value, and leaves alone what is not its business."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from graphgen import passes
from graphgen.autodiff import differentiate
from graphgen.elaborate import elaborate, over_time
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph, depending, walk
from graphgen.ir.node import Node, make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ir.verify import verify
from graphgen.ops.linear import is_swap, swap
from graphgen.ops.scan import Loop
from graphgen.passes.after_loop import after_the_loop
from graphgen.passes.before_loop import all_steps_at_once, invariants
from graphgen.passes.join_inside import join_inside
from graphgen.passes.pack import gather_sums, pack_products, pack_sums
from graphgen.passes.rows import in_rows
from graphgen.passes.split_functions import split_functions
from graphgen.passes.split_products import split_products
from graphgen.passes.sum_products import sum_products
from graphgen.passes.turn_products import turn_products
from graphgen.spec.reader import read_text
from tests.support import HELPERS

SIZES = {"n": 3, "k": 2, "m": 4, "T": 5}
SHAPES = {
    "W": "[n, k]", "V": "[n, k]", "Wt": "[k, n]", "U": "[n, n]", "R": "[n, n]", "Ut": "[n, n]", "C": "[n, n + k]",
    "G": "[2*n, n]", "K": "[n, 2*k]", "b": "[n, 1]", "d": "[n, 1]",
}  # fmt: skip


def sequence(equations: str, rows: bool = False, outputs: str = "h") -> Step:
    """The graph of a cell over time; what it reads of SHAPES are its parameters."""
    read = [name for name in SHAPES if name in re.findall(r"\w+", equations)]
    x, h = ("[m, k]", "[m, n]") if rows else ("[k, m]", "[n, m]")
    dims = [f"{d}: {d}" for d in ("n", "k", "m")]
    text = f"cell: f\ndims: {{{', '.join(dims)}}}\nparameters: {{{', '.join(f'{p}: {SHAPES[p]}' for p in read)}}}\n"
    text += f"inputs: {{x: {x}}}\nstates: {{h: {h}}}\nequations:\n"
    text += "".join(f"  - {line.strip()}\n" for line in equations.split(";")) + f"outputs: [{outputs}]\n"
    graph = over_time(elaborate(read_text(text)), Dim.of("T"))
    return Step(graph, Graph(graph.inputs, {}))


def with_backward(step: Step) -> Step:
    """The same with its backward graph, as differentiation leaves it."""
    return differentiate(step.forward)


def loops(step: Step) -> list[Loop]:
    roots = [*step.forward.outputs.values(), *step.backward.outputs.values()]
    return [Loop.of(node) for node in walk(roots) if node.op is OPS["scan"]]


def within(step: Step, op: str) -> int:
    """How many nodes of an operation the bodies of loops have."""
    return sum(node.op is OPS[op] for loop in loops(step) for node in walk(loop.results))


def beside(step: Step, op: str) -> int:
    """How many there are outside of loops."""
    roots = [*step.forward.outputs.values(), *step.backward.outputs.values()]
    return sum(node.op is OPS[op] for node in walk(roots))


def carried_sums(step: Step) -> int:
    """How many sums in the loops depend on what is carried."""
    found = (depending(walk(loop.results), [c.leaf for c in loop.carried]) for loop in loops(step))
    return sum(node.op is OPS["add"] for nodes in found for node in nodes)


def carries(step: Step) -> int:
    return sum(len(loop.carried) for loop in loops(step))


def stacked(step: Step) -> int:
    """How many values of every step the loops return."""
    return sum(len(loop.every) for loop in loops(step))


def in_columns(step: Step) -> int:
    return sum(carry.leaf.shape[-1] == Dim.of("m") for loop in loops(step) for carry in loop.carried)


def turned_products(step: Step) -> int:
    """How many products are transposed."""
    return sum(is_swap(node) and node.inputs[0].op is OPS["matmul"] for node in walk(step.forward.outputs.values()))


def stacks_of_products(step: Step) -> int:
    return sum(node.op is OPS["matmul"] and len(node.shape) > 2 for node in walk(step.forward.outputs.values()))


W, V = variable("parameters.W", ["n", "k"]), variable("parameters.V", ["k", "n"])
A, B = variable("inputs.A", ["T", "n", "k"]), variable("inputs.B", ["T", "k", "n"])


def plain(*nodes: Node) -> Step:
    """A step without a loop."""
    graph = Graph({leaf.attrs["name"]: leaf for leaf in (W, V, A, B)}, dict(zip("zy", nodes)))
    return Step(graph, Graph(graph.inputs, {}))


def side_by_side(step: Step, axis: int) -> Step:
    """The outputs of every step laid side by side after the loop."""
    outputs = [node for key, node in step.forward.outputs.items() if key.startswith("outputs.")]
    return replace(step, forward=replace(step.forward, outputs={"z": make.concat(*outputs, axis=axis)}))


class Case(NamedTuple):
    run: Callable[[Step], Step]
    changes: Step
    measures: dict[Callable[[Step], int], tuple[int, int]]  # before and after
    leaves: Step


def count(where: Callable[[Step, str], int], op: str) -> Callable[[Step], int]:
    return lambda step: where(step, op)


COLUMNS, ROWS = "h = tanh(W @ x + U @ h_prev)", "h = tanh(x @ Wt + h_prev @ Ut)"
CASES = {
    "in_rows": Case(in_rows, sequence(COLUMNS), {in_columns: (1, 0)}, sequence(ROWS, rows=True)),
    "split_functions": Case(
        split_functions,
        sequence("g = sigmoid(G @ h_prev); h = g[:n] * tanh(g[n:]) + W @ x"),
        {count(within, "sigmoid"): (1, 2)},
        sequence("g = sigmoid(G @ h_prev); h = g[:n] * sum( g[:n]) + W @ x"),
    ),
    "split_products": Case(
        split_products,
        sequence("h = tanh(C @ concat(h_prev, x))"),
        {count(within, "matmul"): (1, 2), count(within, "concat"): (1, 0)},
        sequence("h = tanh(K @ concat(x, 2 * x) + h_prev)"),
    ),
    "pack_products": Case(
        pack_products,
        sequence("h = tanh(W @ x + U @ h_prev) * tanh(V @ x + R @ h_prev)"),
        {count(within, "matmul"): (4, 2)},
        sequence(COLUMNS),
    ),
    "pack_sums": Case(
        pack_sums,
        pack_products(sequence("h = tanh(U @ h_prev + b) * tanh(R @ h_prev + d + sum(x))")),
        {count(within, "add"): (3, 2)},
        sequence("h = tanh(W @ x + U @ h_prev + b)"),
    ),
    "gather_sums": Case(
        gather_sums,
        sequence("h = tanh(W @ x + U @ h_prev + b)"),
        {carried_sums: (2, 1)},
        sequence(COLUMNS),
    ),
    "all_steps_at_once": Case(
        all_steps_at_once,
        sequence(ROWS, rows=True),
        {count(within, "matmul"): (2, 1), count(beside, "matmul"): (0, 1)},
        sequence("h = tanh(U @ h_prev) + sum(x * sum(h_prev))"),
    ),
    "all_steps_at_once, a part": Case(
        all_steps_at_once,
        sequence("z = concat(W, V) @ x; u = tanh(z[n:]); h = u * tanh(z[:n] + U @ h_prev)"),
        {count(within, "matmul"): (2, 1), count(within, "slice"): (2, 0)},
        sequence("h = tanh(U @ h_prev) + sum(x * sum(h_prev))"),
    ),
    "all_steps_at_once, all parts": Case(
        all_steps_at_once,
        sequence("z = concat(W, V) @ x; h = z[n:] * tanh(z[:n] + U @ h_prev)"),
        {count(within, "matmul"): (2, 1), count(within, "slice"): (2, 2)},
        sequence("h = tanh(U @ h_prev) + sum(x * sum(h_prev))"),
    ),
    "invariants": Case(
        invariants,
        sequence("h = tanh(U.T @ h_prev) + sum(x)"),
        {count(within, "transpose"): (1, 0), count(beside, "transpose"): (0, 1)},
        sequence("h = tanh(U @ h_prev) + sum(x)"),
    ),
    "after_the_loop": Case(
        after_the_loop,
        with_backward(sequence(ROWS, rows=True)),
        {carries: (4, 2), count(within, "matmul"): (6, 3)},  # the sums over steps of dWt and dUt leave, and dx
        sequence("h = tanh(U @ h_prev) + sum(x)"),
    ),
    "after_the_loop, a view": Case(
        after_the_loop,
        sequence("u = x.T; h = tanh(h_prev + (u @ W.T).T)", outputs="u"),
        {stacked: (1, 0)},
        sequence("h = tanh(U @ h_prev) + sum(x)"),
    ),
    "sum_products": Case(
        sum_products,
        plain(make.sum(A @ B, axis=0)),
        {stacks_of_products: (1, 0)},
        plain(A @ B, make.sum(A @ B, axis=0), make.sum(W @ B, axis=0)),  # read twice, or with the same W each time
    ),
    "turn_products": Case(
        turn_products,
        plain(swap(W @ V)),
        {turned_products: (1, 0)},
        plain(swap(W) @ swap(V)),
    ),
    "join_inside": Case(
        join_inside,
        side_by_side(sequence("u = tanh(U @ h_prev); h = u + sum(x)", outputs="h, u"), axis=-2),
        {count(within, "concat"): (0, 1)},
        side_by_side(
            sequence("u = tanh(U @ h_prev); h = u + sum(x)", outputs="h, u"), axis=0
        ),  # one step after the other
    ),
}


def values(step: Step) -> Iterator[np.ndarray]:
    """Every result of both graphs for arrays drawn at random."""
    rng = np.random.default_rng(0)
    arrays = {
        key: rng.uniform(-1, 1, tuple(dim.evaluate(SIZES) for dim in leaf.shape))
        for key, leaf in {**step.forward.inputs, **step.backward.inputs}.items()
    }
    for graph in (step.forward, step.backward):
        yield from evaluate(graph, {key: arrays[key] for key in graph.inputs}, HELPERS).values()


@pytest.mark.parametrize("name", CASES)
def test_a_pass_changes_what_it_should_and_no_value(name):
    case = CASES[name]
    after = case.run(case.changes)
    verify(after.forward, after.backward)
    for measure, (old, new) in case.measures.items():
        assert (measure(case.changes), measure(after)) == (old, new)
    for before, now in zip(values(case.changes), values(after), strict=True):
        np.testing.assert_allclose(now, before, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_a_pass_leaves_alone_what_is_not_its_business(name):
    case = CASES[name]
    after, before = case.run(case.leaves), case.leaves
    for graph, old in ((after.forward, before.forward), (after.backward, before.backward)):
        assert same(graph.outputs, old.outputs)


def same(outputs: dict[str, Node], old: dict[str, Node]) -> bool:
    """Whether the results are the very nodes; of loops, whether the bodies' results are."""
    scans = [[n for n in walk(nodes.values()) if n.op is OPS["scan"]] for nodes in (outputs, old)]
    bodies = [[result for scan in found for result in scan.attrs["body"].outputs.values()] for found in scans]
    plain = [[(n.op, n.shape) for n in walk(nodes.values())] for nodes in (outputs, old)]
    return bodies[0] == bodies[1] and plain[0] == plain[1]


def test_every_pass_of_a_level_is_tried():
    tried = {case.run for case in CASES.values()} | set(passes.SIMPLIFY)
    assert {run for level in (*passes.LEVELS.values(), *passes.BEFORE.values()) for run in level} <= tried
