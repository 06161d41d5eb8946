"""The ways to write an expression of a given shape; each is a function of the writer and the shape, or None."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.op import shape_text
from graphgen.ir.shape import ONE, Dim, Shape, shape_of
from tests.fuzz.calls import ELEMENTWISE, OTHERS
from tests.fuzz.values import Bounds, Value, added, fit, hull, magnitude, multiplied, replaced, times

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer

SYMBOLS = ("n_a", "n_x", "m")
LARGEST_SIZE = len(SYMBOLS) + 1  # a trial numbers the sizes from 2 on
DIMS = tuple(map(Dim.of, SYMBOLS))
N, K, M = DIMS
INNER = (*DIMS, N + K, 2 * N)  # that products add up over
MOST_AXES = 3  # of what gets one more
FORMULAS = {"f(u)": "u * sigmoid(2 * u)", "g(u, v)": "tanh(u) + 0.5 * u * v", "h(u, v, w)": "u * v - square(w) / 4"}
FORMULA: Bounds = (-2.0, 2.0)  # the range of their arguments
FORMULA_RESULT: Bounds = (-5.0, 5.0)
EINSUMS = {
    0: ("i,i->", "ij,ij->"),
    1: ("ij,j->i", "ij,ij->i", "i,ij->j"),
    2: ("ij,jk->ik", "ji,jk->ik", "ij,kj->ki", "i,k->ik", "ijk,j->ik"),
    3: ("bij,bjk->bik", "bij,jk->bik", "bi,bj->bij"),
}


def elementwise(at: Writer, shape: Shape) -> Value:
    """Any operation of single elements, its operands broadcast."""
    callee = at.draw(st.sampled_from(ELEMENTWISE))
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


def matmul(at: Writer, shape: Shape) -> Value:
    """A product of matrices, of stacks of them, or of vectors."""
    inner = at.dim(INNER)
    if len(shape) > 1:
        lead = at.draw(st.sampled_from((shape[:-2], ())))
        a, b = at.expression((*shape[:-1], inner)), at.expression((*lead, inner, shape[-1]))
    elif shape and at.draw(st.booleans()):
        a, b = at.expression((inner,)), at.expression((inner, *shape))
    else:
        a, b = at.expression((*shape, inner)), at.expression((inner,))
    return Value(f"({a.text} @ {b.text})", shape, times(multiplied(a.bounds, b.bounds), at.largest(inner)))


def einsum(at: Writer, shape: Shape) -> Value | None:
    """A product by Einstein summation."""
    if len(shape) not in EINSUMS:
        return None
    subscripts = at.draw(st.sampled_from(EINSUMS[len(shape)]))
    into, out = subscripts.split("->")
    sizes = dict(zip(out, shape))
    summed = sorted(set(into) - {",", *out})
    sizes |= {letter: at.dim() for letter in summed}
    operands = [at.expression(tuple(sizes[letter] for letter in letters)) for letters in into.split(",")]
    bounds = multiplied(operands[0].bounds, operands[1].bounds)
    texts = ", ".join(operand.text for operand in operands)
    return Value(f"einsum('{subscripts}', {texts})", shape, times(bounds, LARGEST_SIZE ** len(summed)))


def outer(at: Writer, shape: Shape) -> Value | None:
    """Every product of two vectors' elements."""
    if len(shape) != 2:
        return None
    a, b = at.expression(shape[:1]), at.expression(shape[1:])
    return Value(f"outer({a.text}, {b.text})", shape, multiplied(a.bounds, b.bounds))


def concat(at: Writer, shape: Shape) -> Value | None:
    """Parts side by side along an axis whose size is a sum."""
    places = [(axis, part) for axis, dim in enumerate(shape) for part in DIMS if (dim - part).at_least(1)]
    if not places:
        return None
    axis, part = at.draw(st.sampled_from(places))
    sizes = [part, shape[axis] - part]
    sizes = sizes[::-1] if at.draw(st.booleans()) else sizes
    a, b = (at.expression(replaced(shape, axis, size)) for size in sizes)
    where = f", axis={at.axis(axis, len(shape))}" if axis or at.draw(st.booleans()) else ""
    return Value(f"concat({a.text}, {b.text}{where})", shape, hull(a.bounds, b.bounds))


