"""Applying local rules to every node of a step until none applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.step import Step

Rule = Callable[[Node], Node | None]  # a node of the same value, type and shape, or None
Rules = Mapping[str, Sequence[Rule]]  # by the operation of the node that they rewrite; those under "" fit any


def rewrite(step: Step, rules: Rules) -> Step:
    """The step with every rule applied wherever it fits; both graphs change alike, so they go on sharing."""
    of_op = {name: (*rules.get("", ()), *rules.get(name, ())) for name in OPS}
    return step.rebuilt(lambda _, node: simplest(node, of_op))


def simplest(node: Node, rules: Rules) -> Node:
    """The node after the first rule that fits, again and again."""
    while (better := _first(node, rules)) is not None:
        node = better
    return node


def _first(node: Node, rules: Rules) -> Node | None:
    for rule in rules[node.op.name]:
        better = rule(node)
        if better is not None and better is not node:
            return better
    return None
