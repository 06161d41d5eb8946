"""SymPy's part: derivatives of the functions that a spec defines.  Imported only where one is needed."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sympy

from graphgen.ir.op import OPS
from graphgen.ops import formula
from graphgen.ops.composite import FormulaComposite
from graphgen.ops.declare import Elementwise
from graphgen.ops.formula import OPERATIONS


@lru_cache(maxsize=1024)
def differentiate(body: str, arguments: tuple[str, ...], argument: str) -> str:
    """The partial derivative of a formula by one of its arguments, as a formula over the same operations.

    Operations stay calls (`sigmoid(x)`, not its exponentials), so their stable spellings stay too.
    """
    symbols = {name: sympy.Symbol(name, real=True) for name in arguments}
    expression = sympy.sympify(formula.evaluate(formula.parse(body), symbols, call))
    partial = sympy.factor_terms(sympy.diff(expression, symbols[argument]))
    exact = {number: sympy.Symbol(repr(float(number))) for number in partial.atoms(sympy.Float)}
    return str(partial.xreplace(exact))  # SymPy itself prints 15 digits of a float


def call(name: str, operands: list[Any], attrs: dict[str, Any]) -> Any:
    """An operation applied to SymPy expressions, where it stays a call; a composite is written out."""
    if name in ARITHMETIC and not (name == "power" and sympy.sympify(operands[1]).free_symbols):
        return ARITHMETIC[name](*operands)
    op = OPS[name]
    if isinstance(op, FormulaComposite):
        names = {"x": operands[0], **op.defaults, **attrs}
        return formula.evaluate(formula.parse(op.text), names, call)
    return opaque(name, tuple(sorted(attrs.items())))(*operands)


ARITHMETIC = {OPERATIONS[op]: apply for op, apply in formula.BINARY.items()} | {"negative": operator.neg}


@lru_cache(maxsize=1024)
def opaque(name: str, attrs: tuple[tuple[str, float], ...]) -> Any:
    """The SymPy function that stands for an operation; it knows its derivative from the junction rule."""

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return derivative(name, dict(attrs), self.args, self, argindex - 1)

    def text(self: Any, printer: Any) -> str:
        arguments = [printer._print(arg) for arg in self.args] + [f"{k}={v!r}" for k, v in attrs]
        return f"{name}({', '.join(arguments)})"

    return type(name, (sympy.Function,), {"fdiff": fdiff, "_sympystr": text})


def derivative(name: str, attrs: dict[str, float], operands: Sequence[Any], y: Any, place: int) -> Any:
    """The junction rule of an operation with dz = 1, over SymPy expressions."""
    if name == "where":
        return (sympy.S.Zero, opaque("where", ())(operands[0], 1, 0), opaque("where", ())(operands[0], 0, 1))[place]
    op = OPS[name]
    if name == "power":  # as the operation's own rule, which is finite where the base is 0
        a, b = operands
        if place == 0:
            return b * opaque("power", ())(a, call("where", [call("equal", [b, 0], {}), 1, b - 1], {}))
        return y * call("log", [call("where", [call("greater", [a, 0], {}), a, 1], {})], {})
    if name == "clip":
        x, low, high = operands
        return sympy.diff(call("minimum", [call("maximum", [x, low], {}), high], {}), operands[place])
    assert isinstance(op, Elementwise)
    if not op.rules[place]:
        return sympy.S.Zero
    names = {**dict(zip(op.operands, operands)), **op.defaults, **attrs, "y": y, "dz": sympy.S.One}
    return formula.evaluate(formula.parse(op.rules[place]), names, call)
