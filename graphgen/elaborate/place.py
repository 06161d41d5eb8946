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
from graphgen.errors import Fault, Faults, Position, SpecError
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
    """A spec at its place.  `path` leads there by the names of uses, as "encoder."; `home` to its parameters.

    `faults` collects what is wrong with its equations; `unknown` are names that are missing only because of that.
    """

    def __init__(
        self, cell: Cell, model: Model, faults: Faults, path: str = "", home: str = "", use: Use | None = None
    ) -> None:
        self.cell, self.model, self.path, self.home, self.use = cell, model, path, home, use
        self.faults, self.unknown = faults, set(cell.unknown)
        self.name = path.removesuffix(".")
        self.functions: dict[str, Function] = {}
        for function in cell.functions:
            with faults.collected():
                self.functions[function.name] = elaborate_function(
                    function, self.functions, cell.constants, self.unknown
                )
            if function.name not in self.functions:
                self.unknown.add(function.name)
        if use:
            self.functions = {name: model.function(f, cell) for name, f in self.functions.items()}
        self.uses: dict[str, Place] = {}
        for used in cell.uses:
            with faults.collected():
                self.uses[used.name] = self._used(used)
            if used.name not in self.uses:
                self.unknown.add(used.name)

    def _used(self, use: Use) -> Place:
        """A used spec at its place; what is wrong with it by itself is told there, and where it is used."""
        if use.shares and use.shares not in self.uses:
            raise SpecError
        home = self.uses[use.shares].home if use.shares else f"{self.home}{use.name}."
        faults = Faults(use.cell.faults)
        try:
            place = Place(use.cell, self.model, faults, f"{self.path}{use.name}.", home, use)
            if not faults.found:
                check_used(use.cell, faults)
            faults.check()
        except SpecError as error:
            raise error.also("used here", use.part.position) from None
        return place

    def run(self, given: Mapping[str, Value], sizes: Mapping[str, Dim], notes: dict[Node, Note]) -> dict[str, Value]:
        """Every equation, one after the other: what each name stands for."""
        cell = self.cell
        later = {equation.target: equation for equation in reversed(cell.equations)}
        names = {**sizes, **given, **cell.constants}
        scope = Scope(names, self.functions, self.uses, later, self.unknown, notes)
        for equation in cell.equations:
            with self.faults.collected():
                if equation.target in names:
                    raise SpecError(Fault("assigned-twice", f"'{equation.target}' is assigned twice", equation.place))
                name = self.model.printed(self.path + equation.target) if self.path else equation.target
                elaborator = Elaborator(equation.expression, scope, self.model.numbers[equation])
                names[equation.target] = elaborator.result(name)
            later.pop(equation.target, None)
            if equation.target not in names:
                self.unknown.add(equation.target)
        return names

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
        self.faults.found.clear()
        try:
            values = self.run(names, sizes, notes)
            self.faults.check()
            outputs = {name: result(name, values, self.cell) for name, _ in self.cell.outputs}
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
            places = (("called there", where), ("declared", parameter.part.position))
            raise SpecError(Fault("shared-shape", message, called, cure, places))
        node = variable(key, shape)
        self.model.parameters.setdefault(key, node)
        if node not in self.model.names:
            self.model.names[node] = self.model.printed(self.home + parameter.name)
        return node

    def state(self, state: Variable, values: Mapping[str, Value], sizes: Mapping[str, Dim]) -> Node:
        """The new value of a state, of the shape that it is declared to have."""
        equation = _assignment(self.cell, state.name)
        if equation is None and state.name not in self.unknown:
            message = f"no equation assigns the state '{state.name}'"
            raise state.part.fail("state-unassigned", message, f"as in `- {state.name} = …`")
        node = result(state.name, values, self.cell)
        assert equation is not None
        if node.dtype != "float":
            raise equation.expression.fail("state-dtype", "a state is made of floats, not of integers or comparisons")
        if node.shape != tuple(dim.put(sizes) for dim in state.shape):
            told = f"the state '{state.name}' is declared {show(state.shape)}, this is {show(node.shape)}"
            raise equation.expression.fail("state-shape", told)
        return node


def result(name: str, values: Mapping[str, Value], cell: Cell) -> Node:
    """What the equation of a name computes, if it is an array of numbers."""
    equation = _assignment(cell, name)
    if equation is None or name not in values:
        raise SpecError
    value = values[name]
    if isinstance(value, Record):
        cure = "choose one: name.output"
        raise equation.expression.fail("record", f"this is all that {value.of} returns", cure=cure)
    if not isinstance(value, Node) or value.weak:
        raise equation.expression.fail("result", "this is a number, not computed from any array")
    return value


def _assignment(cell: Cell, name: str) -> Equation | None:
    return next((equation for equation in cell.equations if equation.target == name), None)
