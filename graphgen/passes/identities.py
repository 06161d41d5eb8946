"""Arithmetic that needs no doing: a table of identities, and numbers that are known already.

In the table a letter is any value and a number is itself; a rule applies only where the shape stays the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, build, leaf, make, variable
from graphgen.ir.op import OPS, Op
from graphgen.ir.step import Step
from graphgen.ops import formula, helpers
from graphgen.passes.rewrite import Rule, rewrite

IDENTITIES = """
x + 0 -> x
0 + x -> x
x - 0 -> x
0 - x -> -x
x * 1 -> x
1 * x -> x
x / 1 -> x
x ** 1 -> x
x + zeros() -> x
zeros() + x -> x
x - zeros() -> x
-(-x) -> x
x + (-y) -> x - y
x - (-y) -> x + y
(-x) + y -> y - x
x * (-1) -> -x
(-1) * x -> -x
x / (-1) -> -x
where(p, x, x) -> x
"""
LETTERS = {"x": variable("x", ()), "y": variable("y", ()), "p": variable("p", (), "bool")}


def apply_identities(step: Step) -> Step:
    """The pass."""
    return rewrite(step, _rules())


def fold(node: Node) -> Node | None:
    """A number, where all operands are numbers."""
    if not (node.op.elementwise and node.weak and node.inputs):
        return None
    if node.dtype != "float" or not all(i.op is OPS["const"] for i in node.inputs):
        return None
    with np.errstate(all="ignore"):
        value = float(evaluate(Graph({}, {"value": node}), {}, vars(helpers))["value"])
    return leaf(value) if abs(value) < float("inf") else None


@lru_cache(maxsize=1)
def _rules() -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = {"": [fold]}
    for line in IDENTITIES.strip().splitlines():
        identity = Identity(line)
        rules.setdefault(identity.op, []).append(identity)
    return rules


class Identity:
    """`pattern -> replacement`."""

    def __init__(self, line: str) -> None:
        pattern, replacement = map(formula.parse, map(str.strip, line.split("->")))
        self.pattern, self.replacement = formula.evaluate(pattern, LETTERS, _build), replacement
        self.op: str = self.pattern.op.name
        self.first: tuple[int, Op] | None = None  # an operand that is no letter, to look at before all else
        for place, part in enumerate(self.pattern.inputs):
            if part.op is not OPS["input"]:
                self.first = place, part.op

    def __call__(self, node: Node) -> Node | None:
        """The replacement, if the node has the pattern's form and keeps its shape."""
        if self.first and node.inputs[self.first[0]].op is not self.first[1]:
            return None
        found: dict[str, Node] = {}
        if not _matches(self.pattern, node, found):
            return None
        result = leaf(formula.evaluate(self.replacement, found, _build))
        return result if result.shape == node.shape else None


def _build(name: str, operands: list[Node], attrs: dict[str, Any]) -> Node:
    return make.zeros(shape=()) if name == "zeros" else build(name, *operands, **attrs)


def _matches(pattern: Node, node: Node, found: dict[str, Node]) -> bool:
    """Whether a node has the pattern's form, whatever its shape; what the letters stand for is entered in `found`."""
    if pattern.op is OPS["input"]:
        return found.setdefault(pattern.attrs["name"], node) is node
    if pattern.op is not node.op or (pattern.op is OPS["const"] and pattern.attrs != node.attrs):
        return False
    return all(_matches(part, operand, found) for part, operand in zip(pattern.inputs, node.inputs))
