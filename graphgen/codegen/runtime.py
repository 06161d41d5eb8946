"""Functions of every generated module that are no operations: a module carries a copy of those it calls."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


class Workspace:
    """Room that calls share: hand one to every call, and calls of the same sizes allocate next to nothing.

    It serves one call at a time.  What a call returns is written over only when nobody holds it any more.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._results: dict[str, list[np.ndarray]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """The array of a name, with whatever the last call left in it."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array

    def result(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array to return: one that an earlier call returned if nobody holds it or a view of it, or a new one."""
        results = self._results.setdefault(name, [])
        for at in range(len(results)):  # by number, since a variable would hold it too
            held = sys.getrefcount(results[at]) > 2  # by more than the list, and this very call
            fits = results[at].shape == shape and results[at].dtype == dtype and results[at].flags.writeable
            if fits and not held:
                return results[at]
        results.append(np.empty(shape, dtype))
        del results[:-2]  # one that the caller still holds, and this one
        return results[-1]


def _dtype(*groups: Any) -> np.dtype[Any]:
    """The floating dtype that the arrays of some groups promote to."""
    arrays = [array for group in groups if group is not None for array in group]
    dtypes = [array.dtype for array in arrays if hasattr(array, "dtype") and array.dtype.kind in "fc"]
    return np.result_type(*dtypes) if dtypes else np.dtype(float)


def _cotangent(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A cotangent as an array; None counts as zero."""
    return np.zeros(shape, dtype) if value is None else np.asarray(value, dtype)


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio, 2010); shape is [out, in, ...]."""
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    limit = np.sqrt(6 / max(1, fans))
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Orthonormal rows or columns, whichever are fewer (Saxe, McClelland and Ganguli, 2014)."""
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    q = q * np.sign(np.diagonal(r))
    return (q if shape == (rows, columns) else q.T).astype(dtype)


def _normal(rng: np.random.Generator, deviation: float, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Normal with mean zero and a given standard deviation."""
    return (deviation * rng.standard_normal(shape)).astype(dtype)
