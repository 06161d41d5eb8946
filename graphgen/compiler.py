"""The stages in order: what each receives and hands on is the table of contents of graphgen.

draft       spec text        → Cell      names, shapes, equations with positions, and the faults so far
elaborate   Cell             → Graph     one step forward, shapes inferred, or every fault of the spec
over_time   Graph            → Graph     a whole sequence: the step under a scan
differentiate  Graph         → Step      forward, backward, residuals; each part polished by the passes;
                                         forward alone for a spec that says `backward: false`
lower       Steps            → Program   named statements, loops, buffers
render      Program          → text      through the templates
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen import collector, passes
from graphgen.autodiff import differentiate
from graphgen.codegen.module import lower
from graphgen.codegen.program import Program
from graphgen.codegen.render import render
from graphgen.elaborate import elaborate, over_time
from graphgen.ir.graph import Graph
from graphgen.ir.node import fresh
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step, forward_only
from graphgen.spec.model import Cell
from graphgen.spec.reader import draft


@dataclass(frozen=True, eq=False)
class Compilation:
    """What each stage made of a cell."""

    cell: Cell
    step: Step
    sequence: Step | None
    program: Program
    source: str


@collector.paused()
def compile_file(path: Path, level: int = passes.DEFAULT) -> Compilation:
    """Compile the spec in a file."""
    return compile_cell(draft(path), level)


@collector.paused()
def compile_cell(cell: Cell, level: int = passes.DEFAULT) -> Compilation:
    """Compile a cell at an optimisation level."""
    length = Dim.of(fresh("T", cell.names))
    graph = elaborate(cell)
    step = _step(cell, graph, level)
    sequence = None
    if cell.states:
        sequence = _step(cell, over_time(graph, length), level)
    program = lower(cell, step, sequence, length, level)
    return Compilation(cell, step, sequence, program, render(program))


def _step(cell: Cell, graph: Graph, level: int) -> Step:
    """The forward graph with its backward graph, if the cell is to have one."""
    polish = partial(passes.run, level=level)
    graph = passes.prepare(graph, level)
    if not cell.backward:
        return polish(forward_only(graph))
    return differentiate(graph, polish, cell.average_over, frugal=level > 1)
