"""Rewritings of a step, one pass a file.  A level is a list of passes; the graphs are verified around each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, build
from graphgen.ir.op import OPS
from graphgen.ir.step import Step, forward_only
from graphgen.ir.verify import verify
from graphgen.passes.after_loop import after_the_loop
from graphgen.passes.before_loop import all_steps_at_once, invariants
from graphgen.passes.identities import apply_identities
from graphgen.passes.join_inside import join_inside
from graphgen.passes.movement import cancel_movement
from graphgen.passes.pack import gather_sums, pack_products, pack_sums
from graphgen.passes.rows import in_rows
from graphgen.passes.split_functions import split_functions
from graphgen.passes.split_products import split_products
from graphgen.passes.sum_products import sum_products
from graphgen.passes.turn_products import turn_products

Pass = Callable[[Step], Step]

SIMPLIFY = (cancel_movement, apply_identities)
LEVELS: dict[int, tuple[Pass, ...]] = {
    0: (),  # for reading: one line for each equation and each junction
    1: SIMPLIFY,
    2: (*SIMPLIFY, after_the_loop, sum_products, turn_products, join_inside, invariants, *SIMPLIFY),  # for speed
}
DEFAULT = 2

# Of a forward graph, before it is differentiated: what has left a forward loop is then no part of the
# backward loop either.
BEFORE: dict[int, tuple[Pass, ...]] = {
    0: (),
    1: (),
    2: (
        *SIMPLIFY,
        in_rows,
        split_functions,
        split_products,
        pack_products,
        pack_sums,
        gather_sums,
        pack_sums,
        all_steps_at_once,
        after_the_loop,
        *SIMPLIFY,
    ),
}


def prepare(graph: Graph, level: int) -> Graph:
    """A forward graph after the passes of a level that come before differentiation, loops within loops first."""

    def inner(old: Node, new: Node) -> Node | None:
        body = prepare(old.attrs["body"], level) if old.op is OPS["scan"] else None
        return build(new.op, *new.inputs, **{**new.attrs, "body": body}) if body else None

    step = forward_only(graph)
    step = step.rebuilt(inner) if BEFORE[level] else step
    return _run(step, BEFORE[level]).forward


def run(step: Step, level: int) -> Step:
    """The step after the passes of a level."""
    return _run(step, LEVELS[level])


def _run(step: Step, passes: Sequence[Pass]) -> Step:
    verify(step.forward, step.backward)
    for rewrite in passes:
        before, step = step, rewrite(step)
        if step is not before:
            verify(step.forward, step.backward)
    return step
