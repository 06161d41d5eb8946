"""Arithmetic that needs no doing: a table of identities, and numbers that are known already.

In the table a letter is any value and a number is itself; a rule applies only where the shape stays the same.
"""

from __future__ import annotations

import ast
from functools import lru_cache

import numpy as np

from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, build, leaf
from graphgen.ir.op import OPS
from graphgen.ir.step import Step
from graphgen.ops import formula, helpers
from graphgen.ops.formula import COMPARE, OPERATIONS
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


def _operation(pattern: ast.expr) -> str:
    match pattern:
        case ast.UnaryOp():
            return "negative"
        case ast.BinOp(op=op):
            return OPERATIONS[type(op)]
        case ast.Call(func=ast.Name(id=name)):
            return name
    raise TypeError(f"no pattern: {ast.unparse(pattern)}")


class Identity:
    """`pattern -> replacement`."""

    def __init__(self, line: str) -> None:
        pattern, replacement = line.split("->")
        self.pattern, self.replacement = _parse(pattern.strip()), _parse(replacement.strip())
        self.op = _operation(self.pattern)

    def __call__(self, node: Node) -> Node | None:
        """The replacement, if the node has the pattern's form and keeps its shape."""
        found: dict[str, Node] = {}
        if not _matches(self.pattern, node, found):
            return None
        value = formula.evaluate(self.replacement, found, lambda name, args, attrs: build(name, *args, **attrs))
        result = leaf(value)
        return result if result.shape == node.shape else None


@lru_cache(maxsize=256)
def _parse(text: str) -> ast.expr:
    return formula.parse(text)


def _matches(pattern: ast.expr, node: Node, found: dict[str, Node]) -> bool:
    """Whether a node has the pattern's form; what the letters stand for is entered in `found`."""
    match pattern:
        case ast.Name(id=letter):
            return found.setdefault(letter, node) is node
        case ast.Constant(value=value):
            return node.op is OPS["const"] and node.attrs["value"] == value
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return node.op is OPS["const"] and node.attrs["value"] == -value  # type: ignore[operator]
        case ast.UnaryOp(operand=operand):
            name, operands = "negative", [operand]
        case ast.BinOp(left=left, op=op, right=right):
            name, operands = OPERATIONS[type(op)], [left, right]
        case ast.Compare(left=left, ops=[relation], comparators=[right]):
            name, operands = COMPARE[type(relation)], [left, right]
        case ast.Call(func=ast.Name(id=name), args=operands):
            pass
        case _:
            raise TypeError(f"no pattern: {ast.unparse(pattern)}")
    return (
        node.op is OPS[name]
        and len(operands) == len(node.inputs)
        and all(_matches(part, operand, found) for part, operand in zip(operands, node.inputs))
    )
