"""The long run: `python -m tests.fuzz --n 20000 --texts 1000000` writes its counts to docs/reliability.md."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path

import click
import jax
import numpy as np
from rich.console import Console
from rich.progress import track

from graphgen.ir.op import OPS
from tests.fuzz.examine import BOUND
from tests.fuzz.run import PROGRAMS_A_BATCH, TEXTS_A_BATCH, Outcome, programs_batch, texts_batch

REPORT = Path("docs/reliability.md")


@click.command()
@click.option("--n", default=1000, show_default=True, help="How many random programs.")
@click.option("--texts", default=0, show_default=True, help="How many random texts for the reader.")
@click.option("--seed", default=0, show_default=True, help="Of the first batch; the others count on from it.")
def main(n: int, texts: int, seed: int) -> None:
    """Random programs and random texts, on every core that this process may use."""
    console = Console()
    begun = datetime.now(UTC)
    programs = together(programs_batch, seed, n, PROGRAMS_A_BATCH, "programs", console)
    read = together(texts_batch, seed, texts, TEXTS_A_BATCH, "texts", console)
    failures = programs.failures + read.failures
    minutes = (datetime.now(UTC) - begun).total_seconds() / 60
    REPORT.write_text(report(programs, read, seed, minutes), encoding="utf-8")
    console.print(f"{len(failures)} failures; {REPORT} is written")
    sys.exit(bool(failures))


def together(
    batch: Callable[[int, int], Outcome], seed: int, count: int, size: int, what: str, console: Console
) -> Outcome:
    """Batches of one kind, run side by side; what fails is printed at once, should the run be stopped."""
    sizes = [min(size, count - done) for done in range(0, count, size)]
    total = Outcome()
    if not sizes:
        return total
    with ProcessPoolExecutor(len(sched_getaffinity(0)), get_context("spawn")) as pool:
        outcomes = pool.map(batch, range(seed, seed + len(sizes)), sizes)
        for outcome in track(outcomes, what, len(sizes), console=console):
            for failure in outcome.failures:
                console.print(failure, markup=False, highlight=False)
            total.add(outcome)
    return total


def report(programs: Outcome, read: Outcome, seed: int, minutes: float) -> str:
    """The last figures, as docs/reliability.md has them."""
    public = {op.name for op in OPS.values() if op.public}
    called = {name: count for name, count in programs.counts.items() if name in public}
    missed = sorted(public - set(called))
    rarest = sorted(called.items(), key=lambda item: (item[1], item[0]))[:5]
    return TEXT.format(
        programs=programs.tried,
        sequences=programs.counts["states"],
        models=programs.counts["uses"],
        failing=len(programs.failures),
        texts=read.tried,
        crashes=len(read.failures),
        seed=seed,
        bound=BOUND,
        minutes=minutes,
        called=len(called),
        public=len(public),
        missed=f"; never {', '.join(missed)}" if missed else "",
        rarest=", ".join(f"{name} in {count}" for name, count in rarest),
        machine=f"Python {platform.python_version()}, NumPy {np.__version__}, JAX {jax.__version__}",
    )


TEXT = """\
# Reliability

Written by the last long run, `python -m tests.fuzz`, with {machine}, in {minutes:.0f} minutes.

**Random programs**: {programs}, all different, from seed {seed} on, {sequences} of them with states and {models} that
use other specs; {failing} failed.
Every program is a spec that is right by construction.  It is compiled at every level.  The values and gradients of
each function are compared with those of the graphs in the reference evaluator, with JAX's of the same equations, and,
where every operation is analytic, with the complex step along a random direction: all within {bound:.0e} of the
largest element of an array, or of 1.
They called {called} of the {public} operations{missed}; the rarest were {rarest}.

**Random text**: {texts} inputs for the reader, shipped specs with random changes and random bytes; {crashes} had
another outcome than a spec or a fault that is told with its place.

A program that fails is made small by Hypothesis and printed with its seed, as a spec to keep in `tests/fuzz/found/`,
where the tests meet it again.
"""

if __name__ == "__main__":
    main()
