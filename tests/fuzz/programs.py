"""Random specs that are right by construction: every expression is asked for by its shape, and made of others.

Ranges are known too, so that no logarithm meets a negative number and no state grows from step to step; where a
function has a kink its operand gets an array of its own added, so that nothing but chance puts a value on the kink.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from graphgen.ir.shape import ONE, Dim, Shape, show
from graphgen.spec.model import Cell
from graphgen.spec.reader import read_text
from tests.fuzz.elements import FORMULAS
from tests.fuzz.expressions import PRODUCTIONS, Production, operation
from tests.fuzz.models import Call, Use, used
from tests.fuzz.sizes import DIMS, LARGEST_SIZE, SHAPES
from tests.fuzz.values import LEAF, Value, added, bounded, fit

TARGETS = [
    "y",
    "t",
    "T",
    "dy",
    "work",
    "a",
    "da",
    "y_1",
    "step",
    "dx",
    "y_steps",
    "a_final",
]  # emitted code's own too
STEPS = 3
LONGEST = 80  # of a piece of text that is written again
MOST = 10  # expressions that are made of others
MOST_USED = 4  # of them in a spec that another one uses


@dataclass(frozen=True)
class Program:
    """A spec, how many steps its sequence has, and the specs that it uses, by file."""

    text: str
    steps: int
    used: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        used = [f"\n# {file}\n{text}" for file, text in self.used.items()]
        return "".join([f"\n# {self.steps} steps\n{self.text}", *used])

    def cell(self) -> Cell:
        """The spec as it is read."""
        with TemporaryDirectory() as folder:
            for file, text in self.used.items():
                Path(folder, file).write_text(text, "utf-8")
            return read_text(self.text, str(Path(folder, "program.yaml")))


@st.composite
def programs(draw: Any) -> Program:
    """A random program; every other one uses specs."""
    specs = {f"used_{at}.yaml": Writer(draw, MOST_USED) for at in range(draw(st.sampled_from((0, 0, 1, 2))))}
    texts = {file: writer.spec() for file, writer in specs.items()}
    model = Writer(draw, MOST, specs)
    text, steps = model.spec(), draw(st.integers(1, STEPS))
    return Program(text, steps, {use.file: texts[use.file] for use in model.uses})


class Writer:
    """One spec on its way: what is declared, what may be read, and how much may still be written."""

    def __init__(self, draw: Any, most: int, specs: Mapping[str, Writer] | None = None) -> None:
        self.draw = draw
        self.specs = specs or {}  # that it may use, by file; any other spec may be used itself
        self.is_used = specs is None
        self.left = draw(st.integers(1, most))  # expressions that may be made of others
        self.due = self.beginning()
        self.names: list[Value] = []
        self.written: list[Value] = []
        self.declared: dict[str, dict[str, Shape]] = {"parameters": {}, "inputs": {}, "states": {}}
        self.whole: set[str] = set()  # the inputs of integers
        self.functions: set[str] = set()
        self.uses: list[Use] = []
        self.calls: list[Call] = []
        self.equations: dict[str, str] = {}
        self.outputs: list[Value] = []
        self.dims: list[str] = []

    @property
    def has_parameters(self) -> bool:
        """Whether there is anything to learn."""
        return bool(self.declared["parameters"])

    def beginning(self) -> list[Production]:
        """What a spec begins with, so that every operation comes up, and the specs at hand."""
        due = [operation] * self.draw(st.integers(1, 2)) + [used] * bool(self.specs)
        return list(self.draw(st.permutations(due)))

    def spec(self) -> str:
        """The text of the spec."""
        targets = self.draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4, unique=True))
        states = {target: self.shape() for target in targets[: self.draw(st.integers(0, min(2, len(targets))))]}
        for state, shape in states.items():
            self.declare("states", state, shape)
            self.names.append(Value(f"{state}_prev", shape))
        values = {}
        for target in self.draw(st.permutations(targets)):
            value = self.expression(states[target] if target in states else self.shape())
            value = fit(value, LEAF) if target in states else value
            self.equations[target] = value.text
            values[target] = Value(target, value.shape, value.bounds)
            self.names.append(values[target])
        return self.text(values)

    def text(self, values: dict[str, Value]) -> str:
        """The spec put together; what no equation reads is an output."""
        read = set(re.findall(r"(?<![.\w])\w+\b(?!=)", " ".join(self.equations.values())))
        unread = [target for target in values if target not in read and target not in self.declared["states"]]
        more = self.draw(st.lists(st.sampled_from(list(values)), max_size=2)) if unread else list(values)
        self.outputs = [values[target] for target in dict.fromkeys(unread + more)]
        uses = list(map(str, self.uses))
        shapes = " ".join(show(shape) for group in self.declared.values() for shape in group.values())
        self.dims = [
            dim for dim in map(str, DIMS) if dim in read | set(re.findall(r"\w+", " ".join([shapes, *uses])))
        ]
        lines = ["cell: program"]
        lines += [f"dims: {{{', '.join(f'{dim}: a size' for dim in self.dims)}}}"] if self.dims else []
        lines += ["uses:", *(f"  {use}" for use in uses)] if uses else []
        for group, shapes in self.declared.items():
            lines += [f"{group}:", *(f"  {name}: {self.told(name)}" for name in shapes)] if shapes else []
        if self.functions:
            lines += ["functions:", *(f'  "{call}": {FORMULAS[call]}' for call in sorted(self.functions))]
        lines += ["equations:", *(f"  - {target} = {text}" for target, text in self.equations.items())]
        lines += [f"outputs: [{', '.join(output.text for output in self.outputs)}]"]
        if self.dims and not self.is_used and self.draw(st.booleans()):
            lines += [f"average_over: {self.draw(st.sampled_from(self.dims))}"]
        return "\n".join(lines) + "\n"

    def told(self, name: str) -> str:
        """What is declared of a variable."""
        (shape,) = (show(group[name]) for group in self.declared.values() if name in group)
        return f"{{shape: {shape}, dtype: int}}" if name in self.whole else shape

    # What expressions are made of

    def expression(self, shape: Shape) -> Value:
        """An expression of a shape."""
        for _ in range(3):
            if not self.due and self.left <= 0:
                break
            self.left -= 1
            production = self.due.pop() if self.due else self.draw(st.sampled_from(PRODUCTIONS))
            value = production(self, shape)
            if value is not None:
                value = bounded(value)
                self.written.append(value)
                return value
        return self.leaf(shape)

    def leaf(self, shape: Shape) -> Value:
        """A name of a shape, or a new array."""
        known = [value for value in self.names if value.shape == shape]
        at = self.draw(st.integers(0, len(known)))
        return known[at] if at < len(known) else self.fresh(shape)

    def again(self, shape: Shape) -> Value | None:
        """An expression that stands somewhere already."""
        known = [value for value in self.written if value.shape == shape and len(value.text) <= LONGEST]
        return self.draw(st.sampled_from(known)) if known else None

    def fresh(self, shape: Shape) -> Value:
        """A new array of numbers that nothing else depends on."""
        group, letter = self.draw(st.sampled_from((("parameters", "W"), ("inputs", "x"))))
        value = Value(self.declare(group, f"{letter}{len(self.declared[group])}", shape), shape)
        self.names.append(value)
        return value

    def integers(self, shape: Shape) -> str:
        """A new array of the integers 0 and 1."""
        name = self.declare("inputs", f"i{len(self.declared['inputs'])}", shape)
        self.whole.add(name)
        return name

    def declare(self, group: str, name: str, shape: Shape) -> str:
        """Enter a variable; its name."""
        self.declared[group][name] = shape
        return name

    def apart(self, value: Value) -> Value:
        """The value with an array of its own added, so that it equals nothing else."""
        other = self.fresh(value.shape)
        return Value(f"({value.text} + {other.text})", value.shape, added(value.bounds, other.bounds))

    def weighed(self, value: Value, shape: Shape) -> Value:
        """An expression of the shape, to which all of the value is added as one number."""
        weights, x = self.fresh(value.shape), self.expression(shape)
        text = f"({x.text} + tanh(mean({weights.text} * ({value.text}))))"
        return Value(text, shape, added(x.bounds, (-1, 1)))

    def shape(self) -> Shape:
        """A shape for an equation."""
        return self.draw(st.sampled_from(SHAPES))

    def narrower(self, shape: Shape) -> Shape:
        """A shape that broadcasts to another."""
        lead = self.draw(st.integers(0, len(shape)))
        return tuple(ONE if self.draw(st.integers(0, 3)) == 3 else dim for dim in shape[lead:])

    def dim(self, among: Sequence[Dim] = DIMS) -> Dim:
        """A dim to add up over, or the like."""
        return self.draw(st.sampled_from(among))

    def axis(self, at: int, rank: int) -> int:
        """An axis as a spec may give it, from the start or from the end."""
        return at - rank if self.draw(st.booleans()) else at

    def largest(self, dim: Dim) -> int:
        """The largest size that a dim has in a trial."""
        return dim.evaluate(dict.fromkeys(map(str, DIMS), LARGEST_SIZE))
