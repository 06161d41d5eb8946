"""The equations of a cell, one after the other, as one graph.

The leaves are named "parameters.W_g", "inputs.x" and "state.a"; the results "outputs.a" and "state.a".
"""

from __future__ import annotations

from graphgen.contract import PREVIOUS
from graphgen.elaborate.expression import Elaborator, Value
from graphgen.elaborate.functions import elaborate_function
from graphgen.errors import SpecError
from graphgen.ir.graph import Graph, Note
from graphgen.ir.node import Node, variable
from graphgen.ir.shape import Dim, show
from graphgen.ops.function import Function
from graphgen.spec.model import Cell, Equation, Variable


def elaborate(cell: Cell) -> Graph:
    """The forward graph of one step, or a SpecError at the first thing that does not fit."""
    _check_used(cell)
    inputs = _leaves(cell)
    names: dict[str, Value] = {name: Dim.of(name) for name in cell.dims}
    names |= {name.split(".")[1] + PREVIOUS * name.startswith("state."): node for name, node in inputs.items()}
    names |= cell.constants
    functions: dict[str, Function] = {}
    for function in cell.functions:
        functions[function.name] = elaborate_function(function, functions, cell.constants)

    later = {equation.target: equation for equation in reversed(cell.equations)}
    notes = {node: Note(name=_printed(name)) for name, node in inputs.items()}
    for number, equation in enumerate(cell.equations):
        if equation.target in names:
            raise SpecError(f"'{equation.target}' is assigned twice", equation.place, "give the second another name")
        elaborator = Elaborator(equation.expression, names, functions, later, notes, number)
        names[equation.target] = elaborator.result(equation.target)
        del later[equation.target]

    outputs = {f"outputs.{name}": _result(names[name], _assignment(cell, name)) for name, _ in cell.outputs}
    for state in cell.states:
        outputs[f"state.{state.name}"] = _state(state, names, cell)
    return Graph(inputs, outputs, notes)


def _leaves(cell: Cell) -> dict[str, Node]:
    groups = {"parameters": cell.parameters, "inputs": cell.inputs, "state": cell.states}
    keys = {f"{group}.{v.name}": v for group, variables in groups.items() for v in variables}
    return {key: variable(key, v.shape, v.dtype) for key, v in keys.items()}


def _printed(key: str) -> str:
    group, name = key.split(".")
    return name + PREVIOUS if group == "state" else name


def _assignment(cell: Cell, name: str) -> Equation:
    return next(equation for equation in cell.equations if equation.target == name)


def _result(value: Value, equation: Equation) -> Node:
    """What an equation computes, if it is an array of numbers."""
    if not isinstance(value, Node) or value.weak:
        raise equation.expression.fail("this is a number, not computed from any array", cure="it is no output")
    return value


def _state(state: Variable, names: dict[str, Value], cell: Cell) -> Node:
    if state.name not in names:
        raise state.part.fail(f"no equation assigns the state '{state.name}'", f"as in `- {state.name} = …`")
    equation = _assignment(cell, state.name)
    node = _result(names[state.name], equation)
    if node.dtype != "float":
        raise equation.expression.fail("a state is made of floats, not of integers or comparisons")
    if node.shape != state.shape:
        raise SpecError(
            f"the state '{state.name}' is declared {show(state.shape)}, this is {show(node.shape)}",
            equation.expression.position(),
            "a state keeps its shape from step to step",
        )
    return node


def _check_used(cell: Cell) -> None:
    """Every name is read somewhere: one that is not is a slip of the pen."""
    expressions = [equation.expression for equation in cell.equations]
    bodies = [function.body for function in cell.functions]
    read = {name for expression in expressions for name in expression.names}
    called = {name for expression in (*expressions, *bodies) for name in expression.calls}
    variables = (*cell.parameters, *cell.inputs, *cell.states)
    uses = {
        "parameter": read,
        "input": read,
        "equation": read | {name for name, _ in cell.outputs} | {state.name for state in cell.states},
        "function": called,
        "dim": read | {symbol for variable in variables for dim in variable.shape for symbol in dim.symbols},
        "constant": read | {name for body in bodies for name in body.names},
    }
    given = [("parameter", v.name, v.part.position) for v in cell.parameters]
    given += [("input", v.name, v.part.position) for v in cell.inputs]
    given += [("equation", equation.target, equation.place) for equation in cell.equations]
    given += [("function", function.name, function.part.position) for function in cell.functions]
    given += [(kind, name, part.position) for kind, name, part in cell.declared]
    for kind, name, place in given:
        if name not in uses[kind]:
            what = f"'{name}'" if kind == "equation" else f"the {kind} '{name}'"
            verb = {"function": "called", "dim": "used", "constant": "used"}.get(kind, "read")
            cure = "list it under outputs" if kind == "equation" else "use it"
            raise SpecError(f"{what} is never {verb}", place, f"{cure} or take it out")
