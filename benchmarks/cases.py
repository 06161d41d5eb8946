"""The cases: which measurements each of them takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.compiling import Compiling, build_seconds, compile_seconds, generated_spec
from benchmarks.contenders import CONTENDERS, GRAPHGEN, LIMIT, Recipe
from benchmarks.contenders.shipped import sizes_of
from benchmarks.layouts import FORMS
from benchmarks.measure import Memory, Timing
from benchmarks.problem import GATES, Problem, Shape
from graphgen.compiler import compile_file
from graphgen.memory import OBJECTS, Room
from graphgen.resources import find_spec, shipped_specs
from graphgen.spec.reader import read

Job = Timing | Memory | Compiling

SMALL, MIDDLE, LARGE = Shape(32, 1, 32, 32), Shape(64, 32, 128, 256), Shape(64, 64, 256, 512)
EQUATIONS = {100: 3, 1_000: 3, 10_000: 1}  # how many, and how often they are compiled at most
FEW = 5  # rounds at most, where there is much to run
BASE = next(name for name, level in GRAPHGEN.items() if level == 1)
HIGHEST = max(GRAPHGEN, key=lambda name: GRAPHGEN[name])


class Case(NamedTuple):
    """What a case is about, and the shapes and dtypes it is run with unless others are asked for."""

    about: str
    shapes: tuple[Shape, ...] = ()
    dtypes: tuple[str, ...] = ()


CASES = {
    "layer": Case("one layer", (SMALL, MIDDLE, LARGE), ("float32", "float64")),
    "stack": Case("two LSTM layers", (SMALL, MIDDLE, LARGE), ("float32", "float64")),
    "forms": Case("the same cell in several specs", (MIDDLE, LARGE), ("float32", "float64")),
    "specs": Case("every shipped spec with a state", (SMALL, MIDDLE, LARGE), ("float32",)),
    "memory": Case("peak memory", (SMALL, MIDDLE, LARGE), ("float32",)),
    "compile": Case("compile time"),
}


@dataclass(frozen=True)
class Choice:
    """What of a case is to be run; what is empty is not narrowed."""

    cells: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    dtypes: tuple[str, ...] = ()
    contenders: tuple[str, ...] = ()
    rounds: int = 9

    def has(self, cell: str) -> bool:
        """Whether a cell is chosen."""
        return cell in (self.cells or (cell,))

    def problems(self, case: str, cells: Mapping[str, object], layers: int = 1) -> Iterator[Problem]:
        """The problems of a case."""
        for cell in filter(self.has, cells):
            for dtype in self.dtypes or CASES[case].dtypes:
                for shape in self.shapes or CASES[case].shapes:
                    yield Problem(cell, shape, dtype, layers)


def jobs(case: str, choice: Choice) -> Iterator[Job]:
    """The measurements of a case."""
    return {
        "layer": lambda: layers("layer", choice, GATES),
        "stack": lambda: layers("stack", choice, {"lstm": 2}, count=2),
        "forms": lambda: forms(choice),
        "specs": lambda: specs(choice),
        "memory": lambda: memory(choice),
        "compile": lambda: compilations(choice.rounds),
    }[case]()


def layers(case: str, choice: Choice, cells: Mapping[str, object], count: int = 1) -> Iterator[Job]:
    """Every contender that can; the products among them."""
    names = [name for name in CONTENDERS if name in (LIMIT, *(choice.contenders or CONTENDERS))]
    names = [name for name in names if count == 1 or CONTENDERS[name].stacks]
    absent = tuple(name for name in names if not CONTENDERS[name].present)
    for problem in choice.problems(case, cells, count):
        recipes = {name: recipe(name, problem) for name in names if name not in absent}
        yield timing(case, problem, recipes, choice.rounds, absent)


def forms(choice: Choice) -> Iterator[Job]:
    """The specs of a cell at the highest level, beside the products."""
    for problem in choice.problems("forms", FORMS):
        own = {name: Recipe("modules", (problem, GRAPHGEN[HIGHEST], name)) for name in FORMS[problem.cell]}
        yield timing("forms", problem, {LIMIT: recipe(LIMIT, problem), **own}, choice.rounds)


def specs(choice: Choice) -> Iterator[Job]:
    """Every shipped spec with a state and a backward pass, at level 1 and the highest."""
    cells = {name: read(path) for name, path in shipped_specs().items() if choice.has(name)}
    for name in [name for name, cell in cells.items() if cell.states and cell.backward]:
        for dtype in choice.dtypes or CASES["specs"].dtypes:
            for shape in choice.shapes or CASES["specs"].shapes:
                levels = {level: GRAPHGEN[level] for level in (BASE, HIGHEST)}
                recipes = {level: Recipe("shipped", (name, n, shape, dtype)) for level, n in levels.items()}
                yield Timing("specs", name, shape, dtype, recipes, min(choice.rounds, FEW))


def memory(choice: Choice) -> Iterator[Job]:
    """Those who allocate through NumPy."""
    for problem in choice.problems("memory", GATES):
        recipes = {name: recipe(name, problem) for name in ("by hand", *GRAPHGEN)}
        yield Memory(problem.cell, problem.shape, problem.dtype, recipes, partial(predicted_peak, problem))


def predicted_peak(problem: Problem) -> int:
    """The bytes that the highest level is said to take at most, by the report of what is kept."""
    done = compile_file(find_spec(FORMS[problem.cell]["rows"].spec), GRAPHGEN[HIGHEST])
    room = Room.of(done)
    sizes = sizes_of(done.cell, problem.shape) | {"T": problem.shape.steps}
    return room.peak.evaluate(sizes) * np.dtype(problem.dtype).itemsize + OBJECTS if room else 0


def compilations(rounds: int) -> Iterator[Job]:
    """The command with one spec and with all of them, and the compiler with generated specs."""
    names = list(shipped_specs())
    for subject, built in (("graphgen build lstm", ["lstm"]), (f"graphgen build, {len(names)} shipped specs", names)):
        yield Compiling(subject, partial(build_seconds, built), GRAPHGEN, min(rounds, FEW))
    for count, times in EQUATIONS.items():
        for with_state in (False, True):
            text = generated_spec(count, with_state)
            subject = f"{count:,} equations, {'with a state' if with_state else 'no state'}"
            yield Compiling(subject, partial(compile_seconds, text), GRAPHGEN, min(rounds, times))


def recipe(name: str, problem: Problem) -> Recipe:
    """How a contender prepares a problem."""
    contender = CONTENDERS[name]
    return Recipe(contender.file, (problem, *contender.arguments))


def timing(
    case: str, problem: Problem, recipes: dict[str, Recipe], rounds: int, absent: tuple[str, ...] = ()
) -> Timing:
    """The contenders of a problem, whose gradients are compared with those of the plainest module in float64."""
    plainest = Recipe("modules", (problem.exactly(), 0))
    return Timing(case, problem.cell, problem.shape, problem.dtype, recipes, rounds, absent, plainest)
