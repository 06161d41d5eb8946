"""How long compiling takes: the command on shipped specs, and the compiler on specs of many equations."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from benchmarks.measure import Result, Rounds
from benchmarks.process import ROOT, BenchmarkError, Worker

MATRICES = 4  # that the equations of a generated spec take turns with


@dataclass(frozen=True)
class Compiling:
    """One compilation at several levels, each in a fresh process every time."""

    case: ClassVar = "compile"
    dtype: ClassVar = None
    subject: str
    seconds: Callable[[int], float]
    levels: Mapping[str, int]
    rounds: int

    @property
    def title(self) -> str:
        """What is measured."""
        return f"compile {self.subject}"

    def measure(self, rounds: Rounds) -> Result:
        """Seconds at each level."""
        samples: dict[str, list[float]] = {name: [] for name in self.levels}
        for _ in rounds(self.rounds):
            for name, level in self.levels.items():
                samples[name].append(self.seconds(level))
        return Result(self.case, self.subject, None, None, "s", samples)


def build_seconds(specs: list[str], level: int) -> float:
    """Wall-clock seconds of `graphgen build`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "graphgen", "build", *specs, "-o", folder, "-O", str(level)]
        begin = perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        seconds = perf_counter() - begin
    if done.returncode:
        raise BenchmarkError(f"graphgen build -O {level}: {done.stderr}")
    return seconds


def compile_seconds(text: str, level: int) -> float:
    """Seconds of reading and compiling a text, in a process that has imported the compiler."""
    with Worker("the compiler") as worker:
        return worker.ask("compile", text, level)


def generated_spec(equations: int, with_state: bool) -> str:
    """A spec of many equations in blocks of five, each a gated layer that reads the two blocks before it."""
    state = "states: {h: [n_h, m]}\n" if with_state else ""
    first = "V @ x + h_prev" if with_state else "V @ x"
    lines = [f"y0 = tanh({first})", "s0 = y0"]
    for i in range(1, (equations - 3) // 5 + 1):
        k = i % MATRICES
        lines += [
            f"z{i} = W{k} @ y{i - 1} + b{k}",
            f"g{i} = sigmoid(z{i}[:n_h])",
            f"u{i} = tanh(z{i}[n_h:])",
            f"s{i} = g{i} * u{i} + (1 - g{i}) * y{i - 1}",
            f"y{i} = s{i} + 0.5 * s{i - 1}",
        ]
    lines += [f"p{i} = p{i - 1} * 0.5" if i else f"p0 = y{(equations - 3) // 5}" for i in range((equations - 3) % 5)]
    last = lines[-1].split(" = ")[0]
    weights = [f"W{k}: [2*n_h, n_h], b{k}: [2*n_h, 1]" for k in range(MATRICES)]
    return (
        f"cell: generated\ndims: {{n_x: inputs, n_h: units, m: batch}}\n"
        f"parameters: {{V: [n_h, n_x], {', '.join(weights)}}}\ninputs: {{x: [n_x, m]}}\n{state}equations:\n"
        + "".join(f"  - {line}\n" for line in [*lines, f"h = tanh({last})"])
        + "outputs: [h]\n"
    )
