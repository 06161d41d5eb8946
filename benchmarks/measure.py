"""Measurements: contenders side by side in rounds, after their gradients have been compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import ClassVar

import numpy as np

from benchmarks.contenders import Recipe
from benchmarks.problem import Arrays, Shape
from benchmarks.process import BenchmarkError, Worker

BOUNDS = {"float32": 1e-3, "float64": 1e-10}  # of the root mean square of a gradient
ROUNDING = 1e-3  # of the largest one: a gradient that is much smaller may be made of rounding alone

Rounds = Callable[[int], Iterable[int]]  # a range, watched


@dataclass(frozen=True)
class Result:
    """What one measurement found: samples of each contender, and who could not take part."""

    case: str
    subject: str
    shape: Shape | None
    dtype: str | None
    unit: str
    samples: Mapping[str, list[float]]
    absent: tuple[str, ...] = ()

    @property
    def medians(self) -> dict[str, float]:
        """The median of each contender."""
        return {name: median(values) for name, values in self.samples.items()}


@dataclass(frozen=True)
class Timing:
    """Contenders that run one after the other, round by round, each in a process of its own.

    Without a reference the gradients are compared with the first contender's.
    """

    case: str
    subject: str
    shape: Shape
    dtype: str
    contenders: Mapping[str, Recipe]
    rounds: int
    absent: tuple[str, ...] = ()
    reference: Recipe | None = None

    @property
    def title(self) -> str:
        """What is measured."""
        return f"{self.case} {self.subject} {self.dtype} {self.shape}"

    def measure(self, rounds: Rounds) -> Result:
        """Milliseconds of forward and backward."""
        with ExitStack() as stack:
            workers = {name: stack.enter_context(Worker(name)) for name in self.contenders}
            for name, worker in workers.items():
                worker.ask("prepare", self.contenders[name])
            self.compare({name: worker.ask("gradients") for name, worker in workers.items()})
            for worker in workers.values():
                worker.ask("warm_up")
            samples: dict[str, list[float]] = {name: [] for name in workers}
            for _ in rounds(self.rounds):
                for name, worker in workers.items():
                    samples[name].append(1e3 * worker.ask("time"))
        return Result(self.case, self.subject, self.shape, self.dtype, "ms", samples, self.absent)

    def compare(self, computed: dict[str, Arrays]) -> None:
        """Raise an error unless all who compute gradients compute the same."""
        computed = {name: gradients for name, gradients in computed.items() if gradients}
        expected = gradients_of(self.reference) if self.reference else next(iter(computed.values()))
        for name, gradients in computed.items():
            for key, worst in differences(gradients, expected).items():
                if not worst <= BOUNDS[self.dtype]:
                    raise BenchmarkError(f"{name} has another gradient of {key}, off by {worst:.1e}")


@lru_cache(maxsize=4)
def gradients_of(recipe: Recipe) -> Arrays:
    """What a contender computes, in a process of its own."""
    with Worker("the reference") as worker:
        worker.ask("prepare", recipe)
        return worker.ask("gradients")


def differences(gradients: Arrays, expected: Arrays) -> dict[str, float]:
    """How far each gradient is off, relative to its root mean square; infinitely, if it is not there at all.

    Single elements may be off by more: where rounding takes a relu to the other side of 0, its derivative jumps.
    """
    worst = dict.fromkeys(gradients.keys() ^ expected.keys(), np.inf)
    least = ROUNDING * max(map(root_mean_square, expected.values())) or 1.0
    for key in gradients.keys() & expected.keys():
        left, right = np.asarray(gradients[key]), expected[key]
        same = left.shape == right.shape
        worst[key] = root_mean_square(left - right) / max(root_mean_square(right), least) if same else np.inf
    return worst


def root_mean_square(array: np.ndarray) -> float:
    """The root of the mean of the squares; 0 of no elements."""
    return float(np.sqrt(np.sum(np.square(array, dtype=float)) / max(array.size, 1)))


@dataclass(frozen=True)
class Memory:
    """The memory that contenders need for a problem."""

    case: ClassVar = "memory"
    subject: str
    shape: Shape
    dtype: str
    contenders: Mapping[str, Recipe]
    predicted: Callable[[], int]  # bytes, of the last contender

    @property
    def title(self) -> str:
        """What is measured."""
        return f"memory {self.subject} {self.dtype} {self.shape}"

    def measure(self, rounds: Rounds) -> Result:
        """Megabytes allocated at most, in the first run of a process."""
        samples = {}
        for _ in rounds(1):
            for name, recipe in self.contenders.items():
                with Worker(name) as worker:
                    worker.ask("prepare", recipe)
                    samples[name] = [worker.ask("peak") / 1e6]
        samples["its prediction"] = [self.predicted() / 1e6]
        return Result(self.case, self.subject, self.shape, self.dtype, "MB", samples)
