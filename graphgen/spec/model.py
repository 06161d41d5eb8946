"""A spec once read: what it declares, and its equations as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from graphgen.errors import Fault, Position, ShapeError, SpecError
from graphgen.ir.shape import Dim, Shape
from graphgen.spec.source import Part, Source

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Expression:
    """A syntax tree of whitelisted nodes, and the scalar it was read from."""

    tree: ast.expr
    text: str
    part: Part
    offset: int  # where in the scalar's value the text begins

    def position(self, node: ast.expr | ast.keyword | None = None) -> Position:
        """Where a node of the tree stands in the file."""
        node = node or self.tree
        begin, end = (
            self._index(node.lineno, node.col_offset),
            self._index(node.end_lineno, node.end_col_offset),
        )
        if isinstance(node, ast.Tuple) and begin == 0:  # it takes in the brackets that the parser saw
            begin, end = len(self.text) - len(self.text.lstrip()), len(self.text.rstrip())
        return self.part.within(self.offset + begin, max(1, end - begin))

    @property
    def calls(self) -> set[str]:
        """The functions it calls."""
        calls = (node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return {func.id for func in calls if isinstance(func, ast.Name)}

    @property
    def names(self) -> set[str]:
        """The names it reads, called functions aside."""
        called = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        return {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and id(n) not in called}

    def _index(self, line: int | None, column: int | None) -> int:
        """The offset in the text; the parser saw it behind one opening bracket."""
        lines = self.text.split("\n")
        before = sum(len(text) + 1 for text in lines[: (line or 1) - 1])
        return max(0, before + (column or 0) - (1 if line == 1 else 0))

    def fail(self, code: str, message: str, node: ast.expr | ast.keyword | None = None, cure: str = "") -> SpecError:
        """The error to raise about a node of the tree."""
        return SpecError(Fault(code, message, self.position(node), cure))

    def computed(self, compute: Callable[[], T], node: ast.expr | None = None) -> T:
        """What is computed for a node of the tree; shapes that do not fit are a fault there."""
        try:
            return compute()
        except ShapeError as error:
            raise self.fail(error.code, error.message, node, error.cure) from None


@dataclass(frozen=True)
class Init:
    """How `init_parameters` fills a parameter: a kind, and a number for `constant` and `normal`."""

    kind: str
    value: float = 0.0


@dataclass(frozen=True, eq=False)
class Variable:
    """A parameter, an input or a state."""

    name: str
    shape: Shape
    part: Part
    init: Init | None = None
    dtype: str = "float"


@dataclass(frozen=True, eq=False)
class FunctionSpec:
    """An elementwise function that the spec defines."""

    name: str
    arguments: tuple[str, ...]
    body: Expression
    part: Part


@dataclass(frozen=True, eq=False)
class Equation:
    """`target = expression`."""

    target: str
    expression: Expression
    part: Part
    start: int = 0  # where in the scalar's value the target begins

    @property
    def place(self) -> Position:
        """Where the target stands."""
        return self.part.within(self.start, len(self.target))

    @property
    def text(self) -> str:
        """The equation on one line."""
        return " ".join(f"{self.target} = {self.expression.text}".split())


@dataclass(frozen=True, eq=False)
class Use:
    """A spec that another one uses, under a name of its own."""

    name: str
    cell: Cell
    part: Part
    dims: dict[str, Dim]  # sizes of the used spec, in dims of the using one
    shares: str = ""  # the use whose parameters these are
    stack: Dim | None = None  # how many sets of parameters it has, along a leading axis

    @property
    def told(self) -> str:
        """The spec's name, and what else is said of it."""
        said = [f"{name} = {dim}" for name, dim in self.dims.items()]
        said += [f"parameters of {self.shares}"] if self.shares else []
        said += [f"a stack of {self.stack}"] if self.stack is not None else []
        return ", ".join([self.cell.name, *said])


@dataclass(frozen=True, eq=False)
class Cell:
    """One spec."""

    name: str
    source_file: Source
    part: Part
    doc: str = ""
    source: str = ""
    dims: dict[str, str] = field(default_factory=dict)
    parameters: tuple[Variable, ...] = ()
    inputs: tuple[Variable, ...] = ()
    states: tuple[Variable, ...] = ()
    uses: tuple[Use, ...] = ()
    constants: dict[str, float] = field(default_factory=dict)
    functions: tuple[FunctionSpec, ...] = ()
    equations: tuple[Equation, ...] = ()
    outputs: tuple[tuple[str, Part], ...] = ()
    average_over: Dim | None = None
    backward: bool = True  # whether the module has a backward pass
    declared: tuple[tuple[str, str, Part], ...] = ()  # each dim and constant: its kind, name and place
    faults: tuple[Fault, ...] = ()  # of a draft
    unknown: frozenset[str] = frozenset()  # names that a draft could not make out

    @property
    def names(self) -> set[str]:
        """Every name that the spec gives."""
        variables = {variable.name for variable in (*self.parameters, *self.inputs, *self.states)}
        functions = {function.name for function in self.functions}
        assigned = {equation.target for equation in self.equations}
        return {*self.dims, *self.constants, *assigned, *variables, *functions, *(use.name for use in self.uses)}

    @property
    def written_out(self) -> Iterator[tuple[str, Equation]]:
        """Its equations and then those of every spec it uses, each with the path of uses: "encoder." or ""."""
        yield from (("", equation) for equation in self.equations)
        for use in self.uses:
            yield from ((f"{use.name}.{path}", equation) for path, equation in use.cell.written_out)

    @property
    def learned(self) -> Iterator[tuple[str, Variable]]:
        """Its parameters and then those of every spec it uses, each with its path: "W", "encoder.W_g"."""
        yield from ((parameter.name, parameter) for parameter in self.parameters)
        for use in self.uses:
            if not use.shares:
                yield from ((f"{use.name}.{path}", parameter) for path, parameter in use.cell.learned)

    @property
    def sources(self) -> Iterator[Source]:
        """Its file and those of every spec it uses."""
        yield self.source_file
        for use in self.uses:
            yield from use.cell.sources
