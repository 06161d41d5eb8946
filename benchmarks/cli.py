"""The command: measures what is asked for, shows tables, and writes results and a chart."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as RichTable

from benchmarks import chart, report, results
from benchmarks.cases import CASES, Choice, Job, jobs
from benchmarks.contenders import CONTENDERS
from benchmarks.machine import describe
from benchmarks.measure import Result
from benchmarks.problem import GATES, Shape
from benchmarks.process import ROOT, BenchmarkError
from benchmarks.tables import Table, key, tables
from graphgen.files import write_whole
from graphgen.resources import shipped_specs

HERE = Path(__file__).parent


class ShapeType(click.ParamType):
    """A shape on the command line."""

    name = "T,B,I,H"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        """The shape of four whole numbers."""
        sizes = [int(text) for text in str(value).split(",") if text.strip().isdigit() and int(text)]
        if len(sizes) != 4 or str(value).count(",") != 3:
            self.fail(f"{value!r} is not four sizes, as in 64,32,128,256", param, ctx)
        return Shape(*sizes)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--case", "cases", multiple=True, type=click.Choice(list(CASES)),
              help="; ".join(f"{name}: {case.about}" for name, case in CASES.items()) + ".")  # fmt: skip
@click.option("--cell", "cells", multiple=True, type=click.Choice(list(GATES | shipped_specs())), metavar="NAME",
              help="lstm, gru or rnn; in the case specs, the name of a spec.")  # fmt: skip
@click.option("--shape", "shapes", multiple=True, type=ShapeType(), help="Steps, batch, inputs, hidden units.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(["float32", "float64"]))
@click.option("--contender", "contenders", multiple=True, type=click.Choice(list(CONTENDERS)),
              help="Who takes part in layer and stack; the products always do.")  # fmt: skip
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(1), help="Timings of each contender.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=HERE / "results.json",
              help="Where results go, the chart beside them.  [default: benchmarks/results.json]")  # fmt: skip
@click.pass_context
def main(context: click.Context, /, cases: tuple[str, ...], rounds: int, output: Path, **narrowed: Any) -> None:
    """Measure forward and backward of generated modules beside other contenders.

    Without options everything is measured, which takes two hours; every option narrows it and may be repeated.
    """
    if context.invoked_subcommand:
        return
    choice = Choice(**narrowed, rounds=rounds)
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    found = results.Results(command, describe(), [])
    console, faults = console_for(sys.stdout), 0
    for _, group in groupby((job for case in cases or CASES for job in jobs(case, choice)), key):
        done, failed = measured(group, found, output)
        faults += failed
        for table in tables(done):
            show(table, console)
    if not found.results:
        raise click.ClickException("nothing of that was measured")
    for path in chart.draw(found.results, output.with_suffix(".png")):
        console.print(f"wrote {path}")
    sys.exit(1 if faults else 0)


@main.command("report")
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=ROOT / "docs" / "performance.md",
              help="[default: docs/performance.md]")  # fmt: skip
def report_(sources: tuple[Path, ...], output: Path) -> None:
    """Write the page from the results in SOURCES, several runs on one machine; from all in benchmarks by default."""
    runs = [results.read(source) for source in sources or sorted(HERE.glob("*.json"))]
    if any(run.machine != runs[0].machine for run in runs):
        raise click.UsageError("the runs were made on different machines, or with other versions")
    write_whole(output, report.page(runs))
    click.echo(f"wrote {output}")


def measured(group: Iterable[Job], found: results.Results, output: Path) -> tuple[list[Result], int]:
    """The results of some jobs, which are written as they come in, and how many jobs failed."""
    done, faults = [], 0
    with Progress(
        console=console_for(sys.stderr), transient=True, refresh_per_second=2, disable=not sys.stderr.isatty()
    ) as progress:
        for job in group:
            try:
                done.append(watched(job, progress))
            except BenchmarkError as error:
                progress.console.print(f"{job.title}: {error}", markup=False)
                faults += 1
            else:
                found.results.append(done[-1])
                found.write(output)
    return done, faults


def watched(job: Job, progress: Progress) -> Result:
    """The result of a job, with a bar while it is worked on."""
    task = progress.add_task(job.title, total=None)

    def rounds(count: int) -> Iterator[int]:
        progress.update(task, total=count)
        for number in range(count):
            yield number
            progress.advance(task)

    try:
        return job.measure(rounds)
    finally:
        progress.remove_task(task)


def console_for(stream: Any) -> Console:
    """Where tables or messages go: as wide as they need to be when nobody watches."""
    return Console(file=stream, width=None if stream.isatty() else 160, highlight=False)


def show(table: Table, console: Console) -> None:
    """A table with lines where a terminal shows them, plain in a pipe."""
    rich = RichTable(title=table.title, title_justify="left", pad_edge=False)
    rich.box = box.SIMPLE_HEAD if console.is_terminal else None
    for i, head in enumerate(table.header):
        rich.add_column(head, justify="right" if i else "left", no_wrap=True)
    for row in table.rows:
        rich.add_row(*row)
    console.print(rich)
    console.print()