def stack(at: Writer, shape: Shape) -> Value | None:
    """Arrays along a new axis."""
    places = [axis for axis, dim in enumerate(shape) if dim in (Dim.of(1), Dim.of(2))]
    if not places:
        return None
    axis = at.draw(st.sampled_from(places))
    parts = [at.expression(replaced(shape, axis)) for _ in range(at.largest(shape[axis]))]
    texts = ", ".join(part.text for part in parts)
    return Value(f"stack({texts}, axis={axis})", shape, hull(*(part.bounds for part in parts)))


def sliced(at: Writer, shape: Shape) -> Value | None:
    """A part of a larger array, one that is there if there is one."""
    if not shape:
        return None
    axis = at.draw(st.integers(0, len(shape) - 1))
    dim = shape[axis]
    larger = [
        value
        for value in at.names
        if len(value.shape) == len(shape)
        and replaced(value.shape, axis) == replaced(shape, axis)
        and (value.shape[axis] - dim).at_least(1)
    ]
    if larger and at.draw(st.integers(0, 3)):
        whole = at.draw(st.sampled_from(larger))
    else:
        whole = at.expression(replaced(shape, axis, dim + at.dim((dim, ONE, N, K))))
    more = whole.shape[axis] - dim
    places = [f":{dim}", f"{more}:", f"-({dim}):"]
    places += [f"1:{dim + 1}"] * (more - 1).at_least(1)
    places += ["::2", "1::2", "::-2"] * (more == dim)
    return Value(f"({whole.text})[{':, ' * axis}{at.draw(st.sampled_from(places))}]", shape, whole.bounds)


def index(at: Writer, shape: Shape) -> Value | None:
    """One place along an axis more."""
    if len(shape) > MOST_AXES:
        return None
    axis = at.draw(st.integers(0, len(shape)))
    whole = at.expression((*shape[:axis], at.dim(), *shape[axis:]))
    place = at.draw(st.sampled_from(("0", "-1")))
    return Value(f"({whole.text})[{':, ' * axis}{place}]", shape, whole.bounds)


def taken(at: Writer, shape: Shape) -> Value | None:
    """Places along an axis that an input of integers names."""
    if not shape:
        return None
    axis = at.draw(st.integers(0, len(shape) - 1))
    table = at.expression(replaced(shape, axis, at.dim()))
    indices = at.integers((shape[axis],))
    return Value(
        at.draw(
            st.sampled_from(
                (f"take({table.text}, {indices}, axis={axis})", f"({table.text})[{':, ' * axis}{indices}]")
            )
        ),
        shape,
        table.bounds,
    )


def reduced(at: Writer, shape: Shape) -> Value | None:
    """A sum, a mean, an extreme or a norm along an axis."""
    if len(shape) > MOST_AXES:
        return None
    name = at.draw(st.sampled_from(("sum", "mean", "max", "min", "logsumexp", "norm", "var", "std", "prod")))
    axis, dim = at.draw(st.integers(0, len(shape))), at.dim()
    keeps = axis < len(shape) and shape[axis] == ONE
    wide = replaced(shape, axis, dim) if keeps else (*shape[:axis], dim, *shape[axis:])
    x = at.expression(wide)
    x = at.apart(x) if name in ("max", "min", "norm", "std") else fit(x, (-1.5, 1.5)) if name == "prod" else x
    largest, size = magnitude(x.bounds), at.largest(dim)
    bounds = {
        "sum": times(x.bounds, size),
        "logsumexp": (-largest, largest + 2),
        "norm": (0, sqrt(size) * largest),
        "var": (0, largest**2),
        "std": (0, largest),
        "prod": (-(largest**size), largest**size),
    }.get(name, x.bounds)
    keepdims = ", keepdims=True" if keeps else ""
    return Value(f"{name}({x.text}, axis={at.axis(axis, len(wide))}{keepdims})", shape, bounds)


