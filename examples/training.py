"""What the examples share: an optimiser over nested parameters, batches, a progress bar, the plot, and the results.

Optimisers are generated modules too: specs/optimisers has their equations, for the vector of all parameters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from generated import clip_by_norm

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
BEGUN = perf_counter()
HEADING = """\
# What the examples reach

Each run writes its own row, with the seconds of CPU that it took, and by the clock.  With `validation` after it,
a command for characters, phrases or sentences holds out a part of its training data in the place of the test data,
and writes nothing.  The settings of sentences and the rate of characters were chosen so; for phrases they made no
difference.

| command | result | CPU | wall |
| --- | --- | ---: | ---: |
"""
Record = Any  # a NamedTuple of arrays, or of further such records: a model's Parameters


def choosing() -> bool:
    """Whether the command ends with `validation`: a part of the training data is held out, to choose settings by."""
    return sys.argv[1:] == ["validation"]


def leaves(record: Record) -> Iterator[np.ndarray]:
    """The arrays of a record and of those within it, in their order."""
    for value in record:
        yield from leaves(value) if isinstance(value, tuple) else (value,)


def flatten(record: Record) -> np.ndarray:
    """All arrays of a record as one vector."""
    return np.concatenate([np.ravel(array) for array in leaves(record)])


def unflatten(vector: np.ndarray, like: Record) -> Record:
    """The record whose vector this is, its arrays views of the vector; `like` is one of the same shapes."""
    sizes = [np.size(array) for array in leaves(like)]
    parts = iter(np.split(vector, np.cumsum(sizes)[:-1]))

    def fill(record: Record) -> Record:
        values = [
            fill(value) if isinstance(value, tuple) else next(parts).reshape(np.shape(value)) for value in record
        ]
        return type(record)(*values)

    return fill(like)


class Optimiser:
    """A module of specs/optimisers on its way through the parameters of a model.

    `limit` clips the gradient by norm; `settings`, such as rate=0.01, replace the module's defaults.  The dtype is
    that of the parameters.
    """

    def __init__(self, module: ModuleType, parameters: Record, limit: float | None = None, **settings: float) -> None:
        theta = flatten(parameters)
        self.module, self.parameters, self.dtype = module, parameters, theta.dtype
        self.settings = module.init_parameters(np.random.default_rng(), dtype=self.dtype)
        self.limit = None if limit is None else clip_by_norm.Parameters(self.dtype.type(limit))
        self.state = module.zero_state(n=theta.size, dtype=self.dtype)._replace(theta=theta)
        self.set(**settings)

    def set(self, **settings: float) -> None:
        """Change settings, as a schedule does."""
        self.settings = self.settings._replace(**{name: self.dtype.type(s) for name, s in settings.items()})

    def step(self, gradients: Record) -> Record:
        """The parameters after a step along some gradients."""
        gradient = flatten(gradients)
        if self.limit is not None:
            gradient = clip_by_norm.forward(self.limit, clip_by_norm.Inputs(gradient)).clipped
        _, self.state = self.module.forward(self.settings, self.module.Inputs(gradient), self.state)
        self.parameters = unflatten(self.state.theta, self.parameters)
        return self.parameters


class Average:
    """The mean of the parameters after several steps, often better than the last (Polyak and Juditsky, 1992)."""

    def __init__(self) -> None:
        self.count, self.total = 0, 0.0

    def add(self, parameters: Record) -> Record:
        """Count some parameters in; they are also returned."""
        self.count, self.total, self.like = self.count + 1, self.total + flatten(parameters), parameters
        return parameters

    def parameters(self) -> Record:
        """The mean so far."""
        return unflatten(self.total / self.count, self.like)


def batches(rng: np.random.Generator, count: int, size: int) -> Iterator[np.ndarray]:
    """The numbers below `count`, shuffled, in batches of a size; the last may be smaller."""
    order = rng.permutation(count)
    return (order[begin : begin + size] for begin in range(0, count, size))


def bucketed(rng: np.random.Generator, lengths: Sequence[int], size: int) -> Iterator[np.ndarray]:
    """The places of sequences, shuffled, in batches of about the same length, so that little of them is padded."""
    order = np.argsort(np.array(lengths) + rng.uniform(0, 6, len(lengths)))
    return (order[size * i : size * (i + 1)] for i in rng.permutation(-(-len(order) // size)))


def padded(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences side by side, zeros past the end of each: [longest, how many, …], and their lengths."""
    lengths = np.array([len(one) for one in sequences])
    together = np.zeros((lengths.max(), len(sequences), *sequences[0].shape[1:]), sequences[0].dtype)
    for place, one in enumerate(sequences):
        together[: len(one), place] = one
    return together, lengths


def dropout(rng: np.random.Generator, rate: float, shape: tuple[int, ...]) -> np.ndarray:
    """A mask: zero with a probability of `rate`, else 1 / (1 - rate)."""
    return ((rng.random(shape) >= rate) / (1 - rate)).astype(np.float32)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on the terminal; call what it gives after each step, with a text to show beside the bar."""
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total, told="")
        yield lambda told: bar.update(task, advance=1, told=told)


def plot(name: str, title: str, panels: Mapping[str, Mapping[str, Sequence[float]]], across: str = "epoch") -> None:
    """Curves as NAME.png beside the examples: for each panel its label, and in it each curve by its own label.

    A run to choose settings by draws nothing.
    """
    if choosing():
        return
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.5 * len(panels), 3.2), squeeze=False)
    for axis, (label, curves) in zip(axes[0], panels.items()):
        for curve, values in curves.items():
            axis.plot(range(1, len(values) + 1), values, label=curve)
        axis.set(xlabel=across, ylabel=label)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(HERE / f"{name}.png", dpi=80, metadata={"Software": None})
    pyplot.close(figure)


def record(name: str, result: str, table: Path = RESULTS) -> None:
    """Write the row of an example into the results, in the place of an earlier one; seconds are of this process.

    What a run to choose settings by reached is only told.
    """
    cpu, wall = process_time(), perf_counter() - BEGUN
    print(f"{result} ({cpu:.0f} s of CPU, {wall:.0f} s)")
    if choosing():
        return
    lines = table.read_text("utf-8").splitlines() if table.exists() else []
    command = f"| `python -m examples.{name}` |"
    rows = [line for line in lines if line.startswith("| `") and not line.startswith(command)]
    rows = sorted([*rows, f"{command} {result} | {cpu:.0f} s | {wall:.0f} s |"])
    table.write_text(HEADING + "\n".join(rows) + "\n", "utf-8")
