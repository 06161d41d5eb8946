"""JAX's traces run by NumPy: the primitives that most traces are made of; JAX itself runs the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # the attributes in which a primitive may hold a trace of its own


def evaluate(traced: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
    """The results of a trace."""
    known = dict(zip(traced.jaxpr.constvars, traced.consts)) | dict(zip(traced.jaxpr.invars, arguments))

    def value(name: Any) -> Any:
        return name.val if isinstance(name, Literal) else known[name]

    for equation in traced.jaxpr.eqns:
        known |= zip(equation.outvars, run(equation, [value(name) for name in equation.invars]))
    return [np.asarray(value(name)) for name in traced.jaxpr.outvars]


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of JAX returns; nothing is compiled, which would take longer than a few runs."""
    traced, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    return jax.tree.unflatten(jax.tree.structure(shape), evaluate(traced, jax.tree.leaves(arguments)))


def run(equation: Any, operands: list[Any]) -> list[Any]:
    """The results of one primitive."""
    params, name = equation.params, equation.primitive.name
    inner = next((params[key] for key in INNER if key in params), None)
    if isinstance(inner, ClosedJaxpr):
        return evaluate(inner, operands)
    if name in PRIMITIVES:
        result = PRIMITIVES[name](*operands, **params)
    else:
        result = equation.primitive.bind(*map(jnp.asarray, operands), **params)
    results = result if equation.primitive.multiple_results else [result]
    return [np.asarray(array, variable.aval.dtype) for array, variable in zip(results, equation.outvars)]


def numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of operands alone."""
    return lambda *operands, **_: function(*operands)


def broadcast_in_dim(x: Any, shape: Any, broadcast_dimensions: Any, **_: Any) -> Any:
    """The operand's axes put where they belong, the others repeated."""
    aligned = [1] * len(shape)
    for at, size in zip(broadcast_dimensions, np.shape(x)):
        aligned[at] = size
    return np.broadcast_to(np.reshape(x, aligned), shape)


def dot_general(a: Any, b: Any, dimension_numbers: Any, **_: Any) -> Any:
    """The product over some axes; the result has the common axes, then a's, then b's."""
    (summed_a, summed_b), (common_a, common_b) = dimension_numbers
    letters_a = list(range(a.ndim))
    letters_b = [a.ndim + axis for axis in range(b.ndim)]
    for i, j in (*zip(summed_a, summed_b), *zip(common_a, common_b)):
        letters_b[j] = letters_a[i]
    own_a = [letter for axis, letter in enumerate(letters_a) if axis not in (*summed_a, *common_a)]
    own_b = [letter for axis, letter in enumerate(letters_b) if axis not in (*summed_b, *common_b)]
    return np.einsum(a, letters_a, b, letters_b, [*(letters_a[i] for i in common_a), *own_a, *own_b])


def pad(x: Any, value: Any, padding_config: Any, **_: Any) -> Any:
    """A number around the array and between its elements; a negative width takes elements away."""
    inner = [max(0, (size - 1) * (gap + 1) + 1) if size else 0 for size, (_, _, gap) in zip(x.shape, padding_config)]
    whole = np.full([size + max(0, low) + max(0, high) for size, (low, high, _) in zip(inner, padding_config)], value)
    whole[
        tuple(slice(max(0, low), max(0, low) + size, gap + 1) for size, (low, _, gap) in zip(inner, padding_config))
    ] = x
    return whole[tuple(slice(max(0, -low), None if high >= 0 else high) for low, high, _ in padding_config)]


def cumulated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Running sums and the like, from either end."""

    def run(x: Any, axis: int, reverse: bool) -> Any:
        return np.flip(function(np.flip(x, axis), axis=axis), axis) if reverse else function(x, axis=axis)

    return run


def split(x: Any, sizes: Any, axis: int) -> list[Any]:
    """Parts along an axis."""
    return np.split(x, np.cumsum(sizes)[:-1], axis)


ALIKE = "abs exp exp2 expm1 log log1p sqrt square sin cos tan tanh sinh cosh floor ceil sign"  # named as in NumPy
PRIMITIVES: dict[str, Callable[..., Any]] = {
    **{name: numpy(getattr(np, name)) for name in ALIKE.split()},
    "add": numpy(np.add), "add_any": numpy(np.add), "sub": numpy(np.subtract), "mul": numpy(np.multiply),
    "div": numpy(np.true_divide), "neg": numpy(np.negative), "max": numpy(np.maximum), "min": numpy(np.minimum),
    "asin": numpy(np.arcsin), "acos": numpy(np.arccos), "atan": numpy(np.arctan), "atan2": numpy(np.arctan2),
    "asinh": numpy(np.arcsinh), "acosh": numpy(np.arccosh), "atanh": numpy(np.arctanh),
    "logistic": lambda x, **_: 1 / (1 + np.exp(-x)), "rsqrt": lambda x, **_: 1 / np.sqrt(x),
    "integer_pow": lambda x, y: x**y if y >= 0 else 1 / x**-y, "pow": numpy(np.power),
    "eq": numpy(np.equal), "ne": numpy(np.not_equal), "lt": numpy(np.less), "le": numpy(np.less_equal),
    "gt": numpy(np.greater), "ge": numpy(np.greater_equal), "and": numpy(np.bitwise_and), "or": numpy(np.bitwise_or),
    "not": numpy(np.invert), "copy": numpy(np.copy), "stop_gradient": numpy(np.copy),
    "select_n": lambda which, *cases: np.choose(np.asarray(which, int), cases),
    "convert_element_type": lambda x, new_dtype, **_: np.asarray(x).astype(new_dtype),
    "broadcast_in_dim": broadcast_in_dim, "dot_general": dot_general, "pad": pad, "split": split,
    "reshape": lambda x, new_sizes, dimensions, **_: np.reshape(
        x if dimensions is None else np.transpose(x, dimensions), new_sizes
    ),
    "squeeze": lambda x, dimensions: np.squeeze(x, tuple(dimensions)),
    "expand_dims": lambda x, dimensions: np.expand_dims(x, tuple(dimensions)),
    "transpose": lambda x, permutation: np.transpose(x, permutation),
    "rev": lambda x, dimensions: np.flip(x, tuple(dimensions)),
    "concatenate": lambda *parts, dimension: np.concatenate(parts, dimension),
    "slice": lambda x, start_indices, limit_indices, strides: x[
        tuple(map(slice, start_indices, limit_indices, strides or [1] * x.ndim))
    ],
    "reduce_sum": lambda x, axes, **_: np.sum(x, tuple(axes)),
    "reduce_prod": lambda x, axes, **_: np.prod(x, tuple(axes)),
    "reduce_max": lambda x, axes, **_: np.max(x, tuple(axes)),
    "reduce_min": lambda x, axes, **_: np.min(x, tuple(axes)),
    "stack": lambda *parts, axis: np.stack(parts, axis), "unstack": lambda x, axis: list(np.moveaxis(x, axis, 0)),
    "iota": lambda dtype, shape, dimension, **_: np.indices(shape)[dimension], "is_finite": numpy(np.isfinite),
    "cumsum": cumulated(np.cumsum), "cumprod": cumulated(np.cumprod),
}  # fmt: skip
