"""Random programs against independent interpretations, and random text against the reader; `tests.fuzz` runs more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from graphgen.ir.op import OPS
from graphgen.spec.reader import read
from tests.fuzz import __main__ as long_run
from tests.fuzz.calls import CALLEES
from tests.fuzz.examine import examine
from tests.fuzz.run import PROGRAMS_A_BATCH, TEXTS_A_BATCH, Outcome, programs_batch, texts_batch

FOUND = sorted((Path(__file__).parent / "fuzz" / "found").glob("*.yaml"))


@pytest.mark.parametrize("seed", range(500 // PROGRAMS_A_BATCH))
def test_random_programs_compute_what_they_say(seed):
    outcome = programs_batch(seed, PROGRAMS_A_BATCH)
    assert not outcome.failures, "\n\n".join(outcome.failures)
    assert outcome.tried >= PROGRAMS_A_BATCH


@pytest.mark.parametrize("seed", range(20_000 // TEXTS_A_BATCH))
def test_whatever_the_text_the_reader_tells_what_is_wrong(seed):
    outcome = texts_batch(seed, TEXTS_A_BATCH)
    assert not outcome.failures, "\n\n".join(outcome.failures)
    assert 0 < outcome.counts["specs"] < outcome.tried == TEXTS_A_BATCH  # some are right, most are not


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_random_programs_once_found_stays_mended(path):
    for steps in (1, 3):
        examine(read(path), steps)


def test_random_programs_may_call_every_operation():
    assert {callee.op.name for callee in CALLEES} == {op.name for op in OPS.values() if op.public}


def test_a_long_run_that_is_stopped_has_told_what_failed(monkeypatch):
    def batch(seed, count):
        if seed == 8:
            raise KeyboardInterrupt
        return Outcome(count, failures=[f"seed {seed}: [n, m] is wrong"])

    monkeypatch.setattr(long_run, "ProcessPoolExecutor", ThreadPoolExecutor)
    console = Console(record=True, width=200)
    with pytest.raises(KeyboardInterrupt):
        long_run.together(batch, 7, 4, 2, "programs", console)
    assert "seed 7: [n, m] is wrong" in console.export_text()
