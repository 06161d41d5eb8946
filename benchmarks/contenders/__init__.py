"""Who computes a problem.  Each file of this package has `build`, which prepares a run; only workers import them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.run import Run
from graphgen.passes import LEVELS

LIMIT = "products"
GRAPHGEN = {f"graphgen -O{level}": level for level in LEVELS}


class Recipe(NamedTuple):
    """How a worker prepares a run: a file of this package, and what its `build` is given."""

    file: str
    arguments: tuple[Any, ...]

    def build(self) -> Run:
        """Prepare the run."""
        return import_module(f"benchmarks.contenders.{self.file}").build(*self.arguments)


class Contender(NamedTuple):
    """A file of this package, the library that it needs, what `build` is given after the problem, and
    whether it can run layers on top of each other.
    """

    file: str
    library: str = "numpy"
    arguments: tuple[Any, ...] = ()
    stacks: bool = False

    @property
    def present(self) -> bool:
        """Whether the library is installed."""
        return find_spec(self.library) is not None


CONTENDERS = {
    LIMIT: Contender("products", stacks=True),
    "by hand": Contender("by_hand"),
    "autograd": Contender("autograd_loop", "autograd"),
    "jax": Contender("jax_scan", "jax", stacks=True),
    "torch": Contender("torch_layers", "torch", stacks=True),
    "torch cells": Contender("torch_cells", "torch"),
    **{name: Contender("modules", arguments=(level,), stacks=True) for name, level in GRAPHGEN.items()},
}
