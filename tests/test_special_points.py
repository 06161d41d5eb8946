"""Every operation where its pieces meet, where values tie and at the ends of the range: as JAX, without a warning."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from graphgen.ir.op import Op, sample
from tests.operations import BINARY, UNARY, each, of
from tests.support import LEVELS, Case

KINKS = np.arange(-16, 17) / 2  # where pieces of functions meet
EXTREME = np.array([0, *(s * v for v in (1e-300, 20, 88.8, 710, 1e4, 1e308, np.inf) for s in (1, -1))])


def like_jax_where_defined(case: Case, arrays: dict[str, Any]) -> None:
    """JAX's values and subgradients, wherever JAX has a value."""
    expected = case.oracle(arrays, np.ones(case.shape))
    for level, (key, right) in product(LEVELS, expected.items()):
        with np.errstate(all="ignore"):
            left = np.asarray(case.emitted(level, arrays, np.ones(case.shape))[key])
            right_here = (left == right) | (np.abs(left - right) <= 1e-12) | np.isnan(right)
        if right.shape == case.shape:
            right_here |= np.isnan(expected["result"])
        at = [tuple(int(i) for i in index) for index in np.argwhere(~right_here)]
        assert not at, f"O{level}, {key} at {at} of {arrays}: {left[~right_here]}, JAX has {right[~right_here]}"


@each(UNARY)
def test_kinks_of_one_operand(op: Op) -> None:
    """Pieces of functions meet at whole numbers and halves: the subgradient there is JAX's."""
    case = of(op, KINKS.shape)
    like_jax_where_defined(case, dict.fromkeys(case.arrays, KINKS))


@each(BINARY)
def test_kinks_and_ties_of_two_operands(op: Op) -> None:
    points = np.array(list(product((-2.0, -1.0, 0.0, 1.0, 2.0), repeat=2))).T
    case = of(op, *(one.shape for one in points))
    like_jax_where_defined(case, dict(zip(case.arrays, points)))


# Expressions of more than one element at points where JAX makes a choice.
TIES = [
    ("max(x)", {"x": [1.0, 2.0, 2.0, 0.0]}),
    ("max(x, axis=0)", {"x": [[1.0, 2.0, 3.0], [1.0, 3.0, 3.0]]}),
    ("min(x, axis=1, keepdims=True)", {"x": [[1.0, 1.0, 3.0], [2.0, 1.0, 1.0]]}),
    ("x * argmax(x, axis=0)", {"x": [1.0, 2.0, 2.0, 0.0]}),
    ("max_pool(x, 2)", {"x": [[[1.0, 1.0, 2.0, 2.0, 3.0, 0.0]]]}),
    ("clip(x, -1, 1)", {"x": [-2.0, -1.0, 0.0, 1.0, 2.0]}),
    ("prod(x)", {"x": [2.0, 0.0, 3.0]}),
    ("prod(x)", {"x": [2.0, 0.0, 0.0]}),
    ("cumprod(x, axis=0)", {"x": [2.0, 0.0, 3.0, 0.0, 5.0]}),
    ("norm(x)", {"x": [0.0, 0.0]}),
    ("norm(x, axis=1)", {"x": [[0.0, 0.0], [3.0, 4.0]]}),
    ("mean_absolute_error(p, t)", {"p": [1.0, 2.0], "t": [1.0, 1.0]}),
    ("huber(p, t)", {"p": [1.0, 2.0], "t": [1.0, 1.0]}),
    ("where(x > 0, x, 0.5 * x)", {"x": [-1.0, 0.0, 1.0]}),
    ("where(x == 0, 1, x) * x", {"x": [-1.0, 0.0, 1.0]}),
    ("softmax(x)", {"x": [1000.0, 1000.0, -1000.0]}),
    ("log_softmax(x)", {"x": [1000.0, 1000.0, -1000.0]}),
    ("logsumexp(x)", {"x": [1000.0, 1000.0, -1000.0]}),
]


@pytest.mark.parametrize(("text", "given"), TIES, ids=[text for text, _ in TIES])
def test_ties(text: str, given: dict[str, Any]) -> None:
    arrays = {name: np.array(array) for name, array in given.items()}
    like_jax_where_defined(Case(sample(text, **{name: a.shape for name, a in arrays.items()})), arrays)


@each(UNARY)
def test_extreme_values(op: Op) -> None:
    """No NaN and no warning wherever JAX's value, or derivative, is finite."""
    many, one = of(op, KINKS.shape), of(op, (1,))
    (name,) = one.arrays
    points = np.resize(EXTREME, KINKS.shape)  # as many as there are kinks: JAX compiles for one shape
    expected = many.oracle({name: points}, np.ones(KINKS.shape))
    wrong = []
    triples = zip(EXTREME, expected["result"], expected[name])
    for level, (x, value, derivative) in product(LEVELS, triples):
        try:
            with np.errstate(all="raise" if np.isfinite(value) else "ignore", under="ignore"):
                result, residuals = one.forward(level, {name: np.array([x])})
            if np.isfinite(value):
                np.testing.assert_allclose(result[0], value, 1e-12, 1e-15)
            if np.isfinite(derivative) and not np.isnan(value):
                with np.errstate(all="raise", under="ignore"):
                    gradient = one.backward(level, residuals, np.ones(1))[name]
                np.testing.assert_allclose(gradient[0], derivative, 1e-12, 1e-15)
        except (FloatingPointError, AssertionError) as error:
            wrong.append(f"O{level}, x = {x}: {' '.join(str(error).split())}")
    assert not wrong, "\n".join(wrong)
