"""Reports as tables: with lines and colours where a terminal shows them, plain in a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from graphgen.check.module import COMPLEX_BOUND, Report, Row
from graphgen.errors import Fault
from graphgen.spec.model import Cell


def print_report(report: Report, console: Console) -> None:
    """One row for each gradient, with its worst element; the verdict alone where there are none."""
    table = _table(console, "function", "gradient", "worst element", "written", "numeric", "central", "complex", "")
    for row in report.rows:
        table.add_row(
            row.function.replace("forward", "backward"),
            row.gradient,
            _element(row),
            f"{row.written:.8g}",
            f"{row.numeric:.8g}",
            f"{row.central:.1e}",
            "–" if row.exact is None else f"{row.exact:.1e}",
            _verdict(row.ok),
        )
    if report.rows:
        console.print(table)
    console.print(summary(report))


def print_summaries(reports: Sequence[Report], console: Console) -> None:
    """One row for each spec, and the rows that are wrong."""
    table = _table(console, "spec", "gradients", "central", "complex", "")
    for report in reports:
        exact = [row.exact for row in report.rows if row.exact is not None]
        table.add_row(
            report.name,
            str(len(report.rows)),
            f"{max(row.central for row in report.rows):.1e}" if report.rows else "–",
            f"{max(exact):.1e}" if exact else "–",
            _verdict(report.ok),
        )
    console.print(table)
    for report in reports:
        for row in report.rows:
            if not row.ok:
                console.print(f"{report.name}: {row.function}: {_element(row)}: {row.written} is not {row.numeric}")


def faults_of(report: Report, cell: Cell) -> list[Fault]:
    """A fault for each gradient that is wrong, at the head of the spec."""
    head = cell.source_file.at(0, 0)
    wrong = [row for row in report.rows if not row.ok]
    return [
        Fault("gradient", f"{row.function}: {_element(row)}: {row.written} is not {row.numeric}", head)
        for row in wrong
    ]


def summary(report: Report) -> str:
    """The verdict in one line."""
    if not report.rows:
        return f"{report.name}: it has no gradients to compare; its forward pass is finite"
    wrong = sum(not row.ok for row in report.rows)
    if wrong:
        return f"{report.name}: {wrong} of {len(report.rows)} gradients are wrong"
    exact = [row.exact for row in report.rows if row.exact is not None]
    how = f"; complex step within {max(exact):.1e} (bound {COMPLEX_BOUND:.0e})" if exact else ""
    return f"{report.name}: all {len(report.rows)} gradients agree with numeric differences{how}"


def _table(console: Console, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _element(row: Row) -> str:
    name = row.gradient.split(".", 1)[1]
    return f"{name}[{', '.join(map(str, row.worst))}]" if row.worst else name


def _verdict(ok: bool) -> str:
    return "[green]ok[/green]" if ok else "[bold red]WRONG[/bold red]"
