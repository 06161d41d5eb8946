"""The IR: exact dims, shared nodes, the networkx view, verification and printing."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.errors import ShapeError
from graphgen.ir.bind import bindings, sizes
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.node import make, variable
from graphgen.ir.shape import Dim, broadcast, shape_of
from graphgen.ir.show import show_graph
from graphgen.ir.verify import MalformedGraphError, verify

n, m, k = (Dim.of(name) for name in "nmk")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (n + n + n, "3*n"),
        (m + n, "m + n"),
        (n + m, "m + n"),
        (n * 3 - n, "2*n"),
        (n - n, "0"),
        (n - 1, "n - 1"),
        (-n, "-n"),
        ((n + 1) * (n - 1), "n*n - 1"),
        ((2 * n + 4) // 2, "n + 2"),
        ((n + 1) // 2, "((n + 1)//2)"),
        ((2 * n + 1) // 2, "n"),
        ((2 * n + m + 1) // 2, "((m + 1)//2) + n"),
    ],
)
def test_dims_have_one_form(dim, text):
    assert str(dim) == text


def test_dims_are_equal_exactly_when_they_are_equal_for_all_sizes():
    forms = [n + m, m + n, 2 * n, n * 2, n * m, m * n, n + 1, (n + 1) // 2, (n + 3) // 2 - 1, n * n, n]
    draws = [dict(zip("nm", sizes)) for sizes in itertools.product(range(1, 6), repeat=2)]
    for a, b in itertools.combinations(forms, 2):
        always = all(a.evaluate(sizes) == b.evaluate(sizes) for sizes in draws)
        assert always or a != b
        quotients = "//" in f"{a}{b}"  # may be equal unnoticed
        assert a == b or quotients or not always


@pytest.mark.parametrize(
    ("a", "b", "known"),
    [
        (n, 1, True),
        (3 * n, 2 * n, True),
        (n + m, n, True),
        (n, m, False),
        (n, 2, False),
        (n * m, n, False),
        (n + 1, 2, True),
    ],
)
def test_an_order_of_dims_is_proved_or_not_claimed(a, b, known):
    assert a.at_least(b) is known


def test_broadcasting_names_the_dims_at_odds():
    assert broadcast(shape_of(["n", 1]), shape_of(["m"])) == (n, m)
    with pytest.raises(ShapeError, match=r"\[n, m\] and \[k\] do not broadcast: m and k differ"):
        broadcast(shape_of(["n", "m"]), shape_of(["k"]))


def test_sizes_follow_from_shapes():
    shapes = {"W": (3 * n, n + m), "b": (k - 1,)}
    assert sizes(shapes, {"W": (6, 7), "b": (3,)}) == {"n": 2, "m": 5, "k": 4}
    assert [b.text("a", 2) for b in bindings([("W", (3 * n, n + m))])] == ["a.shape[0] // 3", "(a.shape[1] - (n))"]


def test_equal_expressions_are_one_node():
    x, w = variable("x", ["n", "m"]), variable("w", ["n", "n"])
    assert make.tanh(w @ x) is make.tanh(w @ x)
    assert make.sum(x, axis=0) is make.sum(x, axis=-2)
    assert x * 2.0 is x * 2


def test_the_view_keeps_both_edges_of_a_square():
    x = variable("x", ["n"])
    view = Graph({"x": x}, {"y": x * x}).view()
    assert isinstance(view, nx.MultiDiGraph)
    assert sorted(key for _, _, key in view.edges(keys=True)) == [0, 1]
    assert nx.is_directed_acyclic_graph(view)


def test_deep_graphs_need_no_recursion():
    x = y = variable("x", ["n"])
    for _ in range(20_000):
        y = y + x
    graph = Graph({"x": x}, {"y": y})
    verify(graph)
    assert evaluate(graph, {"x": np.ones(2)}, {})["y"].tolist() == [20_001, 20_001]


def test_verify_finds_what_is_malformed():
    x, y = variable("x", ["n"]), variable("y", ["n"])
    with pytest.raises(MalformedGraphError, match="read and not declared"):
        verify(Graph({"x": x}, {"z": x + y}))
    with pytest.raises(MalformedGraphError, match="the leaf x is a add"):
        verify(Graph({"x": x + y}, {"z": x + y}))
    odd = x * y
    odd.results = (variable("q", ["m"]).results[0],)
    with pytest.raises(MalformedGraphError, match="inferred"):
        verify(Graph({"x": x, "y": y}, {"z": odd}))


def test_a_graph_prints_one_node_a_line():
    w, x = variable("w", ["n", "m"]), variable("x", ["m", 1])
    text = show_graph(Graph({"w": w, "x": x}, {"z": make.sum(w @ x, axis=0)}))
    assert text.splitlines() == [
        "input w: [n, m]",
        "input x: [m, 1]",
        "%2 = matmul(w, x): [n, 1]",
        "%3 = sum(%2, axis=(-2), keepdims=False): [1]",
        "output z = %3",
    ]
