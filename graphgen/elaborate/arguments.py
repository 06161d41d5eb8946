"""Arguments of a call: which are operands, which attributes, and of what kind."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from graphgen.errors import SpecError, did_you_mean
from graphgen.ir.op import Op
from graphgen.ir.shape import Dim

Fail = Callable[..., SpecError]


def bind(op: Op, call: ast.Call, fail: Fail) -> tuple[list[ast.expr], dict[str, ast.expr]]:
    """The operands and attributes of a call, matched to the operation's signature."""
    count = len(call.args) if op.variadic else len(op.operands)
    operands, positional = list(call.args[:count]), call.args[count:]
    if len(positional) > len(op.attributes):
        raise fail(f"too many arguments: {usage(op)}", call)
    attributes = dict(zip(op.attributes, positional))
    named = {}
    for keyword in call.keywords:
        name = str(keyword.arg)
        if name in attributes or name in op.operands[: len(operands)] or name in named:
            raise fail(f"'{name}' is given twice", keyword)
        if name in op.operands and not op.variadic:
            named[name] = keyword.value
        elif name in op.attributes:
            attributes[name] = keyword.value
        else:
            raise fail(f"{op.name} has no argument '{name}': {usage(op)}", keyword, did_you_mean(name, op.attributes))
    if not op.variadic:
        missing = [name for name in op.operands[len(operands) :] if name not in named]
        if missing:
            raise fail(f"{op.name} needs {' and '.join(missing)}: {usage(op)}", call)
        operands += [named[name] for name in op.operands[len(operands) :]]
    if not operands and op.operands:
        raise fail(f"{op.name} needs arrays: {usage(op)}", call)
    needed = [name for name in op.attributes if name not in op.defaults and name not in attributes]
    if needed:
        raise fail(f"{op.name} needs {' and '.join(needed)}: {usage(op)}", call)
    return operands, attributes


def usage(op: Op) -> str:
    """How an operation is called: `sum(x, axis=None, keepdims=False)`."""
    operands = [f"*{o}" for o in op.operands] if op.variadic else list(op.operands)
    attributes = [f"{a}={op.defaults[a]}" if a in op.defaults else a for a in op.attributes]
    return f"{op.name}({', '.join(operands + attributes)})"


def attribute(name: str, value: Any, tree: ast.expr, fail: Fail) -> Any:
    """An attribute's value, if it is of the attribute's kind."""
    several = value if isinstance(value, tuple) else (value,)
    match name:
        case "axis":
            if value is None or all(type(v) is int for v in several):
                return value
            raise fail("an axis is a whole number, or several in brackets", tree, "as in axis=0 or axis=(0, -1)")
        case "axes":
            if isinstance(value, tuple) and all(type(v) is int for v in several):
                return value
            raise fail("axes are whole numbers in brackets", tree, "as in axes=(1, 0)")
        case "keepdims":
            if isinstance(value, bool):
                return value
            raise fail("keepdims is True or False", tree)
        case "shape":
            if all(isinstance(v, Dim) or type(v) is int for v in several):
                return value
            raise fail("a shape is made of dims", tree, "as in (n_a, 1)")
    if type(value) in (int, float):
        return float(value)
    raise fail(f"'{name}' is a number that is known when the spec is read", tree)
