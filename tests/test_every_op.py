"""Every operation of the registry is held to the same properties, on the samples of its declaration.

A new operation is tested by being declared: nothing here names operations, except where a table says so.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy

from graphgen.autodiff import differentiate
from graphgen.check.module import is_analytic
from graphgen.check.numeric import central_difference, complex_step
from graphgen.errors import ShapeError
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph, rebuild
from graphgen.ir.node import Node, variable
from graphgen.ir.op import OPS, Op, sample
from graphgen.ir.shape import Dim
from graphgen.ir.verify import verify
from graphgen.ops import formula
from graphgen.ops.declare import Elementwise
from tests.operations import BINARY, ELEMENTWISE, each, of
from tests.support import CASES, HELPERS, LEVELS, Case, SampleTrial, assert_close, is_float, run

WITHOUT_SAMPLES = {
    "input": "an array handed in, no expression",
    "const": "a number",
    "size": "a dim as a number: samples have no dims",
    "scan": "made of a cell's equations",
    "item": "reads a scan",
    "apply": "calls a function that a spec defines: samples define none",
    "pad_axis": "the junction rule of slices, and tested with them",
    "dilate": "the junction rule of slices with a step, and tested with them",
    "windows": "tested with convolution and pooling",
    "add_windows": "the junction rule of windows, and tested with them",
    "add_at": "the junction rule of take, and tested with it",
}

each_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.op.name}-{i}-{case.sample.text}" for i, case in enumerate(CASES)]
)
each_level = pytest.mark.parametrize("level", LEVELS, ids=[f"O{level}" for level in LEVELS])


# --- declarations ---------------------------------------------------------------------------------------------


@each(list(OPS.values()))
def test_has_samples(op: Op) -> None:
    needs_none = op.name in WITHOUT_SAMPLES or not (op.public or op.junction)
    assert op.samples or needs_none, f"declare samples for {op.name}"
    assert not (op.samples and op.name in WITHOUT_SAMPLES), f"{op.name} has samples: take it off the list"


@each_case
def test_sample_uses_its_op(case: Case) -> None:
    composite = type(case.op).expand is not Op.expand  # leaves no node of its own
    assert composite or case.op in {node.op for node in case.graph.order}


# --- values ---------------------------------------------------------------------------------------------------


def values(case: Case, graph: Graph) -> dict[Node, np.ndarray]:
    """What NumPy makes of every node of a case's forward or backward graph; of a loop by its items alone."""
    leaves = {f"inputs.{name}": array for name, array in case.arrays.items()}
    leaves["d_outputs.result"] = case.cotangent
    nodes = {str(i): node for i, node in enumerate(graph.order)}
    results = evaluate(Graph(graph.inputs, nodes), leaves, HELPERS)
    return {nodes[key]: np.asarray(value) for key, value in results.items() if not isinstance(value, list)}


@each_case
def test_inferred_shapes(case: Case) -> None:
    """What `infer` says of every node, forward and backward, is what NumPy makes of it."""
    for graph in (case.step.forward, case.step.backward):
        verify(graph)
        for node, value in values(case, graph).items():
            assert value.shape == tuple(dim.evaluate({}) for dim in node.shape), node
            if not node.weak:
                assert {"f": "float", "i": "int", "b": "bool"}[value.dtype.kind] == node.dtype, node


@each_case
def test_what_is_no_view_has_memory_of_its_own(case: Case) -> None:
    """Else what stands in it could be written over while it is still read, or returned with a workspace's memory."""
    for graph in (case.step.forward, case.step.backward):
        found = values(case, graph)
        for node in found:
            operands = [] if node.op.view or node.op.name == "item" else [x for x in node.inputs if x in found]
            assert not any(np.shares_memory(found[node], found[operand]) for operand in operands), node


@each_case
@each_level
def test_emitted_like_interpreted(case: Case, level: int) -> None:
    emitted = case.emitted(level, case.arrays, case.cotangent)
    assert_close(emitted, case.interpreted(case.arrays, case.cotangent), 1e-14 if level else 0.0)


@each_case
def test_like_jax(case: Case) -> None:
    """In both precisions; JAX computes in float64 from the same numbers."""
    for dtype, bound in ((np.float64, 1e-12), (np.float32, 2e-5)):
        arrays = {k: a.astype(dtype) if is_float(a) else a for k, a in case.arrays.items()}
        cotangent = case.cotangent.astype(dtype)
        expected = case.oracle(arrays, cotangent)
        for level in LEVELS:
            results = case.emitted(level, arrays, cotangent)
            assert_close(results, expected, bound, f"O{level}, {dtype.__name__}:")
            if any(map(is_float, arrays.values())):  # without any the result is of NumPy's own float
                assert {key: value.dtype for key, value in results.items()} == dict.fromkeys(results, dtype)


# --- derivatives ----------------------------------------------------------------------------------------------


