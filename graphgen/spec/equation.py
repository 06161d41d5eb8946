"""Expressions: Python's own parser, and a whitelist of the nodes it may return.  Nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
import re
import warnings

from graphgen.errors import Fault, SpecError
from graphgen.faults import limits
from graphgen.spec.model import Equation, Expression
from graphgen.spec.source import Part

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)
COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)
CURES: dict[type[ast.AST], str] = {
    ast.IfExp: "write where(condition, a, b)",
    ast.BoolOp: "compare one thing at a time, inside where",
    ast.Lambda: "define it under functions:",
    ast.ListComp: "write one equation per element, or use slices",
    ast.Dict: "equations hold arrays and numbers",
    ast.JoinedStr: "equations hold arrays and numbers",
    ast.NamedExpr: "give it an equation of its own",
}
BRACKETS = {"(": ")", "[": "]", "{": "}"}
_EQUATION = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


def parse_equation(part: Part) -> Equation:
    """`target = expression`, or a SpecError at the character that is wrong."""
    text = part.text("an equation such as `h = tanh(W @ x + b)`")
    match = _EQUATION.match(text)
    if not match:
        raise part.fail("equation-form", "expected an equation, `name = expression`")
    return Equation(match[1], parse_expression(part, match.end()), part, match.start(1))


def parse_expression(part: Part, offset: int = 0) -> Expression:
    """The expression in a scalar's value from `offset` on."""
    text = part.text("an expression")[offset:]
    if len(text) > limits.CHARACTERS:
        raise part.fail("equation-length", f"this is longer than {limits.CHARACTERS:,} characters")
    if not text.strip():
        raise _fault(part, "no-expression", "expected an expression", offset)
    odd = re.search(r"[^\x20-\x7e\n]", text)
    if odd:
        raise _fault(part, "character", f"the character {odd[0]!r} has no place here", offset + odd.start())
    _check_brackets(part, text, offset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError as error:
        at = _offset(text, error.lineno or 1, (error.offset or 1) - 1)
        message, _, advice = str(error.msg).partition(". ")
        missing = ": perhaps an operator is missing" if "comma" in advice else ""
        raise _fault(part, "syntax", f"cannot read this: {message}{missing}", offset + at) from None
    except (RecursionError, MemoryError, ValueError):
        raise _too_deep(part) from None
    if _depth(tree) > limits.DEPTH:
        raise _too_deep(part)
    expression = Expression(tree, text, part, offset)
    _check(expression, tree)
    return expression


def _fault(part: Part, code: str, message: str, offset: int) -> SpecError:
    return SpecError(Fault(code, message, part.within(offset)))


def _too_deep(part: Part) -> SpecError:
    return part.fail("nesting", "this expression is nested too deeply")


def _depth(tree: ast.expr) -> int:
    """How deep a syntax tree is."""
    deepest, stack = 0, [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        stack += [(child, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return deepest


def _check_brackets(part: Part, text: str, offset: int) -> None:
    """Every bracket has its other half; Python's parser would blame the one that we put around the text."""
    opened: list[tuple[str, int]] = []
    quote = ""
    for at, character in enumerate(text):
        if quote or character in "'\"":
            quote = "" if quote == character else quote or character
        elif character in BRACKETS:
            opened.append((character, at))
            if len(opened) > limits.DEPTH:
                raise _fault(part, "nesting", "brackets are nested too deeply", offset + at)
        elif character in BRACKETS.values():
            if not opened:
                raise _fault(part, "bracket", f"unmatched '{character}'", offset + at)
            if BRACKETS[opened[-1][0]] != character:
                told = f"closing parenthesis '{character}' does not match '{opened[-1][0]}'"
                raise _fault(part, "bracket", told, offset + at)
            opened.pop()
    if opened:
        character, at = opened[-1]
        raise _fault(part, "bracket", f"'{character}' was never closed", offset + at)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    at = sum(len(one) + 1 for one in lines[: line - 1]) + column - (1 if line == 1 else 0)
    return max(0, min(at, len(text.rstrip()) or 1))


def _check(expression: Expression, node: ast.expr) -> None:
    """Refuse every kind of node that the language does not have."""
    for child in ast.walk(node):
        if isinstance(child, ast.expr):
            if isinstance(child, ast.Constant) and _is_too_large(child.value):
                kind = "whole" if isinstance(child.value, int) else "finite"
                raise expression.fail("number-size", f"this is too large for a {kind} number", child)
            message = _objection(child)
            if message:
                raise expression.fail("not-in-language", message, child, CURES.get(type(child), ""))


def _is_too_large(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) > limits.WHOLE
    return isinstance(value, float) and not math.isfinite(value)


def _objection(node: ast.expr) -> str:
    """What is wrong with one node, or nothing."""
    match node:
        case ast.Constant(value=value):
            subscripts = isinstance(value, str) and re.fullmatch(r"[A-Za-z,\-> ]*", value)
            known = isinstance(value, int | float) or value in (None, ...)
            return "" if known or subscripts else f"{value!r} is no number"
        case ast.BinOp(op=op):
            return "" if isinstance(op, OPERATORS) else f"there is no operator {_symbol(op)}"
        case ast.UnaryOp(op=op):
            return "" if isinstance(op, ast.USub) else "the only sign is a minus"
        case ast.Compare(ops=ops):
            if len(ops) > 1:
                return "compare two things at a time"
            return "" if isinstance(ops[0], COMPARISONS) else "only >, >=, <, <=, == and != compare"
        case ast.Call(func=func, args=args, keywords=keywords):
            if not isinstance(func, ast.Name):
                return "only a function's name can be called"
            starred = any(isinstance(a, ast.Starred) for a in args) or any(k.arg is None for k in keywords)
            return "arguments cannot be starred" if starred else ""
        case ast.Attribute(attr=attr):
            return f"the only attribute is .T, not .{attr}" if attr.startswith("_") else ""
        case ast.Name() | ast.Subscript() | ast.Slice() | ast.Tuple() | ast.List():
            return ""
    return f"{type(node).__name__} is not part of the language"


def _symbol(op: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))[2:-2]
