"""Arithmetic on numbers that are known when the spec is read."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from graphgen.errors import SpecError
from graphgen.faults import limits
from graphgen.ops.formula import BINARY


def compute(op: type[ast.operator], a: Any, b: Any, exact: bool, fail: Callable[[str, str], SpecError]) -> Any:
    """The result of an operator on numbers or dims; in floats unless `exact`, so that no power grows without end."""
    try:
        value = BINARY[op](a, b) if exact else BINARY[op](float(a), float(b))
    except OverflowError as error:
        raise fail("number-size", f"this number cannot be computed: {error.args[-1]}") from None
    except (ArithmeticError, ValueError) as error:
        raise fail("number-undefined", f"this number cannot be computed: {error.args[-1]}") from None
    if isinstance(value, complex):
        raise fail("number-undefined", "this number is complex")
    if isinstance(value, float) and not math.isfinite(value):
        raise fail("number-size", "this is no finite number")
    if isinstance(value, int) and abs(value) > limits.WHOLE:
        raise fail("number-size", "this is too large for a whole number")
    return value
