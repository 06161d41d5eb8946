"""Arithmetic on numbers that are known when the spec is read."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from graphgen.errors import SpecError
from graphgen.ops.formula import BINARY


def compute(op: type[ast.operator], a: Any, b: Any, exact: bool, fail: Callable[[str], SpecError]) -> Any:
    """The result of an operator on numbers or dims; in floats unless `exact`, so that no power grows without end."""
    try:
        value = BINARY[op](a, b) if exact else BINARY[op](float(a), float(b))
    except (ArithmeticError, ValueError) as error:
        raise fail(f"this number cannot be computed: {error.args[-1]}") from None
    if isinstance(value, complex):
        raise fail("this number is complex")
    if isinstance(value, float) and not math.isfinite(value):
        raise fail("this is no finite number")
    return value
