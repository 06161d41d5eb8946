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
    lead = call.args[: len(op.leading)]  # attributes that come first, as NumPy has them: einsum's subscripts
    given = call.args[len(lead) :]
    count = len(given) if op.variadic else len(op.operands)
    operands, positional = list(given[:count]), [*lead, *given[count:]]
    if len(positional) > len(op.attributes):
        raise fail("many-arguments", f"too many arguments: {usage(op)}", call)
    attributes = dict(zip(op.attributes, positional))
    named = {}
    for keyword in call.keywords:
        name = str(keyword.arg)
        if name in attributes or name in op.operands[: len(operands)] or name in named:
            raise fail("repeated-argument", f"'{name}' is given twice", keyword)
        if name in op.operands and not op.variadic:
            named[name] = keyword.value
        elif name in op.attributes:
            attributes[name] = keyword.value
        else:
            raise fail(
                "unknown-argument",
                f"{op.name} has no argument '{name}': {usage(op)}",
                keyword,
                did_you_mean(name, op.attributes),
            )
    if not op.variadic:
        left = op.operands[len(operands) :]
        missing = [name for name in left if name not in named and name not in op.optional]
        if missing:
            raise fail("missing-argument", f"{op.name} needs {' and '.join(missing)}: {usage(op)}", call)
        operands += [named[name] for name in left if name in named]
    if not operands and op.operands:
        raise fail("missing-argument", f"{op.name} needs arrays: {usage(op)}", call)
    needed = [name for name in op.attributes if name not in op.defaults and name not in attributes]
    if needed:
        raise fail("missing-argument", f"{op.name} needs {' and '.join(needed)}: {usage(op)}", call)
    return operands, attributes


def usage(op: Op) -> str:
    """How an operation is called: `sum(x, axis=None, keepdims=False)`."""
    names = [f"*{o}" if op.variadic else f"{o}=None" if o in op.optional else o for o in op.operands]
    operands = [*op.leading, *names]
    attributes = [f"{a}={op.defaults[a]}" if a in op.defaults else a for a in op.attributes if a not in op.leading]
    return f"{op.name}({', '.join(operands + attributes)})"


def attribute(op: Op, name: str, value: Any, tree: ast.expr, fail: Fail) -> Any:
    """An attribute's value, if it is of the kind that the operation's signature says or the name implies."""
    several = value if isinstance(value, tuple) else (value,)
    whole = bool(several) and all(type(v) is int for v in several)
    if value is None and name in op.defaults and op.defaults[name] is None:
        return None
    if name == "repeats" and whole and min(several) < 1:
        raise fail("argument-kind", "repeats are whole numbers from 1 on", tree)
    if op.signature.parameters[name].annotation in ("int", "OneAxis"):
        if type(value) is int:
            return value
        raise fail("argument-kind", f"'{name}' is one whole number", tree)
    match name:
        case "subscripts":
            if isinstance(value, str):
                return value
            raise fail("argument-kind", "subscripts are text", tree, "as in einsum('ij,jk->ik', a, b)")
        case "axes":
            if whole and isinstance(value, tuple):
                return value
            raise fail("argument-kind", "axes are whole numbers in brackets", tree, "as in axes=(1, 0)")
        case "axis" | "repeats" | "stride" | "padding" | "dilation" | "size":
            if whole:
                return value
            raise fail(
                "argument-kind",
                f"'{name}' is a whole number, or several in brackets",
                tree,
                "as in axis=0 or axis=(0, -1)",
            )
        case "n":
            if isinstance(value, Dim) or type(value) is int:
                return Dim.of(value)
            raise fail("argument-kind", "'n' is a dim", tree, "as in eye(n_h)")
        case "pad_width":
            flat = [v for pair in several for v in (pair if isinstance(pair, tuple) else (pair,))]
            if flat and all(type(v) is int and v >= 0 for v in flat):
                return value
            raise fail(
                "argument-kind", "pad_width is made of whole numbers", tree, "as in 1, (1, 2) or ((0, 1), (2, 0))"
            )
        case "keepdims":
            if isinstance(value, bool):
                return value
            raise fail("argument-kind", "keepdims is True or False", tree)
        case "shape":
            if several and all(isinstance(v, Dim) or type(v) is int for v in several):
                return value
            raise fail("argument-kind", "a shape is made of dims", tree, "as in (n_a, 1)")
    if type(value) in (int, float):
        return float(value)
    raise fail("argument-kind", f"'{name}' is a number that is known when the spec is read", tree)
