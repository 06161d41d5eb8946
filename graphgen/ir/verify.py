"""Is a graph well formed?  Run before the first pass and after every one."""

from __future__ import annotations

from graphgen.errors import DefectError
from graphgen.ir.graph import Graph
from graphgen.ir.op import OPS, Type


class MalformedGraphError(DefectError):
    """A graph that breaks the rules of the IR."""


def verify(graph: Graph) -> None:
    """Raise MalformedGraphError unless leaves are declared, types are as inferred, and loops are well formed too."""
    leaves = set(graph.inputs.values())
    for key, leaf in graph.inputs.items():
        if leaf.op is not OPS["input"]:
            raise MalformedGraphError(f"the leaf {key} is a {leaf.op.name}")
    for node in graph.order():
        if node.op is OPS["input"] and node not in leaves:
            raise MalformedGraphError(f"{node} is read and not declared")
        inferred = node.op.infer(*node.inputs, **node.op.normalise(node.inputs, dict(node.attrs)))
        results = (inferred,) if isinstance(inferred, Type) else inferred
        if results != node.results:
            raise MalformedGraphError(f"{node} is {node.results}, inferred {results}")
        if len(node.results) > 1 and node.op is not OPS["scan"]:
            raise MalformedGraphError(f"{node} has several results")
        if any(operand.op is OPS["scan"] for operand in node.inputs) and node.op is not OPS["item"]:
            raise MalformedGraphError(f"{node} reads a scan whole")
        if node.op is OPS["scan"]:
            verify(node.attrs["body"])
