"""Random specs that are right by construction: every expression is asked for by its shape, and made of others.

Ranges are known too, so that no logarithm meets a negative number and no state grows from step to step; where a
function has a kink its operand gets an array of its own added, so that nothing but chance puts a value on the kink.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from graphgen.ir.shape import ONE, Dim, Shape, shape_of, show
from tests.fuzz.expressions import DIMS, FORMULAS, LARGEST_SIZE, PRODUCTIONS, K, M, N
from tests.fuzz.values import LEAF, Value, added, bounded, fit

SHAPES = tuple(
    map(shape_of, ((N, M), (3 * N, M), (M, N), (N, 1), (N,), (M,), (), (2, N, M), (1, M), (K, N + K), (2 * N, K)))
)
TARGETS = (
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
)  # emitted code's own too
STEPS = 3
LONGEST = 80  # of a piece of text that is written again


@dataclass(frozen=True)
class Program:
    """A spec, and how many steps its sequence has."""

    text: str
    steps: int

    def __repr__(self) -> str:
        return f"\n# {self.steps} steps\n{self.text}"


@st.composite
def programs(draw: Any) -> Program:
    """A random program."""
    return Program(Writer(draw).spec(), draw(st.integers(1, STEPS)))


class Writer:
    """One spec on its way: what is declared, what may be read, and how much may still be written."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.left = draw(st.integers(1, 10))  # expressions that may be made of others
        self.names: list[Value] = []
        self.written: list[Value] = []
        self.declared: dict[str, dict[str, str]] = {"parameters": {}, "inputs": {}, "states": {}}
        self.functions: set[str] = set()

    def spec(self) -> str:
        """The text of the spec."""
        targets = self.draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4, unique=True))
        states = {target: self.shape() for target in targets[: self.draw(st.integers(0, min(2, len(targets))))]}
        for state, shape in states.items():
            self.declare("states", state, show(shape))
            self.names.append(Value(f"{state}_prev", shape))
        equations = {}
        for target in self.draw(st.permutations(targets)):
            value = self.expression(states[target] if target in states else self.shape())
            value = fit(value, LEAF) if target in states else value
            equations[target] = value.text
            self.names.append(Value(target, value.shape, value.bounds))
        return self.text(equations, states)

    def text(self, equations: dict[str, str], states: dict[str, Shape]) -> str:
        """The spec put together; what no equation reads is an output."""
        read = set(re.findall(r"(?<![.\w])\w+", " ".join(equations.values())))
        unread = [target for target in equations if target not in read and target not in states]
        more = self.draw(st.lists(st.sampled_from(list(equations)), max_size=2)) if unread else list(equations)
        lines = ["cell: program"]
        used = [dim for dim in map(str, DIMS) if dim in read | set(re.findall(r"\w+", str(self.declared)))]
        lines += [f"dims: {{{', '.join(f'{dim}: a size' for dim in used)}}}"] if used else []
        for key, variables in self.declared.items():
            lines += [f"{key}:", *(f"  {name}: {shape}" for name, shape in variables.items())] if variables else []
        if self.functions:
            lines += ["functions:", *(f'  "{call}": {FORMULAS[call]}' for call in sorted(self.functions))]
        lines += ["equations:", *(f"  - {target} = {text}" for target, text in equations.items())]
        lines += [f"outputs: [{', '.join(dict.fromkeys(unread + more))}]"]
        lines += [f"average_over: {self.draw(st.sampled_from(used))}"] if used and self.draw(st.booleans()) else []
        return "\n".join(lines) + "\n"

    # What expressions are made of

    def expression(self, shape: Shape) -> Value:
        """An expression of a shape."""
        for _ in range(3):
            if self.left <= 0:
                break
            self.left -= 1
            value = self.draw(st.sampled_from(PRODUCTIONS))(self, shape)
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
        value = Value(self.declare(group, f"{letter}{len(self.declared[group])}", show(shape)), shape)
        self.names.append(value)
        return value

    def integers(self, shape: Shape) -> str:
        """A new array of the integers 0 and 1."""
        return self.declare("inputs", f"i{len(self.declared['inputs'])}", f"{{shape: {show(shape)}, dtype: int}}")

    def declare(self, group: str, name: str, what: str) -> str:
        """Enter a variable; its name."""
        self.declared[group][name] = what
        return name

    def apart(self, value: Value) -> Value:
        """The value with an array of its own added, so that it equals nothing else."""
        other = self.fresh(value.shape)
        return Value(f"({value.text} + {other.text})", value.shape, added(value.bounds, other.bounds))

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
