"""The equations of a cell, one after the other, as one graph.

The leaves are named "parameters.W_g", "inputs.x" and "state.a", those of a used spec "parameters.encoder.W_g"; the
results "outputs.a" and "state.a".
"""

from __future__ import annotations

from graphgen.contract import PREVIOUS
from graphgen.elaborate.expression import Value
from graphgen.elaborate.place import Model, Place, result
from graphgen.elaborate.unused import check_used
from graphgen.errors import Faults
from graphgen.ir.graph import Graph, Note
from graphgen.ir.node import Node, variable
from graphgen.ir.shape import Dim
from graphgen.spec.model import Cell


def elaborate(cell: Cell) -> Graph:
    """The forward graph of one step, or a SpecError with everything that does not fit."""
    faults = Faults(cell.faults)
    model = Model(cell)
    place = Place(cell, model, faults)
    inputs = _leaves(cell)
    sizes = {name: Dim.of(name) for name in cell.dims}
    printed = {key: _printed(key) for key in inputs}
    given: dict[str, Value] = {printed[key]: node for key, node in inputs.items()}
    own = {node: Note(name=printed[key]) for key, node in inputs.items()}
    notes = dict(own)
    values = place.run(given, sizes, notes)

    outputs: dict[str, Node] = {}
    for name, _ in cell.outputs:
        with faults.collected():
            outputs[f"outputs.{name}"] = result(name, values, cell)
    for state in cell.states:
        with faults.collected():
            outputs[f"state.{state.name}"] = place.state(state, values, sizes)
    if not faults.found:  # for a fault may be why a name is not read
        check_used(cell, faults)
    faults.check()
    used = {f"parameters.{path}": model.parameters.get(f"parameters.{path}") for path, _ in cell.learned}
    parameters = {key: inputs.get(key) or node for key, node in used.items()}
    leaves = {key: node for key, node in (*parameters.items(), *inputs.items()) if node}
    named = {node: Note(name=model.names[node]) for node in model.parameters.values()}
    return Graph(leaves, outputs, {**own, **named, **notes})


def _leaves(cell: Cell) -> dict[str, Node]:
    groups = {"parameters": cell.parameters, "inputs": cell.inputs, "state": cell.states}
    keys = {f"{group}.{v.name}": v for group, variables in groups.items() for v in variables}
    return {key: variable(key, v.shape, v.dtype) for key, v in keys.items()}


def _printed(key: str) -> str:
    group, name = key.split(".")
    return name + PREVIOUS if group == "state" else name
