"""How a generated module tells of wrong use: each carries a copy of what stands here."""

from __future__ import annotations

from typing import Any

import numpy as np


class _Shapes:
    """The shapes of what a function is handed, as the annotations of its records have them.

    `steps` is the axis that the inputs and d_outputs of a sequence have before all others.
    """

    def __init__(self, steps: str = "", **records: Any) -> None:
        self.records = records
        self.right: dict[Any, np.dtype[Any]] = {}  # what was found to be right: shapes, dtypes and records
        self.last: tuple[Any, np.dtype[Any]] = ((), np.dtype(float))
        self.fields: list[tuple[str, str, list[str]]] = []
        self.nested = False
        for argument, record in records.items():
            self._enter(argument, record, [steps] if steps and argument in ("inputs", "d_outputs") else [])

    def _enter(self, path: str, record: Any, lead: list[str]) -> None:
        """Enter the fields of a record, and of the records within it."""
        for field, annotation in record.__annotations__.items():
            if hasattr(annotation, "_fields"):
                self.nested = True
                self._enter(f"{path}.{field}", annotation, lead)
                continue
            kind, _, dims = ("size", "", "") if annotation is int else annotation.__metadata__[0].partition("[")
            self.fields.append((f"{path}.{field}", kind, [*lead, *filter(None, dims[:-1].split(", "))]))

    def check(self, *given: Any, **sizes: int) -> np.dtype[Any]:
        """The dtype of all floats; ValueError for the first array that is not what its record says.

        What was found to be right is remembered, so that the next call costs little.
        """
        try:
            arrays = [array for record in given for array in _flat(record)] if self.nested else sum(given, ())
            seen = [getattr(array, "shape", array) for array in arrays]
            seen += [getattr(array, "dtype", type(array)) for array in arrays]
            seen += [*map(type, given), *sizes.values()]
            known, dtype = self.last  # a look that costs less than one into a dict
            if seen == known:
                return dtype
            dtype = self.right[tuple(seen)]
        except (KeyError, TypeError, ValueError):  # seen for the first time, or no records of arrays at all
            dtype = self._compare(given, dict(sizes))
            if len(self.right) >= 1000:
                self.right.clear()
            if all(type(value).__hash__ for value in seen):  # a list can stand for a cotangent that nobody reads
                self.right[tuple(seen)] = dtype
        self.last = seen, dtype
        return dtype

    def _compare(self, given: Any, sizes: dict[str, int]) -> np.dtype[Any]:
        """Compare one array after the other: the first one with a size in its shape tells it to the others."""
        for (argument, record), values in zip(self.records.items(), given):
            _compare_record(argument, record, values)
        rows = [
            (*row, array) for row, array in zip(self.fields, [array for record in given for array in _flat(record)])
        ]
        sizes |= {name.partition(".")[2]: array for name, kind, _, array in rows if kind == "size"}
        rows = [row for row in rows if row[1] != "size" and not _is_left_out(*row)]
        floats = [(name, array.dtype) for name, kind, _, array in rows if not kind and _is_float(array)]
        leader, dtype = floats[0] if floats else ("", np.dtype(float))
        for name, kind, dims, array in rows * 2:  # again when every size is told
            if _fits(array, dims, sizes) and _holds(array, kind, dtype, name):
                continue
            told = [f"{size}={sizes[size]}" for size in dict.fromkeys(_symbols(", ".join(dims))) if size in sizes]
            expected = f"{kind or dtype} of shape [{', '.join(dims)}]{' with ' * bool(told)}{', '.join(told)}"
            why = f", as {leader} is {dtype}" if not kind and _is_float(array) and array.dtype != dtype else ""
            raise ValueError(f"{name} is {_what(array)}, expected {expected}{why}")
        return dtype


def _flat(record: Any) -> Any:
    """The arrays of a record, and of the records within it."""
    for value in record:
        yield from _flat(value) if hasattr(value, "_fields") else [value]


def _compare_record(path: str, record: Any, values: Any) -> None:
    """ValueError unless a value has the fields of a record, and so within it."""
    if getattr(values, "_fields", None) != record._fields:
        raise ValueError(f"{path} is {_what(values)}, expected {record.__name__}({', '.join(record._fields)})")
    for field, annotation in record.__annotations__.items():
        if hasattr(annotation, "_fields"):
            _compare_record(f"{path}.{field}", annotation, getattr(values, field))


def _is_left_out(name: str, kind: str, dims: list[str], array: Any) -> bool:
    """Whether a cotangent is None; integers and booleans have none that is read."""
    return name.startswith("d_") and (array is None or kind != "")


def _what(value: Any) -> str:
    """What was handed in, in a few words."""
    if value is None:
        return "None"
    return f"{value.dtype} of shape {value.shape}" if hasattr(value, "dtype") else f"a {type(value).__name__}"


def _is_float(array: Any) -> bool:
    """Whether a value is an array of floats, or of complex numbers, which the complex step hands in."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "fc"


def _holds(array: Any, kind: str, dtype: Any, name: str) -> bool:
    """Whether an array holds numbers of a kind; a single number adapts, if it is Python's or a cotangent."""
    if not hasattr(array, "dtype") or (name.startswith("d_") and array.ndim == 0):
        return True
    return array.dtype.kind in {"int": "iu", "bool": "b"}[kind] if kind else bool(array.dtype == dtype)


def _fits(array: Any, dims: list[str], sizes: dict[str, int]) -> bool:
    """Whether an array has the shape of some dims; a size that is not known yet is told by it."""
    if not isinstance(array, (np.ndarray, np.generic, float, int)) or np.ndim(array) != len(dims):
        return False
    found = dict(sizes)
    for dim, size in zip(dims, np.shape(array)):
        unknown = [symbol for symbol in _symbols(dim) if symbol not in found]
        if len(unknown) == 1 and "//" not in dim:  # so it is linear in it
            none, one = (_value(dim, {**found, unknown[0]: number}) for number in (0, 1))
            if one != none:
                found[unknown.pop()] = max(0, (size - none) // (one - none))
        if not unknown and _value(dim, found) != size:
            return False
    sizes.update(found)
    return True


def _symbols(dims: str) -> list[str]:
    """The names in some dims."""
    words = dims.translate(str.maketrans("()*/+-,", " " * 7)).split()
    return [word for word in words if not word.isdigit()]


def _value(dim: str, sizes: dict[str, int]) -> int:
    """The value of a dim, a sum of products such as 2*n + 1; a quotient in it stands as ((n - 1)//2)."""
    while "((" in dim:
        before, _, rest = dim.rpartition("((")
        dividend, _, rest = rest.partition(")//")
        divisor, _, after = rest.partition(")")
        dim = f"{before}{_value(dividend, sizes) // int(divisor)}{after}"
    terms = dim.replace(" - ", " + -").replace("-", "-1*").split(" + ")
    return sum(int(np.prod([sizes[f] if f in sizes else int(f) for f in term.split("*")])) for term in terms)
