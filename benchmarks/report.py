"""The page on performance, from results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from benchmarks.measure import Result
from benchmarks.results import Results
from benchmarks.tables import Table, tables

INTRODUCTION = """\
# Performance

Written from the JSON files in `benchmarks` by `python -m benchmarks report`.  Every number is a median over rounds in
which the contenders take turns, each in a process of its own that is held to one thread; compare numbers of one
table only.  A shape is T,B,I,H: steps, batch, inputs, hidden units.  All do the same work: the forward pass over a
sequence, and the backward pass that gives the gradients of all parameters, of the inputs and of the initial state,
from cotangents of every step's h.  Before anything is timed, their gradients are compared.
"""
WHAT = {
    "layer": """\
## One layer

`products` are the matrix products alone, which nobody can do without: with all inputs at once, with the state step by
step, both ways, and those for the weights' gradients, into arrays allocated once.  `by hand` is NumPy as articles
write it, step by step; `autograd` is HIPS autograd; `jax` one jitted function, `lax.scan` and its gradients; `torch`
are nn.LSTM, nn.GRU and nn.RNN, `torch cells` nn.LSTMCell and the like in a loop.  graphgen compiles specs in torch's
layout, those in `benchmarks/specs`.

![How many times the products alone each contender takes](../benchmarks/results.png)
""",
    "stack": "## Two layers on top of each other\n",
    "forms": """\
## The same cell written differently

Rows or columns: an example is a row of x, as in torch, or a column, as in the shipped specs.  Separate: every gate
has matrices of its own.  All at the highest level, which knows no sizes when it compiles: in a loop it lays examples
along rows, whatever the spec does, since rows of all steps are one product, and columns a stack of small ones.  Only
where an example is more than a vector, as in a state of matrices, the spec's columns stay.
""",
    "specs": """\
## Every shipped spec

Sizes are given by the names of the dims; where a state is a matrix for each example, they are 32 at most, as are the
positions of the source that a decoder looks at.  A model whose step is itself a sequence reads the T steps in two
chunks, through two layers where it has any number of them.
""",
    "memory": """\
## Memory

What NumPy and Python hold at most during the first forward and backward pass of a process, over parameters and
inputs; at the end what `graphgen show SPEC --stage residuals` says of the highest level.
""",
    "compile": """\
## Compile time

The command as the shell runs it, and the compiler alone on generated specs, each time in a fresh process.
""",
}


def page(runs: Sequence[Results]) -> str:
    """The page, in Markdown."""
    cases = list(WHAT)
    found = sorted((result for run in runs for result in run.results), key=lambda result: cases.index(result.case))
    return "\n".join([INTRODUCTION, machine(runs), *sections(found)])


def machine(runs: Sequence[Results]) -> str:
    """What the numbers were measured on, and with which commands."""
    commands = " <br> ".join(f"`{run.command}`" for run in runs)
    described = "".join(f"| {name} | {text} |\n" for name, text in runs[0].machine.items())
    return f"| commands | {commands} |\n| --- | --- |\n{described}"


def sections(results: Sequence[Result]) -> Iterator[str]:
    """Each case, and its tables."""
    for case, group in groupby(results, lambda result: result.case):
        yield WHAT[case]
        yield from map(markdown, tables(list(group)))


def markdown(table: Table) -> str:
    """A table, its title in bold above it."""
    lines = [table.header, ["---", *["---:"] * (len(table.header) - 1)], *table.rows]
    return "\n".join([f"**{table.title}**\n", *(f"| {' | '.join(line)} |" for line in lines), ""])
