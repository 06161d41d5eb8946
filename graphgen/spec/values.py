"""Values that a declaration holds: prose, numbers, kinds of initial values, dtypes, dims."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

from graphgen.ir.shape import Dim
from graphgen.spec.equation import parse_expression
from graphgen.spec.model import Expression, Init
from graphgen.spec.source import Part

# In prose: what ends a line, and what reorders the text around it
_ODD = re.compile(r"[^\x20-\U0010ffff\n]|[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
INITS = ("zeros", "ones", "constant", "normal", "glorot", "orthogonal")


def prose(part: Part) -> str:
    """A text, on one line."""
    text = part.text("text")
    odd = _ODD.search(text)
    if odd:
        raise part.fail("control-character", f"the character {odd[0]!r} has no place in text")
    return " ".join(text.split())


def number(part: Part) -> float:
    """A finite number."""
    text = part.text("a number")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise part.fail("number-form", f"'{text}' is no finite number")
    return value


def dtype(part: Part) -> str:
    """float, int or bool."""
    text = part.text("a dtype")
    if text not in ("float", "int", "bool"):
        raise part.fail("dtype", f"there is no dtype '{text}'")
    return text


def init(part: Part) -> Init:
    """How a parameter is filled: a kind, or a kind with its value."""
    if part.is_scalar:
        kind = part.text("an init")
        if kind not in INITS or kind == "constant":
            raise part.fail("init", f"there is no init '{kind}' without a value")
        return Init(kind, 0.01 if kind == "normal" else 0.0)
    if not part.is_mapping:
        raise part.fail("init", "expected an init")
    pairs = part.items("an init")
    if len(pairs) != 1 or pairs[0][0].text("an init") not in ("constant", "normal"):
        raise part.fail("init", "only constant and normal take a value")
    return Init(pairs[0][0].text("an init"), number(pairs[0][1]))


def size(part: Part, dim: Callable[[Expression, ast.Name], Dim]) -> Dim:
    """One size of a shape; `dim` knows the names."""
    expression = parse_expression(part)
    value = expression.computed(lambda: _polynomial(expression, expression.tree, dim))
    if not value.at_least(0):
        raise part.fail("negative-size", f"the size {value} may be negative")
    return value


def _polynomial(expression: Expression, node: ast.expr, dim: Callable[[Expression, ast.Name], Dim]) -> Dim:
    """The value of whole numbers and declared dims under +, - and *."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Dim.of(value)
        case ast.Name():
            return dim(expression, node)
        case ast.UnaryOp(operand=operand):
            return -_polynomial(expression, operand, dim)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            a, b = _polynomial(expression, left, dim), _polynomial(expression, right, dim)
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
    raise expression.fail("dim-form", "a dim is made of whole numbers and dims with + - *", node)