def along(at: Writer, shape: Shape) -> Value | None:
    """What keeps the shape and works along an axis."""
    axes = [axis for axis, dim in enumerate(shape) if dim != ONE]
    if not axes:
        return None
    axis = at.draw(st.sampled_from(axes))
    x = at.expression(shape)
    largest, size, where = magnitude(x.bounds), at.largest(shape[axis]), at.axis(axis, len(shape))
    return at.draw(
        st.sampled_from(
            (
                Value(f"softmax({x.text}, axis={where})", shape, (0, 1)),
                Value(f"log_softmax({x.text}, axis={where})", shape, (-2 * largest - 3, 0)),
                Value(f"cumsum({x.text}, axis={where})", shape, times(x.bounds, size)),
                Value(f"cumprod({fit(x, (-1.5, 1.5)).text}, axis={where})", shape, (-(1.5**size), 1.5**size)),
                Value(f"flip({x.text}, axis={where})", shape, x.bounds),
                Value(f"({x.text})[{':, ' * axis}::-1]", shape, x.bounds),
                Value(f"roll({x.text}, 1, axis={where})", shape, x.bounds),
                Value(f"rms_norm({x.text}, axis={where})", shape, (-sqrt(size), sqrt(size))),
                Value(f"layer_norm({x.text}, axis={where})", shape, (-sqrt(size), sqrt(size))),
            )
        )
    )


def transposed(at: Writer, shape: Shape) -> Value | None:
    """The axes in another order."""
    if len(shape) < 2:
        return None
    order = at.draw(st.permutations(range(len(shape))))
    before: list[Dim] = [ONE] * len(shape)
    for place, axis in enumerate(order):
        before[axis] = shape[place]
    x = at.expression(tuple(before))
    turned = list(order) == list(range(len(shape)))[::-1]
    text = f"({x.text}).T" if turned else f"transpose({x.text}, axes={tuple(order)})"
    return Value(text, shape, x.bounds)


def reshaped(at: Writer, shape: Shape) -> Value | None:
    """The same elements in another shape."""
    if len(shape) < 2:
        return None
    x = at.expression((*shape[1:], shape[0]))
    return Value(f"reshape({x.text}, {shape_text(shape)})", shape, x.bounds)


def expanded(at: Writer, shape: Shape) -> Value | None:
    """Axes of size 1 put in, or taken out."""
    ones = [axis for axis, dim in enumerate(shape) if dim == ONE]
    if not ones and len(shape) > MOST_AXES:
        return None
    if not ones:
        axis = at.draw(st.integers(0, len(shape)))
        x = at.expression((*shape[:axis], ONE, *shape[axis:]))
        return Value(f"squeeze({x.text}, axis={axis})", shape, x.bounds)
    axis = at.draw(st.sampled_from(ones))
    x = at.expression(replaced(shape, axis))
    texts = (f"expand_dims({x.text}, axis={axis})", f"({x.text})[{':, ' * axis}None]")
    return Value(at.draw(st.sampled_from(texts)), shape, x.bounds)


def broadcast(at: Writer, shape: Shape) -> Value | None:
    """A smaller array repeated."""
    if not shape:
        return None
    x = at.expression(at.narrower(shape))
    return Value(f"broadcast_to({x.text}, {shape_text(shape)})", shape, x.bounds)


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


def any_other(at: Writer, shape: Shape) -> Value:
    """Any other operation of the registry, on arrays of its sample's shapes, weighed and squashed to one number."""
    callee = at.draw(st.sampled_from(OTHERS))
    sample, operands = callee.sample, {}
    for name, sizes in sample.shapes.items():
        if name in sample.integers:
            operands[name] = at.integers(shape_of(sizes))
            continue
        value = at.expression(shape_of(sizes))
        value = at.apart(value) if callee.has_kinks else value
        operands[name] = fit(value, (sample.low, sample.high)).text
    weights = at.fresh(shape_of(callee.case.shape))
    x = at.expression(shape)
    return Value(
        f"({x.text} + tanh(mean({weights.text} * ({callee.written(operands)}))))", shape, added(x.bounds, (-1, 1))
    )


def leaf(at: Writer, shape: Shape) -> Value:
    """A name."""
    return at.leaf(shape)


def again(at: Writer, shape: Shape) -> Value | None:
    """An expression that stands somewhere already."""
    return at.again(shape)


Production = Callable[["Writer", Shape], Value | None]
PRODUCTIONS: tuple[Production, ...] = (
    leaf, again, with_number, arithmetic, elementwise, matmul, concat, sliced, reduced, along, transposed, expanded,
    broadcast, chosen, own_function, index, taken, stack, reshaped, outer, einsum, any_other,
    # again those that cells are mostly made of
    again, arithmetic, elementwise, elementwise, matmul, matmul, sliced,
)  # fmt: skip
