"""Workers as the parent sees them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    **dict.fromkeys(("NPROC", "PJRT_NPROC"), "1"),  # of XLA, which its flags no longer hold back
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class BenchmarkError(Exception):
    """What stops a benchmark, told as a message."""


class Worker:
    """A process that does one thing at a time, on one thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, request: str, *arguments: Any) -> Any:
        """The answer to a request."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            pickle.dump((request, arguments), self.process.stdin)
            self.process.stdin.flush()
            well, answer = pickle.load(self.process.stdout)
        except (BrokenPipeError, EOFError):
            raise BenchmarkError(f"the process of {self.name} ended, with {self.process.wait()}") from None
        if not well:
            raise BenchmarkError(f"{self.name}:\n{answer}")
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
