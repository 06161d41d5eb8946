"""Calls of the specs that a model uses: their equations are written out where they are called."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphgen.elaborate.sizes import find_sizes
from graphgen.errors import did_you_mean
from graphgen.ir.node import Node, leaf, make
from graphgen.ir.shape import Dim
from graphgen.spec.model import Variable

if TYPE_CHECKING:
    from graphgen.elaborate.expression import Elaborator, Value
    from graphgen.elaborate.place import Place


@dataclass(frozen=True, eq=False)
class Record:
    """What a used spec returns, by name."""

    of: str
    fields: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class Argument:
    """An array for an input or a state of a used spec, and where it was given."""

    variable: Variable
    node: Node
    tree: ast.expr


def call_use(at: Elaborator, tree: ast.Call, place: Place) -> Value:
    """A spec without states as a function; a cell as one step, which needs its state."""
    name, cell = place.name, place.cell
    if place.use and place.use.stack is not None:
        message = f"{name} is a stack of {place.use.stack}: it runs one after the other"
        raise at.fail("use-stack", message, tree, f"scan({name}, …)")
    if tree.args:
        raise at.fail("use-positional", "the inputs of a spec are given by name", tree.args[0], usage(place))
    given = arguments(at, tree, place)
    missing = [state.name for state in cell.states if state.name not in given]
    if missing:
        message = f"one step of {name} needs its state: {' and '.join(missing)}"
        raise at.fail("use-state", message, tree, usage(place))
    sizes = find_sizes(at, tree, place, [(a.variable, a.node.shape, a.tree) for a in given.values()])
    results = place.step(at, tree, {key: argument.node for key, argument in given.items()}, sizes, at.notes)
    return returned(place, results)


def returned(place: Place, results: Mapping[str, Node], more: Mapping[str, Value] | None = None) -> Value:
    """What a call returns: the one output of a spec without states itself, else a record."""
    if len(results) == 1 and not place.cell.states:
        return next(iter(results.values()))
    return Record(place.name, {**results, **(more or {})})


def arguments(at: Elaborator, tree: ast.Call, place: Place, options: tuple[str, ...] = ()) -> dict[str, Argument]:
    """The inputs and states that a call gives, by name; `options` are keywords that the caller reads itself."""
    expected = {variable.name: variable for variable in (*place.cell.inputs, *place.cell.states)}
    given: dict[str, Argument] = {}
    for keyword in tree.keywords:
        name = str(keyword.arg)
        if name in options:
            continue
        if name == "state" and place.cell.states:
            found = _states(at, keyword.value, place)
        elif name in expected:
            value = at.operand(keyword.value)
            found = {name: Argument(expected[name], _array(at, value, expected[name], keyword.value), keyword.value)}
        else:
            near = did_you_mean(name, expected)
            raise at.fail("unknown-input", f"{place.name} has no input '{name}'", keyword, near or usage(place))
        for twice in set(found) & set(given):
            raise at.fail("repeated-argument", f"'{twice}' is given twice", keyword)
        given |= found
    missing = [variable.name for variable in place.cell.inputs if variable.name not in given]
    if missing:
        raise at.fail("missing-input", f"{place.name} needs {' and '.join(missing)}", tree, usage(place))
    return given


def _states(at: Elaborator, tree: ast.expr, place: Place) -> dict[str, Argument]:
    """The states out of a record that has them all."""
    record = at.value(tree)
    if not isinstance(record, Record):
        cure = "as in state=encoded.final; or give each by name"
        raise at.fail("use-state", "state takes what a cell returns", tree, cure)
    found = {}
    for state in place.cell.states:
        if state.name not in record.fields:
            message = f"{record.of} returns no '{state.name}', which is a state of {place.name}"
            raise at.fail("unknown-result", message, tree)
        value = at.as_operand(record.fields[state.name], tree)
        found[state.name] = Argument(state, _array(at, value, state, tree), tree)
    return found


def _array(at: Elaborator, value: Node | Dim | float, variable: Variable, tree: ast.expr) -> Node:
    """A value for a variable, of its kind of number."""
    node = leaf(value)
    if node.weak and variable.shape:
        raise at.fail("not-an-array", f"'{variable.name}' is an array, and this is a number", tree)
    if node.dtype == variable.dtype:
        return node
    if variable.dtype != "float":
        place = ("declared here", variable.part.position)
        message = f"'{variable.name}' is made of {variable.dtype}, and this of {node.dtype}"
        raise at.fail("integers", message, tree).also(*place)
    node = make.as_float(node)
    at.note(node)
    return node


def usage(place: Place) -> str:
    """How a used spec is called."""
    inputs = [f"{variable.name}=…" for variable in place.cell.inputs]
    return f"as in {place.name}({', '.join([*inputs, *(['state=…'] if place.cell.states else [])])})"
