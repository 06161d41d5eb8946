"""How a generated module finds the operation that makes a NaN: each carries a copy of what stands here."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphgen.codegen.runtime import Workspace


class _Watched(np.ndarray):
    """An array whose operations raise FloatingPointError as soon as there is a NaN in what they compute."""

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        operands, options = _plain(operands), _plain(options)
        if "out" in options:  # which may be one of the operands
            operands = tuple(np.array(operand) for operand in operands)
        result = getattr(ufunc, method)(*operands, **options)
        each = method == "__call__" and ufunc.signature is None  # one element of the result comes from one of each
        return _watched(result, ufunc.__name__, operands if each else ())

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> Any:
        return _watched(function(*_plain(operands), **_plain(options)), function.__name__)


class _WatchedWorkspace(Workspace):
    """Room that is watched as well; zeros, since a NaN that nobody computed would be noticed."""

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Any:
        return np.zeros(shape, dtype).view(_Watched)

    result = array


def _plain(value: Any) -> Any:
    """A value with arrays that are not watched, in tuples, lists and dicts too."""
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.view(np.ndarray) if isinstance(value, _Watched) else value


def _watched(array: Any, name: str, operands: Any = ()) -> Any:
    """An array, watched from now on; FloatingPointError if there is a NaN in it."""
    if not isinstance(array, (np.ndarray, np.generic)) or array.dtype.kind not in "fc":
        return array
    if np.isnan(array).any():
        index = tuple(np.argwhere(np.isnan(array))[0].tolist())
        values = ", ".join(str(np.broadcast_to(operand, array.shape)[index]) for operand in operands)
        raise FloatingPointError(
            f"{name}{f'({values})' if values else ''} is NaN{f' in element {list(index)}' * bool(index)}"
        )
    return np.asarray(array).view(_Watched)


def _arrays(results: Any, name: str = "") -> Any:
    """The arrays in records, and in records of records, with their names."""
    if not isinstance(results, tuple):
        yield name, results
        return
    fields = getattr(results, "_fields", [""] * len(results))
    for field, value in zip(fields, results):
        yield from _arrays(value, f"{type(results).__name__.lower()}.{field}" if field else name)


def _record_watched(value: Any, name: str) -> Any:
    """An array watched; a record with every array watched, in records within it too."""
    if not hasattr(value, "_fields"):
        return _watched(value, name)
    return type(value)(*(_record_watched(v, f"{name}.{field}") for field, v in zip(value._fields, value)))


def _traced(where: str, function: Any, *records: Any, workspace: Any = None, **sizes: int) -> Any:
    """What a function returns; if there is a NaN in it, FloatingPointError from the operation that made it."""
    room = {} if workspace is None else {"workspace": workspace}
    try:
        with np.errstate(all="ignore"):
            results = function(*records, **sizes)
            if not any(np.isnan(array).any() for _, array in _arrays(results) if array is not None):
                return results
            watched = (_record_watched(record, type(record).__name__.lower()) for record in records)
            function(*watched, **room, **sizes)
            for name, array in _arrays(results):
                _watched(array, name)
    except FloatingPointError as error:
        error.args = (f"{where}: {error}",)
        raise
