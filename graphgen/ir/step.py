"""A forward graph with its backward graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from graphgen.ir.graph import Change, Graph, rebuild, walk
from graphgen.ir.node import Node


@dataclass(frozen=True, eq=False)
class Step:
    """A forward graph, its backward graph, and the forward values that are kept in between.

    The backward graph is closed: its leaves are those of the forward graph and one cotangent "d_…" for each
    result, and it shares nodes with the forward graph.  It is computed from the residuals on.
    """

    forward: Graph
    backward: Graph
    residuals: tuple[Node, ...] = ()
    loops: tuple[Step, ...] = ()  # the steps of the bodies of its loops, in the order of the sweep
    cotangents: Mapping[str, str] = field(default_factory=dict)  # of each result: the leaf of the backward graph

    @property
    def results(self) -> list[Node]:
        """The results of both graphs."""
        return [*self.forward.outputs.values(), *self.backward.outputs.values()]

    @cached_property
    def order(self) -> list[Node]:
        """Every node of both graphs, operands before users."""
        return walk(self.results)

    def readers(self) -> Counter[Node]:
        """How often each node is read, by others and as a result."""
        return Counter([*self.results, *(operand for node in self.order for operand in node.inputs)])

    def rebuilt(self, change: Change) -> Step:
        """The step with nodes changed as `rebuild` does, in both graphs alike; itself if none is."""
        became = rebuild(self.order, change)
        if all(new is old for old, new in became.items()):
            return self
        return replace(self, forward=self.forward.changed(became), backward=self.backward.changed(became))


def forward_only(graph: Graph) -> Step:
    """A step that computes no gradients."""
    return Step(graph, Graph(graph.inputs, {}))
