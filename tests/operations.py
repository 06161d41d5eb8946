"""The operations of the registry in groups, and their samples at other shapes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from graphgen.ir.op import OPS, Op
from tests.support import Case

ELEMENTWISE = [op for op in OPS.values() if op.elementwise and op.samples]
UNARY = [op for op in ELEMENTWISE if len(op.operands) == 1]
BINARY = [op for op in ELEMENTWISE if len(op.operands) == 2]


def each(ops: list[Op]) -> Any:
    return pytest.mark.parametrize("op", ops, ids=[op.name for op in ops])


@cache
def of(op: Op, *shapes: tuple[int, ...]) -> Case:
    """The first sample of an op with arrays of other shapes."""
    first = op.samples[0]
    return Case(replace(first, shapes=dict(zip(first.shapes, shapes))), op)
