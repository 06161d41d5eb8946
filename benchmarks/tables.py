"""Results as tables, for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from benchmarks.contenders import LIMIT
from benchmarks.measure import Result

ABSENT = "not installed"


class Table(NamedTuple):
    """A title, the heads of the columns, and rows of texts, the first of which is a name."""

    title: str
    header: list[str]
    rows: list[list[str]]


def tables(results: Sequence[Result]) -> list[Table]:
    """One table for the results of a case that stand side by side."""
    return [LAYOUTS[case](list(group)) for (case, *_), group in groupby(results, key)]


def key(measured: Any) -> tuple[str, str, str | None]:
    """What results, or the jobs that they come from, have in common in one table."""
    one_each = LAYOUTS[measured.case] is contenders
    return measured.case, measured.subject if one_each else "", measured.dtype


def contenders(results: list[Result]) -> Table:
    """A row for each contender, two columns for each shape."""
    first = results[0]
    names = list(dict.fromkeys(name for result in results for name in (*result.samples, *result.absent)))
    header = ["", *(text for result in results for text in (f"{result.shape} ms", f"× {LIMIT}"))]
    rows = [[name, *(text for result in results for text in time_and_ratio(result, name))] for name in names]
    return Table(f"{first.case}: {first.subject}, {first.dtype}", header, rows)


def time_and_ratio(result: Result, name: str) -> tuple[str, str]:
    """The median of a contender, and how many times the products that is."""
    if name in result.absent:
        return ABSENT, ""
    medians = result.medians
    return number(medians[name]), number(medians[name] / medians[LIMIT])


def specs(results: list[Result]) -> Table:
    """A row for each spec; for each shape both levels and their ratio."""
    base, highest = results[0].samples
    found = {(result.subject, result.shape): result.medians for result in results}
    subjects, shapes = dict.fromkeys(subject for subject, _ in found), sorted({shape for _, shape in found})
    low, high = (base.split()[-1], highest.split()[-1])
    header = ["", *(text for shape in shapes for text in (f"{shape} ms {low}", high, "ratio"))]
    rows = []
    for subject in subjects:
        row = [subject]
        for shape in shapes:
            medians = found.get((subject, shape))
            row += (
                [*map(number, medians.values()), f"{medians[highest] / medians[base]:.2f}"] if medians else [""] * 3
            )
        rows.append(row)
    return Table(f"specs: {results[0].dtype}", header, rows)


def levels(results: list[Result]) -> Table:
    """A row for each subject, a column for each contender."""
    first = results[0]
    rows = [
        [" ".join(filter(None, (result.subject, str(result.shape or "")))), *map(number, result.medians.values())]
        for result in results
    ]
    about = ", ".join(filter(None, (first.dtype, first.unit)))
    return Table(f"{first.case}: {about}", ["", *first.samples], rows)


LAYOUTS: dict[str, Callable[[list[Result]], Table]] = {
    **dict.fromkeys(("layer", "stack", "forms"), contenders),
    "specs": specs,
    "memory": levels,
    "compile": levels,
}


def number(value: float) -> str:
    """A number with three digits that count."""
    places = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:.{places}f}"
