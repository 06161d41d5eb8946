"""Checks the text of a module: step and sequence functions against central differences and the complex step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np

from graphgen.check.numeric import STEP, Arrays, central_difference, complex_step
from graphgen.contract import RECORDS
from graphgen.errors import GraphgenError
from graphgen.ir.graph import Graph
from graphgen.ir.node import fresh
from graphgen.ir.shape import Shape
from graphgen.spec.model import Cell

DRAWS = ((-1.2, 1.2), (0.1, 0.9), (1.1, 2.9))  # where arrays are drawn from
LENGTHS = (1, 5)  # of the sequences
NARROW = ((-0.2, 0.2), *DRAWS[1:])  # where gates do not saturate
DIGITS_LOST = 1e-6  # by rounding, such as 1 - y*y has for y near 1; then a second look is taken in the narrow range
CENTRAL_BOUND = 1e-6  # of the largest element of a gradient
COMPLEX_BOUND = 1e-12


@dataclass(frozen=True)
class Row:
    """How one gradient compares with numbers; errors are relative to its largest element."""

    function: str
    gradient: str
    worst: tuple[int, ...]
    written: float  # what the module says of the worst element
    numeric: float
    central: float
    exact: float | None  # the complex step's error, where every function is analytic
    ok: bool


@dataclass(frozen=True)
class Report:
    """Every gradient of a module."""

    name: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether all of them agree."""
        return all(row.ok for row in self.rows)


def load(source: str, name: str) -> ModuleType:
    """A module from its text."""
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec", dont_inherit=True), module.__dict__)
    return module


def check(source: str, cell: Cell, graph: Graph) -> Report:
    """Compare every gradient of the module with numbers; `graph` is the step's forward graph, for its shapes."""
    return Report(cell.name, tuple(_rows(load(source, cell.name), cell, graph)))


def _rows(module: ModuleType, cell: Cell, graph: Graph) -> Iterator[Row]:
    for length in (None, *LENGTHS) if cell.states else (None,):
        rows = list(Trial(module, cell, graph, length).rows())
        if not all(row.ok for row in rows) and all((row.exact or 0.0) <= DIGITS_LOST for row in rows):
            rows = list(Trial(module, cell, graph, length, narrow=True).rows())
        yield from rows


def is_analytic(graph: Graph) -> bool:
    """Whether the complex step may pass through every operation."""
    for node in graph.order:
        if not node.op.analytic and any(operand.dtype == "float" and not operand.weak for operand in node.inputs):
            return False
        body = node.op.inner(**node.attrs) or node.attrs.get("body")
        if body is not None and not is_analytic(body):
            return False
    return True


def filled(record: Any, key: str, values: Mapping[str, Any]) -> Any:
    """A record from values by key; the fields of "parameters.encoder" have keys "parameters.encoder.W_g"."""
    kinds = {f"{key}.{name}": kind for name, kind in record.__annotations__.items()}
    return record(*(filled(kind, k, values) if hasattr(kind, "_fields") else values[k] for k, kind in kinds.items()))


def keys_of(record: Any, key: str) -> Iterator[str]:
    """The keys of the arrays in a record, and in those within it."""
    for name, kind in record.__annotations__.items():
        yield from keys_of(kind, f"{key}.{name}") if hasattr(kind, "_fields") else [f"{key}.{name}"]


