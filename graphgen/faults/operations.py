"""Faults of operations: shapes, axes and attributes that they cannot take."""

from __future__ import annotations

from graphgen.faults.kind import Kind

OPERATIONS = (
    Kind("broadcast", "Shapes broadcast as in NumPy: from the last axis on, dims are equal or one of them is 1.",
         "transpose, slice or reshape one of them, or put in an axis with None",
         "tanh(z)", "z + x"),
    Kind("inner-dims", "In `a @ b` the last dim of a is the last but one of b.", "transpose or swap the operands",
         "tanh(z)", "W.T @ x"),
    Kind("number-of-axes", "An operation gets arrays of as many axes as it works on.",
         "put in an axis with None, or reshape",
         "tanh(z)", "trace(sum(z, axis=0)) * z"),
    Kind("same-shape", "Arrays that are joined agree in the dims that are not.",
         "name another axis, or slice one of them",
         "tanh(z)", "concat(z, W)"),
    Kind("axis", "An axis is one of the array's, named once.", "count from 0, or from -1 backwards",
         "tanh(z)", "softmax(z, axis=2)"),
    Kind("bounds", "An index or slice lies within the array for all sizes of the dims.",
         "write the bounds in the dim that the axis has",
         "tanh(z)", "z[:m]"),
    Kind("divisible", "A dim divides into equal parts for all sizes of the dims.",
         "declare the dim as a multiple, as in 3*n",
         "tanh(z)", "split(z, 2)[0]"),
    Kind("elements", "A reshaped array keeps its number of elements.", "make the products of the dims equal",
         "tanh(z)", "reshape(z, (n, n))"),
    Kind("condition", "A condition is a comparison, or an input of dtype bool.", "compare it, as in x > 0",
         "tanh(z)", "where(z, z, 0)"),
    Kind("integers", "Indices and class numbers are integers.", "declare them as {shape: […], dtype: int}",
         "tanh(z)", "z[sum(z, axis=1)]"),
    Kind("subscripts", "einsum's subscripts name each axis of each operand.", "as in einsum('ij,jk->ik', a, b)",
         "tanh(z)", "einsum('ij,jk->ik', z)"),
    Kind("window", "Kernels, strides and paddings are whole numbers that fit the array.",
         "see docs/ops.md for the operation",
         "tanh(z)", "max_pool(reshape(z, (1, n, m)), 2)[0] + z"),
    Kind("parts", "An array is split into at most 1,000 parts.", "take fewer and larger parts",
         "tanh(z)", "split(zeros((5000, 1)), 5000)[0] + z"),
)  # fmt: skip
