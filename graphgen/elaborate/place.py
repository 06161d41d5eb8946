"""A spec at its place: the model itself, or one that it uses, whose equations are written out in its graph."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from graphgen.contract import HELPER_NAMES, MODULE_NAMES, PREVIOUS
from graphgen.elaborate.expression import Elaborator, Scope, Value
from graphgen.elaborate.functions import elaborate_function
from graphgen.elaborate.unused import check_used
from graphgen.elaborate.uses import Record
from graphgen.errors import Position, SpecError
from graphgen.ir.graph import Note
from graphgen.ir.node import Node, fresh, variable
from graphgen.ir.shape import Dim, Shape, show
from graphgen.ops.function import Function
from graphgen.spec.model import Cell, Equation, Use, Variable


class Model:
    """What the specs of one model have in common: numbers of equations, names, and the leaves of parameters."""

    def __init__(self, cell: Cell) -> None:
        self.numbers = {equation: number for number, (_, equation) in enumerate(cell.written_out)}
        self.taken = {*cell.names, *MODULE_NAMES, *HELPER_NAMES, *(state.name + PREVIOUS for state in cell.states)}
        self.parameters: dict[str, Node] = {}  # by key, as "parameters.encoder.W_g"
        self.names: dict[Node, str] = {}  # what is printed for the leaves of parameters
        self.shapes: dict[str, tuple[Shape, Position]] = {}  # of one set, and where it was called first
        self.functions: dict[Function, Function] = {}

    def printed(self, name: str) -> str:
        """A name for something of a used spec that the model leaves free."""
        name = fresh(name.replace(".", "_"), self.taken)
        self.taken.add(name)
        return name

    def stack(self, leaf: Node, number: Dim) -> Node:
        """The leaf of a whole stack of parameters, for the leaf of one."""
        key = str(leaf.attrs["name"])
        stacked = self.parameters[key] = variable(key, (number, *leaf.shape))
        if stacked not in self.names:
            self.names[stacked] = self.printed(f"{self.names[leaf]}_stack")
        return stacked

    def function(self, function: Function, cell: Cell) -> Function:
        """A used spec's function under a name that is free, with those of its derivatives."""
        if function not in self.functions:
            derived = [f"_d{argument}" for argument in function.arguments]
            name = f"{cell.name}_{function.name}"
            while any(f"{name}{end}" in self.taken for end in ("", *derived)):
                name += "_"
            self.taken |= {name, *(f"{name}{end}" for end in derived)}
            self.functions[function] = replace(function, name=name)
        return self.functions[function]


class Place:
    """A spec at its place.  `path` leads there by the names of uses, as "encoder."; `home` to its parameters."""

    def __init__(self, cell: Cell, model: Model, path: str = "", home: str = "", use: Use | None = None) -> None:
        check_used(cell)
        self.cell, self.model, self.path, self.home, self.use = cell, model, path, home, use
        self.name = path.removesuffix(".")
        self.functions: dict[str, Function] = {}
        for function in cell.functions:
            self.functions[function.name] = elaborate_function(function, self.functions, cell.constants)
        if use:
            self.functions = {name: model.function(f, cell) for name, f in self.functions.items()}
        self.uses: dict[str, Place] = {}
        for used in cell.uses:
            shared = self.uses[used.shares].home if used.shares else f"{home}{used.name}."
            self.uses[used.name] = Place(used.cell, model, f"{path}{used.name}.", shared, used)

    def run(self, given: Mapping[str, Value], sizes: Mapping[str, Dim], notes: dict[Node, Note]) -> dict[str, Value]:
        """Every equation, one after the other: what each name stands for."""
        cell = self.cell
        later = {equation.target: equation for equation in reversed(cell.equations)}
        scope = Scope({**sizes, **given, **cell.constants}, self.functions, self.uses, later, notes)
        for equation in cell.equations:
            if equation.target in scope.names:
                raise SpecError(
                    f"'{equation.target}' is assigned twice", equation.place, "give the second another name"
                )
            name = self.model.printed(self.path + equation.target) if self.path else equation.target
            elaborator = Elaborator(equation.expression, scope, self.model.numbers[equation])
            scope.names[equation.target] = elaborator.result(name)
            del later[equation.target]
        return scope.names

    def step(
        self,
        at: Elaborator,
        tree: ast.Call,
        given: Mapping[str, Node],
        sizes: Mapping[str, Dim],
        notes: dict[Node, Note],
    ) -> dict[str, Node]:
        """The outputs and new states of a used spec, for its inputs and states by name."""
        called = at.expression.position(tree)
        states = {state.name for state in self.cell.states}
        names: dict[str, Value] = {name + PREVIOUS if name in states else name: node for name, node in given.items()}
        names |= {p.name: self.parameter(p, sizes, called) for p in self.cell.parameters}
        try:
            values = self.run(names, sizes, notes)
            outputs = {name: array(values[name], assignment(self.cell, name)) for name, _ in self.cell.outputs}
            return outputs | {state.name: self.state(state, values, sizes) for state in self.cell.states}
        except SpecError as error:
            raise error.also("called here", called) from None

    def parameter(self, parameter: Variable, sizes: Mapping[str, Dim], called: Position) -> Node:
        """The leaf of a parameter; all calls that share it agree on its shape."""
        key = f"parameters.{self.home}{parameter.name}"
        shape = tuple(dim.put(sizes) for dim in parameter.shape)
        first, where = self.model.shapes.setdefault(key, (shape, called))
        if first != shape:
            message = f"{self.home}{parameter.name} would be {show(shape)} here, and is {show(first)} elsewhere"
            cure = "parameters are shared by all calls of a name: use the spec under another name"
            raise SpecError(message, called, cure, ("called there", where), ("declared", parameter.part.position))
        node = variable(key, shape)
        self.model.parameters.setdefault(key, node)
        if node not in self.model.names:
            self.model.names[node] = self.model.printed(self.home + parameter.name)
        return node

    def state(self, state: Variable, values: Mapping[str, Value], sizes: Mapping[str, Dim]) -> Node:
        """The new value of a state, of the shape that it is declared to have."""
        if state.name not in values:
            raise state.part.fail(f"no equation assigns the state '{state.name}'", f"as in `- {state.name} = …`")
        equation = assignment(self.cell, state.name)
        node = array(values[state.name], equation)
        if node.dtype != "float":
            raise equation.expression.fail("a state is made of floats, not of integers or comparisons")
        if node.shape != tuple(dim.put(sizes) for dim in state.shape):
            raise SpecError(
                f"the state '{state.name}' is declared {show(state.shape)}, this is {show(node.shape)}",
                equation.expression.position(),
                "a state keeps its shape from step to step",
            )
        return node


def assignment(cell: Cell, name: str) -> Equation:
    """The equation that assigns a name."""
    return next(equation for equation in cell.equations if equation.target == name)


def array(value: Value, equation: Equation) -> Node:
    """What an equation computes, if it is an array of numbers."""
    if isinstance(value, Record):
        raise equation.expression.fail(f"this is all that {value.of} returns", cure="choose one: name.output")
    if not isinstance(value, Node) or value.weak:
        raise equation.expression.fail("this is a number, not computed from any array", cure="it is no output")
    return value
