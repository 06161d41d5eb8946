"""The process of one contender: requests on standard input, answers on standard output, both pickled."""

from __future__ import annotations

import math
import os
import pickle
import signal
import sys
import traceback
import tracemalloc
from contextlib import suppress
from time import perf_counter, process_time
from typing import Any

from benchmarks.contenders import Recipe
from benchmarks.problem import Arrays
from benchmarks.run import Run

ENOUGH = 0.02  # seconds that one timing takes at least
ONE_THREAD = 1.1  # times as long as the clock says, at most, does a process with one thread compute
FRAMES = 5  # of a traceback that are told


class Requests:
    """What a worker can be asked; each request is the name of a method and its arguments."""

    run: Run
    repeats = 1

    def prepare(self, recipe: Recipe) -> None:
        """Prepare a run."""
        self.run = recipe.build()

    def gradients(self) -> Arrays:
        """What a run computes that is not the first."""
        self.run.call()
        return self.run.gradients(self.run.call())

    def peak(self) -> int:
        """Bytes allocated at most during a run, over what it was given."""
        tracemalloc.start()
        self.run.call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    def warm_up(self) -> None:
        """Run, and find how many runs one timing needs."""
        self.repeats = max(1, math.ceil(ENOUGH / self.time()))

    def time(self) -> float:
        """Seconds that a run takes, on one thread."""
        begin, cpu = perf_counter(), process_time()
        for _ in range(self.repeats):
            self.run.call()
        seconds, cpu = perf_counter() - begin, process_time() - cpu
        if cpu > ONE_THREAD * seconds + ENOUGH:
            raise RuntimeError(f"{cpu / seconds:.2f} threads were at work")
        return seconds / self.repeats

    def compile(self, text: str, level: int) -> float:
        """Seconds from the text of a spec to that of its module."""
        from graphgen.compiler import compile_cell
        from graphgen.spec.reader import read_text

        begin = perf_counter()
        compile_cell(read_text(text), level)
        return perf_counter() - begin


def main() -> None:
    """Answer until there are no more requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent, which ends its workers
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    requests = Requests()
    with suppress(EOFError):
        while True:
            name, arguments = pickle.load(sys.stdin.buffer)
            pickle.dump(answer(requests, name, arguments), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def answer(requests: Requests, name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """Whether it went well, and what came of it or how it went wrong."""
    try:
        return True, getattr(requests, name)(*arguments)
    except Exception:
        return False, traceback.format_exc(limit=-FRAMES)


if __name__ == "__main__":
    main()