@each_case
@each_level
def test_first_derivatives(case: Case, level: int) -> None:
    for row in SampleTrial(case, level).rows():
        assert row.ok, row


@each_case
def test_second_derivatives(case: Case) -> None:
    """The backward graph is a graph like any other: its own backward is right too."""
    backward = case.step.backward
    second = differentiate(backward).backward
    verify(second)
    rng = np.random.default_rng(2)
    point = {f"inputs.{name}": array for name, array in case.arrays.items()}
    point["d_outputs.result"] = case.cotangent
    seeds = {key: rng.standard_normal(case.arrays[key.split(".")[1]].shape) for key in backward.outputs}

    def objective(arrays: dict[str, Any]) -> complex:
        results = evaluate(backward, arrays, HELPERS)
        return complex(sum(np.sum(seeds[key] * value) for key, value in results.items()))

    written = evaluate(second, {**point, **{f"d_{key}": seed for key, seed in seeds.items()}}, HELPERS)
    exact = is_analytic(backward)
    numeric = complex_step if exact else central_difference
    assert_close(written, {key: numeric(objective, point, key) for key in written}, 1e-12 if exact else 1e-6)


def meaning(name: str, operands: list[Any], attrs: dict[str, Any]) -> Any:
    """An operation applied to SymPy's expressions, in SymPy's own functions."""
    comparisons = {"greater": sympy.Gt, "greater_equal": sympy.Ge, "less": sympy.Lt, "less_equal": sympy.Le}
    comparisons |= {"equal": sympy.Eq, "not_equal": sympy.Ne}
    if name in comparisons:
        return comparisons[name](*operands)
    if name == "where":
        return sympy.Piecewise((operands[1], operands[0]), (operands[2], True))
    op = OPS[name]
    assert isinstance(op, Elementwise)
    assert op.meaning, f"{name} has no meaning"
    placeholders = {key: sympy.Dummy(key, real=True) for key in (*op.operands, *op.attributes)}
    values = {**op.defaults, **attrs, **dict(zip(op.operands, operands))}
    expression = sympy.sympify(op.meaning, locals=placeholders)
    return expression.subs({placeholders[key]: value for key, value in values.items()}, simultaneous=True)


STEPS = (sympy.floor, sympy.ceiling)
PIECES = (*STEPS, sympy.Max, sympy.Min, sympy.Abs, sympy.Piecewise)  # SymPy rarely simplifies these, and slowly


@each([op for op in ELEMENTWISE if isinstance(op, Elementwise) and op.meaning and op.dtype == "float"])
def test_derivative_follows_from_meaning(op: Elementwise) -> None:
    """SymPy derives every junction rule from what the op means: symbolically, or else in 30 digits."""
    low, high = (sympy.Rational(Fraction(bound)) for bound in (op.samples[0].low, op.samples[0].high))
    symbols = {name: sympy.Symbol(name, real=True, positive=low > 0 or None) for name in op.operands}
    attrs = {name: sympy.Rational(str(default)) for name, default in op.defaults.items()}
    y = meaning(op.name, list(symbols.values()), attrs)
    points = [low + (high - low) * sympy.Rational(k, 61) for k in (2, 11, 23, 29, 32, 47, 59)]
    if not any(op.rules):
        assert not op.differentiable
    for symbol, rule in zip(symbols.values(), op.rules):
        names = {**symbols, **attrs, "y": y, "dz": sympy.S.One}
        rule = sympy.sympify(formula.evaluate(formula.parse(rule or "0"), names, meaning))
        if not y.has(*PIECES) and sympy.simplify(sympy.diff(y, symbol) - rule) == 0:
            continue
        bound = 1e-15 if rule.has(sympy.Float) else 1e-30  # a rule may write a constant to a double's digits
        for i in range(len(points)):
            at = {s: points[(i * (3 * k + 1) + 2 * k) % len(points)] for k, s in enumerate(symbols.values())}
            near = y.replace(lambda e: isinstance(e, STEPS), lambda e: e.subs(at))  # noqa: B023  # constant there
            difference = (sympy.diff(near, symbol) - rule).subs(at)
            assert abs(sympy.N(difference, 30, maxn=200)) < bound, at


# --- shapes and memory ----------------------------------------------------------------------------------------