def emptied(record: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a record, and in those within it, by key."""
    for name, value in record._asdict().items():
        if hasattr(value, "_fields"):
            yield from emptied(value, f"{path}{name}.")
        else:
            yield path + name, value


class Trial:
    """One function of a module, at small sizes that all differ, with random arrays and cotangents."""

    def __init__(
        self, module: ModuleType, cell: Cell, graph: Graph, length: int | None, narrow: bool = False
    ) -> None:
        self.module, self.cell, self.graph, self.length = module, cell, graph, length
        self.sizes = {name: size for size, name in enumerate(cell.dims, start=2)}
        self.time = fresh("T", cell.names)
        self.name = "forward" if length is None else f"forward_sequence, T={length}"
        rng = np.random.default_rng(0)
        self.cotangents = {
            key: np.asarray(rng.standard_normal(self.shape(key, node.shape))) if node.dtype == "float" else None
            for key, node in graph.outputs.items()
        }
        self.seeded = [key for key, cotangent in self.cotangents.items() if cotangent is not None]
        self.draws = NARROW if narrow else DRAWS
        self.arrays = self.draw(rng)

    def shape(self, key: str, shape: Shape) -> tuple[int, ...]:
        """A shape in numbers; inputs and outputs of a sequence have a leading axis."""
        lead = () if self.length is None or key.startswith(("parameters.", "state.")) else (self.length,)
        return (*lead, *(dim.evaluate(self.sizes) for dim in shape))

    def draw(self, rng: np.random.Generator) -> Arrays:
        """Arrays at which the forward pass is finite: of both signs, else between 0 and 1, else above 1."""
        shapes = {key: self.shape(key, leaf.shape) for key, leaf in self.graph.inputs.items()}
        # Every size is 2 or more, so 0 and 1 are valid indices whatever they index.
        integers = {
            key: rng.integers(0, 2, shapes.pop(key)).astype(leaf.dtype)
            for key, leaf in self.graph.inputs.items()
            if leaf.dtype != "float"
        }
        for low, high in self.draws:
            arrays = integers | {key: np.asarray(rng.uniform(low, high, shape)) for key, shape in shapes.items()}
            with np.errstate(all="ignore"):
                if np.isfinite(self.objective(arrays)):
                    return arrays
        raise GraphgenError(f"{self.cell.name}: the {self.name} pass is not finite at random arrays")

    def record(self, group: str, values: Mapping[str, Any]) -> Any:
        """A record of the module, filled from keys "group.name"."""
        return filled(getattr(self.module, RECORDS[group]), group, values)

    def run(self, arrays: Arrays) -> tuple[dict[str, Any], Any]:
        """The forward pass: its results by key, and the residuals, if there is a backward pass."""
        function = self.module.forward if self.length is None else self.module.forward_sequence
        groups = ("parameters", "inputs", "state") if self.cell.states else ("parameters", "inputs")
        known = {**self.sizes, self.time: self.length}
        told = [p.name for p in signature(function).parameters.values() if p.kind == p.KEYWORD_ONLY]
        groups_given = (self.record(group, arrays) for group in groups)
        returned = function(*groups_given, **{name: known[name] for name in told})
        outputs, *others = returned if self.cell.states or self.cell.backward else (returned,)
        residuals = others.pop() if self.cell.backward else ()
        results = {f"outputs.{name}": value for name, value in outputs._asdict().items()}
        results |= {f"state.{name}": value for state in others for name, value in state._asdict().items()}
        return results, residuals

    def objective(self, arrays: Arrays) -> complex:
        """The number whose gradients the cotangents ask for."""
        results, _ = self.run(arrays)
        return complex(sum(np.sum(self.cotangents[key] * results[key]) for key in self.seeded))

    def check_kinds(self) -> None:
        """Integers, booleans and floats come out as what the graph says they are."""
        results, _ = self.run(self.arrays)
        for key, node in self.graph.outputs.items():
            kind = np.asarray(results[key]).dtype.kind
            if kind != {"float": "f", "int": "i", "bool": "b"}[node.dtype]:
                raise GraphgenError(f"{self.cell.name}: {self.name} returns {key} as '{kind}', not as {node.dtype}")

    def gradients(self) -> dict[str, np.ndarray]:
        """What the module's backward pass says, by key; nothing if it has none."""
        if not self.cell.backward:
            return {}
        _, residuals = self.run(self.arrays)
        groups = ("outputs", "state") if self.cell.states else ("outputs",)
        cotangents = [self.record(group, self.cotangents) for group in groups]
        backward = self.module.backward if self.length is None else self.module.backward_sequence
        result = backward(self.record("parameters", self.arrays), residuals, *cotangents)
        return {key: np.asarray(value) for key, value in emptied(result) if value is not None}

    def rows(self) -> Iterator[Row]:
        """One row for each gradient; none where there is no backward pass."""
        self.check_kinds()
        if not self.cell.backward:
            return
        written, analytic = self.gradients(), is_analytic(self.graph)
        for key, array in self.arrays.items():
            if array.dtype.kind != "f":
                continue
            if written[key].shape != array.shape:
                raise GraphgenError(f"{key} has the shape {array.shape}, its gradient {written[key].shape}")
            share = self.share(key)
            central = share * central_difference(self.objective, self.arrays, key)
            exact = share * complex_step(self.objective, self.arrays, key) if analytic else None
            yield self.row(key, written[key], central, exact)

    def share(self, key: str) -> float:
        """1/m for parameters where the spec says that the cost is a mean over m."""
        over = self.cell.average_over
        return 1 / over.evaluate(self.sizes) if over is not None and key.startswith("parameters.") else 1.0

    def row(self, key: str, written: np.ndarray, central: np.ndarray, exact: np.ndarray | None) -> Row:
        """The comparison of one gradient, each array scaled on its own."""
        best = central if exact is None else exact
        difference = np.abs(written - best)
        worst = tuple(int(i) for i in np.unravel_index(np.argmax(difference), difference.shape)) if best.size else ()
        scale = float(np.max(np.abs(best), initial=0.0)) or 1.0
        central_error = float(np.max(np.abs(written - central), initial=0.0)) / scale
        exact_error = None if exact is None else float(np.max(np.abs(written - exact), initial=0.0)) / scale
        agrees = central_error <= CENTRAL_BOUND or central_error <= CENTRAL_BOUND + self.doubt(key, central) / scale
        ok = bool(agrees and (exact_error is None or exact_error <= COMPLEX_BOUND))
        values = (float(written[worst]), float(best[worst])) if best.size else (0.0, 0.0)
        return Row(self.name, key, worst, *values, central_error, exact_error, ok)

    def doubt(self, key: str, central: np.ndarray) -> float:
        """How far the central difference itself may be off: what twice the step changes, and rounding."""
        coarse = self.share(key) * central_difference(self.objective, self.arrays, key, 2 * STEP)
        results, _ = self.run(self.arrays)
        added_up = sum(np.sum(np.abs(self.cotangents[key] * results[key])) for key in self.seeded)
        return float(np.max(np.abs(coarse - central)) + np.finfo(float).eps * added_up / STEP)
