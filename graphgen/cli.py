"""The command.  What is heavy is imported by the command that needs it: `graphgen --help` is instant."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from graphgen import __version__
from graphgen.errors import DefectError, Fault, GraphgenError, SpecError

if TYPE_CHECKING:
    from rich.console import Console

FINDINGS, USAGE = 1, 2
STAGES = ("spec", "graph", "backward", "residuals", "program")
level_option = click.option(
    "-O", "level", type=click.Choice(["0", "1", "2"]), default=None,
    help="Optimisation level: 0 for reading, 1 simplified, 2 (the default) for speed over sequences.",
)  # fmt: skip


format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True,
    help="How faults are told: to people, as JSON for editors, as annotations for GitHub.",
)  # fmt: skip


@contextmanager
def told(form: str = "text") -> Iterator[None]:
    """Errors as messages: a fault in a spec is a finding, anything else wrong usage."""
    try:
        yield
    except SpecError as error:
        tell(error.faults, form)
        sys.exit(FINDINGS)
    except GraphgenError as error:
        click.echo(f"graphgen: {error}", err=True)
        sys.exit(USAGE)
    except RecursionError:
        click.echo("graphgen: the equations form too long a chain; split the model into several specs", err=True)
        sys.exit(USAGE)
    except DefectError as error:
        click.echo(f"graphgen: {error}; this is a defect of graphgen, please report it with the spec", err=True)
        sys.exit(USAGE)


def tell(faults: Sequence[Fault], form: str) -> None:
    """Faults in a format; as JSON also when there are none, for the list is all that stands on stdout then."""
    from graphgen.formats import FORMATS

    if faults or form == "json":
        click.echo(FORMATS[form](faults), err=form == "text")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="graphgen")
def main() -> None:
    """Forward equations in, one readable NumPy-only module with its backward pass out."""


@main.command()
@click.argument("specs", nargs=-1, metavar="SPEC...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("generated"), show_default=True,
              help="The folder the modules go to.")  # fmt: skip
@level_option
@format_option
@click.option("--check", "only_check", is_flag=True, help="Write nothing; show what is stale, and exit with 1.")
@click.option("--clean", is_flag=True, help="Remove the modules of earlier builds that no SPEC makes any more.")
@click.option(
    "--force", is_flag=True, help="Replace and remove files that were edited by hand or are not graphgen's."
)
def build(
    specs: tuple[str, ...], output: Path, level: str | None, form: str, only_check: bool, clean: bool, force: bool
) -> None:
    """Compile specs, each a file or the name of a shipped one, to modules.

    Without a SPEC, every module in the folder is built (or checked) again from the shipped spec it came from.
    The folder's graphgen.sha256 lists what was written; other files, and modules edited by hand, are left alone.
    """
    from graphgen import build as rooms

    with told(form):
        if clean and not specs:
            raise GraphgenError("--clean needs the specs whose modules are to stay")
        jobs = rooms.plan(specs, output, None if level is None else int(level))
        modules = rooms.compile_all(jobs)
        if only_check:
            stale = rooms.differences(rooms.change(modules, output, clean))
            diffs = "".join(difference.diff for difference in stale)
            click.echo(diffs or f"{len(modules)} modules are fresh\n", nl=False, err=form == "json")
            tell([difference.fault for difference in stale if form != "text"], form)
            sys.exit(FINDINGS if stale else 0)
        tell([], form)
        done = rooms.write_all(modules, output, force, clean)
        for deed, files in (("wrote", done.modules), ("removed", done.stale)):
            for file in files:
                click.echo(f"{deed} {output / file}", err=form == "json")


@main.command()
@click.argument("specs", nargs=-1, metavar="[SPEC...]")
@level_option
@format_option
@click.option(
    "--trace-nan",
    is_flag=True,
    help="Tell the equation and the step that make the first NaN instead; -O 1 is the default for it.",
)
@click.option("--arrays", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="What to trace in, named as in inputs.x; else fresh parameters, random inputs.")  # fmt: skip
def check(specs: tuple[str, ...], level: str | None, form: str, trace_nan: bool, arrays: Path | None) -> None:
    """Compare the gradients of emitted modules with numeric differences.

    One SPEC gets a row for each gradient; several, or none for all that are shipped, get a row each.
    """
    if arrays is not None and (not trace_nan or len(specs) != 1):
        raise click.UsageError("--arrays goes with --trace-nan and one SPEC")
    if trace_nan and form != "text":
        raise click.UsageError("--trace-nan tells what it finds as text alone")
    if trace_nan:
        tell_nans(specs, level, arrays)
    with told(form):
        from graphgen.check.module import check as check_module
        from graphgen.check.report import faults_of, print_report, print_summaries
        from graphgen.compiler import compile_file
        from graphgen.passes import DEFAULT
        from graphgen.resources import find_spec, shipped_specs

        paths = [find_spec(spec) for spec in specs or shipped_specs()]
        out, reports = console(err=form == "json"), []
        faults: list[Fault] = []
        for path in progress(paths, "checking"):
            try:
                done = compile_file(path, DEFAULT if level is None else int(level))
                reports.append(check_module(done.source, done.cell, done.step.forward))
                wrong = faults_of(reports[-1], done.cell) if form != "text" else []  # the tables tell people
            except SpecError as error:
                wrong = list(error.faults)
            faults += wrong
        tell(faults, form)
        if len(paths) > 1:
            print_summaries(reports, out)
        elif reports:
            print_report(reports[0], out)
        sys.exit(0 if not faults and all(report.ok for report in reports) else FINDINGS)


@main.command()
@click.argument("spec")
@click.option("--stage", type=click.Choice(STAGES), default="program", show_default=True)
@level_option
def show(spec: str, stage: str, level: str | None) -> None:
    """Show what a stage makes of SPEC: the equations read, the graphs, what is kept for backward, or the module."""
    with told():
        from graphgen.compiler import compile_file
        from graphgen.ir.show import show_graph
        from graphgen.memory import report
        from graphgen.passes import DEFAULT
        from graphgen.resources import find_spec
        from graphgen.spec.show import show_cell

        done = compile_file(find_spec(spec), DEFAULT if level is None else int(level))
        if stage in ("backward", "residuals") and not done.cell.backward:
            raise GraphgenError(f"{done.cell.name} has no backward pass: its spec says backward: false")
        texts = {
            "spec": lambda: show_cell(done.cell),
            "graph": lambda: show_graph(done.step.forward),
            "backward": lambda: show_graph(done.step.backward),
            "residuals": lambda: report(done),
            "program": lambda: done.source,
        }
        click.echo(texts[stage](), nl=False)


@main.command()
@click.argument("first")
@click.argument("second")
def diff(first: str, second: str) -> None:
    """Show how two specs differ as equations: - only in FIRST, + only in SECOND.  Exits with 1 if they do."""
    with told():
        from graphgen.diff import compare
        from graphgen.resources import find_spec
        from graphgen.spec.reader import read

        difference = compare(read(find_spec(first)), read(find_spec(second)))
        for line in difference.lines:
            color = {"-": "red", "+": "green"}.get(line[0])
            click.secho(line, fg=color)
        sys.exit(0 if difference.same else FINDINGS)


@main.command("list")
@click.argument("what", type=click.Choice(["cells", "ops", "errors"]))
@click.option(
    "--reference", is_flag=True, help="With rules and examples, as docs/ops.md and docs/errors.md have them."
)
def list_(what: str, reference: bool) -> None:
    """List the shipped specs, the operations a spec may call, or what can be wrong with one."""
    with told():
        from graphgen import listing

        brief = {"cells": listing.cells, "ops": listing.ops, "errors": listing.faults}
        whole = {"ops": listing.reference, "errors": listing.faults_reference}
        click.echo((whole if reference and what in whole else brief)[what](), nl=False)


@main.command()
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.yaml, a commented spec to start from."""
    with told():
        from graphgen.starter import write_starter

        click.echo(f"wrote {write_starter(name)}; next: graphgen check {name}.yaml")


