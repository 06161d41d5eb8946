"""Expressions of single elements: sums and products, functions, choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.shape import Shape
from tests.fuzz.calls import Callee
from tests.fuzz.sizes import LARGEST_SIZE
from tests.fuzz.values import Bounds, Value, added, fit, hull, magnitude, multiplied

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer

FORMULAS = {"f(u)": "u * sigmoid(2 * u)", "g(u, v)": "tanh(u) + 0.5 * u * v", "h(u, v, w)": "u * v - square(w) / 4"}
FORMULAS |= {"k(u)": "u", "l(u, v)": "u * v"}  # one returns its argument, and the derivatives of the other do
FORMULA: Bounds = (-2.0, 2.0)  # the range of their arguments
FORMULA_RESULT: Bounds = (-5.0, 5.0)


def elementwise(at: Writer, shape: Shape, callee: Callee) -> Value:
    """An operation of single elements, its operands broadcast."""
    operands = {}
    wide = at.draw(st.integers(0, len(callee.sample.shapes) - 1))
    for place, name in enumerate(callee.sample.shapes):
        value = at.expression(shape if place == wide else at.narrower(shape))
        value = at.apart(value) if callee.has_kinks else value
        operands[name] = fit(value, (callee.sample.low, callee.sample.high)).text
    return Value(f"({callee.written(operands)})", shape, callee.range)


def arithmetic(at: Writer, shape: Shape) -> Value:
    """A sum, a difference or a product."""
    a, b = at.expression(shape), at.expression(at.narrower(shape))
    if at.draw(st.booleans()):
        a, b = b, a
    sign = at.draw(st.sampled_from("+-*"))
    other = (-b.bounds[1], -b.bounds[0]) if sign == "-" else b.bounds
    return Value(f"({a.text} {sign} {b.text})", shape, (multiplied if sign == "*" else added)(a.bounds, other))


def with_number(at: Writer, shape: Shape) -> Value:
    """An expression and a number or a size."""
    x = at.expression(shape)
    low, high = x.bounds
    return at.draw(
        st.sampled_from(
            (
                Value(f"(-{x.text})", shape, (-high, -low)),
                Value(f"(0.5 * {x.text})", shape, (low / 2, high / 2)),
                Value(f"(1 - {x.text})", shape, (1 - high, 1 - low)),
                Value(f"({x.text} / m)", shape, hull((0, 0), x.bounds)),
                Value(f"({x.text} ** 2)", shape, (0, magnitude(x.bounds) ** 2)),
                Value(f"({x.text} * 1 + 0)", shape, x.bounds),
                Value(f"(n_a + {x.text})", shape, (low, high + LARGEST_SIZE)),
            )
        )
    )


def chosen(at: Writer, shape: Shape) -> Value:
    """One of two, by a comparison."""
    a, b, c = at.expression(shape), at.expression(at.narrower(shape)), at.apart(at.expression(at.narrower(shape)))
    sign = at.draw(st.sampled_from((">", "<=", "!=")))
    return Value(f"where({c.text} {sign} 0.1, {a.text}, {b.text})", shape, hull(a.bounds, b.bounds))


def own_function(at: Writer, shape: Shape) -> Value:
    """A function that the spec defines."""
    call = at.draw(st.sampled_from(tuple(FORMULAS)))
    at.functions.add(call)
    values = [at.expression(at.narrower(shape) if place else shape) for place in range(call.count(",") + 1)]
    texts = ", ".join(fit(value, FORMULA).text for value in values)
    return Value(f"{call[0]}({texts})", shape, FORMULA_RESULT)
