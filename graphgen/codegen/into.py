"""An expression written into an array that is there already, by the `out` argument of NumPy's functions."""

from __future__ import annotations

import ast
from functools import lru_cache

import numpy as np

from graphgen.codegen.text import LINE, formed, to_fill
from graphgen.ops import helpers

OPERATORS: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.USub: "negative",
}
NEXT = ",\n    "  # between arguments that have lines of their own
OTHERS = ("concatenate",)  # that take `out` beside the universal functions


def into(expression: str, place: str) -> str | None:
    """The statement that computes an expression into a place; None if its function allocates the result itself."""
    form, values = formed(expression)
    call = _call(form)
    if call is None:
        return None
    name, arguments, keyword = call
    operands, last = arguments.format(*values).splitlines(), f"{keyword}{place}"
    code = f"{name}({', '.join([*operands, last])})"
    if len(code) <= LINE - 20:
        return code
    begin = f"{name}({', '.join(operands)},"
    return f"{begin if len(begin) <= LINE - 20 else f'{name}({NEXT.join(operands)},'}{NEXT[1:]}{last})"


def takes_out(expression: str) -> bool:
    """Whether NumPy can write an expression into a place."""
    return _call(expression) is not None


@lru_cache(maxsize=1 << 12)
def _call(form: str) -> tuple[str, str, str] | None:
    """The function that writes into a place, its arguments, one a line and to be filled, and the place's keyword."""
    match ast.parse(form, mode="eval").body:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            return f"np.{OPERATORS[type(op)]}", _lines(left, right), "out="
        case ast.UnaryOp(op, operand) if type(op) in OPERATORS:
            return f"np.{OPERATORS[type(op)]}", _lines(operand), "out="
        case ast.Call(ast.Attribute(ast.Name("np"), name), args, keywords) if _has_out(name):
            return f"np.{name}", _lines(*args, *keywords), "out="
        case ast.Call(ast.Name(name), args, []) if hasattr(helpers, f"{name}_into"):
            return f"{name}_into", _lines(*args), ""
    return None


def _lines(*arguments: ast.AST) -> str:
    return to_fill("\n".join(map(ast.unparse, arguments)))


def _has_out(name: str) -> bool:
    return name in OTHERS or isinstance(getattr(np, name, None), np.ufunc)