def tell_nans(specs: tuple[str, ...], level: str | None, file: Path | None) -> NoReturn:
    """The first NaN of each spec's module; exits with 1 if there is any."""
    with told():
        from graphgen.check.nan import read_arrays, trace_nan
        from graphgen.compiler import compile_file
        from graphgen.resources import find_spec, shipped_specs

        paths = [find_spec(spec) for spec in specs or shipped_specs()]
        arrays = None if file is None else read_arrays(file)
        faults = 0
        for path in progress(paths, "tracing"):
            done = compile_file(path, 1 if level is None else int(level))  # -O2 moves equations out of loops
            finding = trace_nan(done.source, done.cell, arrays)
            click.echo(finding or f"{done.cell.name}: no NaN")
            faults += bool(finding)
        sys.exit(FINDINGS if faults else 0)


def console(err: bool = False) -> Console:
    """Where tables go: as wide as they need to be when nobody watches."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, stderr=err)


def progress(paths: list[Path], what: str) -> Iterator[Path]:
    """The paths, with a bar on the terminal while they are worked on."""
    from rich.console import Console
    from rich.progress import track

    show_bar = len(paths) > 1 and sys.stderr.isatty()
    yield from track(paths, what, console=Console(stderr=True), transient=True, disable=not show_bar)
