"""Is a graph well formed?  Run before the first pass and after every one."""

from __future__ import annotations

from collections.abc import Iterable

from graphgen.errors import DefectError
from graphgen.ir.graph import Graph, below
from graphgen.ir.node import Node
from graphgen.ir.op import OPS, Type


class MalformedGraphError(DefectError):
    """A graph that breaks the rules of the IR."""


def verify(*graphs: Graph) -> None:
    """Raise MalformedGraphError unless leaves are declared, types are as inferred, and loops are well formed too.

    A node that was found to be well formed stays so: nodes never change.
    """
    waiting = list(graphs)
    while waiting:
        graph = waiting.pop()
        live = below(graph.outputs.values())
        _check_leaves(graph, live)
        scans = {node for node in live if node.op is OPS["scan"]}
        for node in [node for node in live if not node.well_formed]:
            _check(node, scans)
            node.well_formed = True
            waiting += [node.attrs["body"]] if node in scans else []


def _check_leaves(graph: Graph, live: Iterable[Node]) -> None:
    """The leaves are inputs, and every input that is read is among them."""
    for key, leaf in graph.inputs.items():
        if leaf.op is not OPS["input"]:
            raise MalformedGraphError(f"the leaf {key} is a {leaf.op.name}")
    leaves = set(graph.inputs.values())
    for node in live:
        if node.op is OPS["input"] and node not in leaves:
            raise MalformedGraphError(f"{node} is read and not declared")


def _check(node: Node, scans: set[Node]) -> None:
    """The types of a node are those that its operation infers, and only a loop has several."""
    inferred = node.op.infer(*node.inputs, **node.attrs)
    results = (inferred,) if isinstance(inferred, Type) else inferred
    if results != node.results:
        raise MalformedGraphError(f"{node} is {node.results}, inferred {results}")
    if len(node.results) > 1 and node.op is not OPS["scan"]:
        raise MalformedGraphError(f"{node} has several results")
    if node.op is not OPS["item"] and not scans.isdisjoint(node.inputs):
        raise MalformedGraphError(f"{node} reads a scan whole")
