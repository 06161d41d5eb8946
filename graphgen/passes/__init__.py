"""Rewritings of a step, one pass a file.  A level is a list of passes; the graphs are verified around each."""

from __future__ import annotations

from collections.abc import Callable

from graphgen.ir.step import Step
from graphgen.ir.verify import verify
from graphgen.passes.identities import apply_identities
from graphgen.passes.movement import cancel_movement

Pass = Callable[[Step], Step]

LEVELS: dict[int, tuple[Pass, ...]] = {
    0: (),  # for reading: one line for each equation and each junction
    1: (cancel_movement, apply_identities),
}
DEFAULT = 1


def run(step: Step, level: int) -> Step:
    """The step after the passes of a level."""
    _verify(step)
    for rewrite in LEVELS[level]:
        step = rewrite(step)
        _verify(step)
    return step


def _verify(step: Step) -> None:
    verify(step.forward)
    verify(step.backward)
