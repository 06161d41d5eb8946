"""The equations of a cell, one after the other, as one graph.

The leaves are named "parameters.W_g", "inputs.x" and "state.a"; the results "outputs.a" and "state.a".
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from graphgen.contract import PREVIOUS
from graphgen.elaborate.expression import Elaborator, Value
from graphgen.elaborate.functions import elaborate_function
from graphgen.errors import Fault, Faults, SpecError
from graphgen.ir.graph import Graph, Note
from graphgen.ir.node import Node, variable
from graphgen.ir.shape import Dim, show
from graphgen.ops.function import Function
from graphgen.spec.model import Cell, Equation, Variable


def elaborate(cell: Cell) -> Graph:
    """The forward graph of one step, or a SpecError with everything that does not fit."""
    faults = Faults(cell.faults)
    unknown = set(cell.unknown)
    inputs = _leaves(cell)
    names: dict[str, Value] = {name: Dim.of(name) for name in cell.dims}
    names |= {name.split(".")[1] + PREVIOUS * name.startswith("state."): node for name, node in inputs.items()}
    names |= cell.constants
    functions: dict[str, Function] = {}
    for function in cell.functions:
        with faults.collected():
            functions[function.name] = elaborate_function(function, functions, cell.constants, unknown)
        if function.name not in functions:
            unknown.add(function.name)

    later = {equation.target: equation for equation in reversed(cell.equations)}
    notes = {node: Note(name=_printed(name)) for name, node in inputs.items()}
    for number, equation in enumerate(cell.equations):
        with faults.collected():
            _check_new(equation, names)
            elaborator = Elaborator(equation.expression, names, functions, later, unknown, notes, number)
            names[equation.target] = elaborator.result(equation.target)
        later.pop(equation.target, None)
        if equation.target not in names:
            unknown.add(equation.target)

    outputs: dict[str, Node] = {}
    for name, _ in cell.outputs:
        with faults.collected():
            outputs[f"outputs.{name}"] = _result(name, names, cell)
    for state in cell.states:
        with faults.collected():
            outputs[f"state.{state.name}"] = _state(state, names, cell, unknown)
    if not faults.found:  # for a fault may be why a name is not read
        _check_used(cell, faults)
    faults.check()
    return Graph(inputs, outputs, notes)


def _check_new(equation: Equation, names: Mapping[str, Value]) -> None:
    if equation.target in names:
        raise SpecError(Fault("assigned-twice", f"'{equation.target}' is assigned twice", equation.place))


def _leaves(cell: Cell) -> dict[str, Node]:
    groups = {"parameters": cell.parameters, "inputs": cell.inputs, "state": cell.states}
    keys = {f"{group}.{v.name}": v for group, variables in groups.items() for v in variables}
    return {key: variable(key, v.shape, v.dtype) for key, v in keys.items()}


def _printed(key: str) -> str:
    group, name = key.split(".")
    return name + PREVIOUS if group == "state" else name


def _assignment(cell: Cell, name: str) -> Equation | None:
    return next((equation for equation in cell.equations if equation.target == name), None)


def _result(name: str, names: Mapping[str, Value], cell: Cell) -> Node:
    """What the equation of a name computes, if it is an array of numbers."""
    equation = _assignment(cell, name)
    if equation is None or name not in names:
        raise SpecError
    value = names[name]
    if not isinstance(value, Node) or value.weak:
        raise equation.expression.fail("result", "this is a number, not computed from any array")
    return value


def _state(state: Variable, names: Mapping[str, Value], cell: Cell, unknown: Container[str]) -> Node:
    equation = _assignment(cell, state.name)
    if equation is None and state.name not in unknown:
        message = f"no equation assigns the state '{state.name}'"
        raise state.part.fail("state-unassigned", message, f"as in `- {state.name} = …`")
    node = _result(state.name, names, cell)
    assert equation is not None
    if node.dtype != "float":
        raise equation.expression.fail("state-dtype", "a state is made of floats, not of integers or comparisons")
    if node.shape != state.shape:
        told = f"the state '{state.name}' is declared {show(state.shape)}, this is {show(node.shape)}"
        raise equation.expression.fail("state-shape", told)
    return node


def _check_used(cell: Cell, faults: Faults) -> None:
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
            faults.found.append(Fault("unused", f"{what} is never {verb}", place, f"{cure} or take it out"))
