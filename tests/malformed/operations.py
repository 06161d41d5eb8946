"""Faults of operations: calls of every one, on arrays of every number of axes."""

from __future__ import annotations

ARRAYS = """\
cell: calls
dims: {n: rows, m: columns}
inputs:
  v: [n]
  z: [n, m]
  q: [4, 4]
  r: [2, 3, 4]
  t: [2, 3, 4, 5]
  i: {shape: [n], dtype: int}
  b: {shape: [n, m], dtype: bool}
equations:
  - read = sum(v) + sum(z) + sum(q) + sum(r) + sum(t) + sum(where(b, i[0], 0)) + n + m
  - y = CALL
outputs: [read, y]
"""
CALLS: list[tuple[str, ...]] = [
    ("divisible", "«split(z, 2)»", "n is not sure to divide into 2 equal parts"),
    ("divisible", "«split(q, 0)»", "4 is not sure to divide into 0 equal parts"),
    ("argument-kind", "split(q, sections=«(1, 2)»)[0]", "'sections' is one whole number"),
    ("not-a-value", "«split(q, 2)»", "expected an array or a number"),
    ("choice", "«split(q, 2)[2]»", "choose one of 2 with a whole number", "as in split(x, 3)[0]"),
    ("choice", "«split(q, 2)[:1]»", "choose one of 2 with a whole number"),
    ("unknown-name", "split(q, 2)[«w»]", "there is no 'w'"),
    ("elements", "«reshape(z, (n, n))»", "[n, m] has m*n elements, [n, n] has n*n"),
    ("elements", "«reshape(r, (5, -1))»", "the 24 elements do not divide by 5"),
    ("elements", "«reshape(r, (-1, -1))»", "-1"),
    ("argument-kind", "reshape(r, «2.5»)", "a shape is made of dims", "as in (n_a, 1)"),
    ("same-shape", "«stack(z, v)»", "stack takes arrays of one shape, not [n, m] and [n]"),
    ("axis", "«stack(z, z, axis=9)»", "axis 9 is out of range for an array with 3 axes"),
    ("argument-kind", "stack(z, z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("argument-kind", "stack(z, z, axis=«None»)", "whole number"),
    ("argument-kind", "concat(z, z, axis=«()»)", "whole number"),
    ("missing-argument", "«take(z, i)»", "take needs axis: take(x, indices, axis)"),
    ("integers", "«take(z, v, 0)»", "the indices must be integers", ""),
    ("argument-kind", "take(z, i, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("integers", "«z[v]»", "the indices must be integers"),
    ("index-count", "z[..., «...»]", "'...' stands once at most"),
    ("argument-kind", "«pad(z, ((1, 1), (1, 1), (1, 1)))»", "pad_width needs a pair (before, after)"),
    ("argument-kind", "pad(z, «-1»)", "pad_width is made of whole numbers", "as in 1, (1, 2) or ((0, 1), (2, 0))"),
    ("unknown-name", "pad(z, «half»)", "there is no 'half'"),
    ("argument-kind", "roll(z, «0.5», axis=0)", "'shift' is one whole number"),
    ("argument-kind", "roll(z, «(1, 2)», axis=0)", "'shift' is one whole number"),
    ("argument-kind", "roll(z, «[0]», axis=0)", "'shift' is one whole number"),
    ("axis", "«flip(z, axis=5)»", "axis 5 is out of range for an array with 2 axes"),
    ("argument-kind", "swapaxes(z, 0, «None»)", "'axis2' is one whole number"),
    ("argument-kind", "cumsum(z, axis=«(0, 1)»)", "'axis' is one whole number"),
    ("number-of-axes", "«trace(v)»", "trace takes a matrix, not [n]"),
    ("argument-kind", "tril(q, k=«0.5»)", "'k' is one whole number"),
    ("argument-kind", "eye(«0.5»)", "'n' is a dim", "as in eye(n_h)"),
    ("negative-size", "«eye(n - 5)»", "negative"),
    ("integers", "«one_hot(v, 3)»", "one_hot takes an array of integers"),
    ("argument-kind", "full((n, m), «v»)", "'value' is a number that is known when the spec is read"),
    ("argument-kind", "einsum(«1», z)", "subscripts are text", "as in einsum('ij,jk->ik', a, b)"),
    ("not-in-language", "einsum(«'1'», z)", "'1' is no number"),
    ("missing-argument", "«einsum()»", "einsum needs arrays: einsum(subscripts, *operands)"),
    ("subscripts", "«einsum('ij,jk->ik', z)»", "'ij,jk->ik' names 2 operands, and there are 1"),
    ("subscripts", "«einsum('ijk', z)»", "'ijk' names 3 axes of [n, m]"),
    ("subscripts", "«einsum('ij,jk->ik', z, z)»", "'j' in 'ij,jk->ik' is m and n"),
    ("subscripts", "«einsum('ij->iw', z)»", "'w' stands once in the result and in an operand too"),
    ("divisible", "«group_norm(t, 2)»", "the second axis of [2, 3, 4, 5] is not sure to divide into 2 groups"),
    ("argument-kind", "group_norm(t, «(1, 3)»)", "'groups' is one whole number"),
    ("number-of-axes", "«conv1d(z, z)»", "conv1d takes arrays of 3 axes, not [n, m] and [n, m]"),
    ("number-of-axes", "«conv2d(t, r)»", "conv2d takes arrays of 4 axes, not [2, 3, 4, 5] and [2, 3, 4]"),
    ("divisible", "«conv1d(r, r, groups=2)»", "2 groups of channels: [2, 3, 4] and kernel [2, 3, 4] do not match"),
    ("window", "«conv1d(r, r, dilation=2)»", "a window of 7 is not sure to fit into 4"),
    ("window", "«conv1d(r, r, stride=0)»", "stride"),
    ("number-of-axes", "«max_pool(z, 2)»", "pooling takes [batch, channels, length] or one axis more, not [n, m]"),
    ("window", "«max_pool(r, 5)»", "a window of 5 is not sure to fit into 4"),
    ("window", "«max_pool(r, 0)»", "size is a whole number from 1 on, or one for each"),
    ("window", "«max_pool(t, (0, 1))»", "size is a whole number from 1 on, or one for each"),
    ("window", "«max_pool(t, (1, 2, 3))»", "size is a whole number from 1 on, or one for each"),
    ("window", "«average_pool(r, (2, 2))»", "size is a whole number from 1 on, or one for each"),
    ("window", "«average_pool(r, 2, padding=-1)»", "padding is a whole number from 0 on"),
    ("integers", "«cross_entropy(z, v)»", "the targets are class numbers"),
    ("argument-kind", "cross_entropy(z, i, axis=«(1,)»)", "'axis' is one whole number"),
    ("argument-kind", "cross_entropy(z, i, axis=«None»)", "'axis' is one whole number"),
    (
        "condition",
        "«attention(q, q, q, mask=q)»",
        "the mask must be booleans: a comparison, or an input of dtype bool",
    ),
    ("inner-dims", "«attention(q, q, z)»", "the inner dims of [4, 4] @ [n, m] differ: 4 and n"),
    ("parts", "«split(zeros((5000, 1)), 5000)»[0]", "5000 parts are more than 1,000"),
    ("argument-kind", "tile(z, «0»)", "repeats are whole numbers from 1 on"),
    ("argument-kind", "repeat(z, «-1», 0)", "repeats are whole numbers from 1 on"),
    ("number-of-axes", f"«z[{'None, ' * 29}:]»", "an array has at most 30 axes"),
]
