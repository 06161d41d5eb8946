"""Batches of random programs and texts, each known by its seed; what fails is made small and kept."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field

import hypothesis
import jax
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.examine import examine
from tests.fuzz.programs import Program, programs
from tests.fuzz.text import is_told, specs, text, texts

PROGRAMS_A_BATCH = 50
TEXTS_A_BATCH = 2000
SETTINGS = settings(
    deadline=None,
    database=None,  # a batch is its seed and nothing else
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)


@dataclass
class Outcome:
    """What came of some batches."""

    tried: int = 0
    counts: Counter[str] = field(default_factory=Counter)  # of programs in which an operation or feature is
    failures: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take in another batch."""
        self.tried += other.tried
        self.counts += other.counts
        self.failures += other.failures


def programs_batch(seed: int, count: int) -> Outcome:
    """Random programs; the first that fails, made small by Hypothesis, ends the batch."""
    outcome = Outcome()
    failing: list[Program] = []  # the last one is the smallest
    passed: set[str] = set()

    @hypothesis.seed(seed)
    @settings(SETTINGS, max_examples=2 * count)  # some come twice
    @given(programs())
    def run(program: Program) -> None:
        if repr(program) in passed or (outcome.tried == count and not failing):
            return
        try:
            outcome.counts.update(examine(program.cell(), program.steps))
        except Exception:
            failing.append(program)
            raise
        outcome.tried += 1
        passed.add(repr(program))

    try:
        run()
    except Exception:
        outcome.failures.append(f"programs, seed {seed}:\n{failing[-1]!r}\n{traceback.format_exc(limit=-3)}")
    jax.clear_caches()
    return outcome


def texts_batch(seed: int, count: int) -> Outcome:
    """Random texts for the reader; whatever is neither a spec nor told as a fault is kept."""
    outcome, rng, known = Outcome(), texts(seed), specs()
    for _ in range(count):
        given_text = text(rng, known)
        try:
            outcome.counts["specs"] += not is_told(given_text)
        except Exception:
            outcome.failures.append(f"texts, seed {seed}: {given_text!r}\n{traceback.format_exc(limit=-3)}")
        outcome.tried += 1
    return outcome