def lifted(case: Case) -> Graph | None:
    """The same operations, with the same attributes, on leaves of one more leading axis; None if they refuse.

    An op of axes counted from the end must work.  Left out are graphs where a leading axis cannot be the stack:
    where operands of different ranks meet, which then broadcast along other axes; whole shapes and subscripts as
    attributes, which say what the leading axis is; and whole numbers, which address places of another array.
    """
    for node in case.graph.order:
        ranks = {len(operand.shape) for operand in node.inputs if not operand.weak}
        whole = any(
            isinstance(v, str) or (isinstance(v, tuple) and any(isinstance(dim, Dim) for dim in v))
            for v in node.attrs.values()
        )
        if len(ranks) > 1 or (node.op is not OPS["input"] and whole):
            return None
        if node.op is OPS["input"] and node.dtype != "float":
            return None
    more = {key: variable(key, (2, *leaf.shape), leaf.dtype) for key, leaf in case.graph.inputs.items()}
    change = {leaf: more[key] for key, leaf in case.graph.inputs.items()}

    try:
        new = rebuild(case.graph.order, lambda node, operands: change.get(node))
        outputs = {key: new[node] for key, node in case.graph.outputs.items()}
        stacks = all(outputs[key].shape == (Dim.of(2), *node.shape) for key, node in case.graph.outputs.items())
    except ShapeError:
        stacks = False
    if not stacks:
        nodes = [node for node in case.graph.order if node.inputs]
        bound = [node for node in nodes if node.op.elementwise or "axis" in node.attrs or "axes" in node.attrs]
        assert len(bound) < len(nodes), "axes count from the end: an axis more in front is no matter"
        return None  # an op without axes may mean something else by more of them, as the product of two vectors
    return Graph(more, outputs)


@each_case
def test_lifts_over_a_leading_axis(case: Case) -> None:
    graph = lifted(case)
    if graph is None:
        return
    other = {name: np.flip(array) for name, array in case.arrays.items()}
    singles = [case.interpreted(arrays, case.cotangent) for arrays in (case.arrays, other)]
    stacked = {name: np.stack([array, other[name]]) for name, array in case.arrays.items()}
    results = run(differentiate(graph), stacked, np.stack([case.cotangent] * 2))
    assert_close(results, {key: np.stack([single[key] for single in singles]) for key in results}, 1e-14)


PAIRS = [((3, 4), (4,)), ((), (3, 4)), ((2, 1, 4), (3, 1)), ((1,), (2, 3)), ((), ())]


@each(BINARY)
def test_broadcasts_both_ways(op: Op) -> None:
    """Like the arrays repeated by hand, with gradients summed by hand."""
    for shapes in [*PAIRS, *(pair[::-1] for pair in PAIRS)]:
        case = of(op, *shapes)
        whole = of(op, case.shape, case.shape)
        repeated = {name: np.broadcast_to(array, case.shape) for name, array in case.arrays.items()}
        expected = whole.interpreted(repeated, case.cotangent)
        for name, array in case.arrays.items():
            lead = len(case.shape) - array.ndim
            ones = tuple(lead + i for i, size in enumerate(array.shape) if size == 1)
            summed = np.sum(expected[name], axis=ones, keepdims=True)
            expected[name] = np.sum(summed, axis=tuple(range(lead)))
        assert_close(case.emitted(LEVELS[-1], case.arrays, case.cotangent), expected, 1e-13, f"{shapes}")


@each(ELEMENTWISE)
def test_elementwise_axes_of_size_one_and_zero(op: Op) -> None:
    for shape in ((1, 1), (0, 3)):
        has_right_shapes(of(op, *[shape] * len(op.samples[0].shapes)))


@pytest.mark.parametrize(("n", "m", "k"), list(product((0, 1), repeat=3)))
def test_axes_of_size_one_and_zero(n: int, m: int, k: int) -> None:
    has_right_shapes(Case(sample("a @ b", a=(n, m), b=(m, k))))
    has_right_shapes(Case(sample("a @ b", a=(n, m), b=(m,))))
    has_right_shapes(Case(sample("sum(x)", x=(n, m, k))))
    has_right_shapes(Case(sample("sum(x, axis=1, keepdims=True)", x=(n, m, k))))
    has_right_shapes(Case(sample("concat(a, b, axis=1)", a=(n, m), b=(n, k))))


def has_right_shapes(case: Case) -> None:
    results = case.emitted(LEVELS[-1], case.arrays, case.cotangent)
    shapes = {name: array.shape for name, array in case.arrays.items() if is_float(array)}
    assert {key: np.shape(value) for key, value in results.items()} == {"result": case.shape, **shapes}
    assert_close(results, case.interpreted(case.arrays, case.cotangent), 1e-14, f"{case.sample}")


@each_case
@each_level
def test_any_strides_and_nothing_changed(case: Case, level: int) -> None:
    """Transposed and reversed views give what contiguous arrays give, and no array handed in is written to."""
    expected = case.emitted(level, case.arrays, case.cotangent)
    given = {**case.arrays, "d_result": case.cotangent}
    for view in (lambda a: a.T.copy().T, lambda a: np.flip(np.flip(a).copy()), np.copy):
        arrays = {name: np.asarray(view(array)) for name, array in given.items()}
        cotangent = arrays["d_result"]
        writable = case.emitted(level, {k: a for k, a in arrays.items() if k != "d_result"}, cotangent)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, given[name])
            array.flags.writeable = False
        sealed = case.emitted(level, {k: a for k, a in arrays.items() if k != "d_result"}, cotangent)
        assert_close(writable, expected, 1e-14)
        assert_close(sealed, expected, 1e-14)
