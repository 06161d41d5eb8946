"""The sizes that the arrays of random programs have."""

from __future__ import annotations

from graphgen.ir.shape import Dim, shape_of

SYMBOLS = ("n_a", "n_x", "m")
LARGEST_SIZE = len(SYMBOLS) + 1  # a trial numbers the sizes from 2 on
DIMS = tuple(map(Dim.of, SYMBOLS))
N, K, M = DIMS
INNER = (*DIMS, N + K, 2 * N)  # that products add up over
SHAPES = tuple(
    map(shape_of, ((N, M), (3 * N, M), (M, N), (N, 1), (N,), (M,), (), (2, N, M), (1, M), (K, N + K), (2 * N, K)))
)  # of what equations assign
MOST_AXES = 3  # of what gets one more
