"""Elementwise functions that a spec defines; their partial derivatives are functions of the same kind."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, build, leaf, make, variable
from graphgen.ir.op import OPS, Op, Type, declare
from graphgen.ir.shape import broadcast
from graphgen.ops import formula


@dataclass(frozen=True)
class Function:
    """A named elementwise function: its arguments and its body as a formula over operations of the registry."""

    name: str
    arguments: tuple[str, ...]
    body: str
    partial_of: str = ""  # for a derivative: "swish by beta"

    def partial(self, argument: str) -> Function:
        """The derivative by one argument, as SymPy derives it: a function of the arguments that it still reads."""
        from graphgen.ops.symbolic import differentiate

        body = differentiate(self.body, self.arguments, argument)
        read = {tree.id for tree in ast.walk(formula.parse(body)) if isinstance(tree, ast.Name)}
        arguments = tuple(name for name in self.arguments if name in read)
        return Function(f"{self.name}_d{argument}", arguments, body, f"{self.name} by {argument}")


@declare
class Apply(Op):
    """A function of the spec's own.  Junction rule: each argument gets dz times the partial derivative by it."""

    name, spelling, junction = "apply", "{function.name}({operands})", "function"
    elementwise, public = True, False

    def infer(self, *operands: Node, function: Function) -> Type:
        return Type(broadcast(*(x.shape for x in operands)))

    def inner(self, **attrs: Any) -> Graph:
        return body_graph(attrs["function"])

    def vjp(self, dz: Node, y: Node, *inputs: Node, function: Function) -> Sequence[Node | None]:
        partials = [function.partial(argument) for argument in function.arguments]
        values = dict(zip(function.arguments, inputs))
        return [None if p.body == "0" else dz * _value(p, [values[name] for name in p.arguments]) for p in partials]


def _value(partial: Function, operands: Sequence[Node]) -> Node:
    """A derivative's value: a call, or a number where the function is linear."""
    return applied(make.apply(*operands, function=partial)) if operands else body_graph(partial).outputs["result"]


def applied(call: Node) -> Node:
    """A call, or the argument that it would return: NumPy's result would share its memory."""
    function = call.attrs["function"]
    result = body_graph(function).outputs["result"]
    if result.op is not OPS["input"]:
        return call
    operand = call.inputs[function.arguments.index(result.attrs["name"])]
    return operand if operand.shape == call.shape else make.broadcast_to(operand, shape=call.shape)


@lru_cache(maxsize=1024)
def body_graph(function: Function) -> Graph:
    """The function's body over one number for each argument; elementwise, so it holds for arrays too."""
    leaves = {name: variable(name, ()) for name in function.arguments}
    value = formula.evaluate(formula.parse(function.body), leaves, lambda f, args, kw: build(f, *args, **kw))
    return Graph(dict(leaves), {"result": leaf(value)})
