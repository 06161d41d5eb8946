"""Short formulas in NumPy's notation, evaluated over anything that has Python's operators: nodes, SymPy, floats."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Call = Callable[[str, list[Any], dict[str, Any]], Any]  # function name, operands, attributes -> value

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
}
OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.MatMult: "matmul",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """The syntax tree of a formula of graphgen's own (a user's text goes through `spec.equation`)."""
    return ast.parse(text, mode="eval").body


def evaluate(tree: ast.expr, names: Mapping[str, Any], call: Call) -> Any:
    """The formula's value, where the names stand for the given values and `call` applies functions."""
    match tree:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return -evaluate(x, names, call)
        case ast.BinOp(left=a, op=op, right=b):
            return BINARY[type(op)](evaluate(a, names, call), evaluate(b, names, call))
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return call(COMPARE[type(op)], [evaluate(a, names, call), evaluate(b, names, call)], {})
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            attrs = {str(k.arg): evaluate(k.value, names, call) for k in keywords}
            return call(name, [evaluate(arg, names, call) for arg in args], attrs)
    raise TypeError(f"no formula: {ast.unparse(tree)}")
