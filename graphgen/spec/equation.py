"""Expressions: Python's own parser, and a whitelist of the nodes it may return.  Nothing is ever evaluated."""

from __future__ import annotations

import ast
import re
import warnings

from graphgen.errors import SpecError
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
DEEPEST = 64
LARGEST = 2**53  # of whole numbers: beyond it floats have gaps
_EQUATION = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")


def parse_equation(part: Part) -> Equation:
    """`target = expression`, or a SpecError at the character that is wrong."""
    text = part.text("an equation such as `h = tanh(W @ x + b)`")
    match = _EQUATION.match(text)
    if not match:
        raise part.fail("expected an equation, `name = expression`", "as in `h = tanh(W @ x + b)`")
    return Equation(match[1], parse_expression(part, match.end()), part, match.start(1))


def parse_expression(part: Part, offset: int = 0) -> Expression:
    """The expression in a scalar's value from `offset` on."""
    text = part.text("an expression")[offset:]
    if not text.strip():
        raise SpecError("expected an expression", part.within(offset), "as in `h = tanh(W @ x + b)`")
    odd = re.search(r"[^\x20-\x7e\n]", text)
    if odd:
        raise SpecError(f"the character {odd[0]!r} has no place here", part.within(offset + odd.start()))
    _check_brackets(part, text, offset)
    number = re.search(r"\d{400,}", text)
    if number:
        width = number.end() - number.start()
        raise SpecError("a number of so many digits is too large", part.within(offset + number.start(), width))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError as error:
        at = _offset(text, error.lineno or 1, (error.offset or 1) - 1)
        message, _, advice = str(error.msg).partition(". ")
        missing = ": perhaps an operator is missing" if "comma" in advice else ""
        raise SpecError(f"cannot read this: {message}{missing}", part.within(offset + at)) from None
    except (RecursionError, MemoryError, ValueError):
        raise _too_deep(part) from None
    if _depth(tree) > DEEPEST:
        raise _too_deep(part)
    expression = Expression(tree, text, part, offset)
    _check(expression, tree)
    return expression


def _too_deep(part: Part) -> SpecError:
    return part.fail("this expression is nested too deeply", "split it into several equations")


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
        elif character in BRACKETS.values():
            if not opened:
                raise SpecError(f"unmatched '{character}'", part.within(offset + at))
            if BRACKETS[opened[-1][0]] != character:
                told = f"closing parenthesis '{character}' does not match '{opened[-1][0]}'"
                raise SpecError(told, part.within(offset + at))
            opened.pop()
    if opened:
        character, at = opened[-1]
        raise SpecError(f"'{character}' was never closed", part.within(offset + at))


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    at = sum(len(one) + 1 for one in lines[: line - 1]) + column - (1 if line == 1 else 0)
    return max(0, min(at, len(text.rstrip()) or 1))


def _check(expression: Expression, node: ast.expr) -> None:
    """Refuse every kind of node that the language does not have."""
    for child in ast.walk(node):
        if isinstance(child, ast.expr):
            message = _objection(child)
            if message:
                raise expression.fail(message, child, CURES.get(type(child), ""))


def _objection(node: ast.expr) -> str:
    """What is wrong with one node, or nothing."""
    match node:
        case ast.Constant(value=value):
            if isinstance(value, int | float) and not abs(value) <= (LARGEST if isinstance(value, int) else 1e308):
                return f"this is too large for a {'whole' if isinstance(value, int) else 'finite'} number"
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
