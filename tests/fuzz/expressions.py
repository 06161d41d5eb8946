"""The ways to write an expression of a given shape; each is a function of the writer and the shape, or None."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.shape import Shape, shape_of
from tests.fuzz.axes import along, reduced
from tests.fuzz.calls import CALLEES, Callee
from tests.fuzz.elements import arithmetic, chosen, elementwise, own_function, with_number
from tests.fuzz.models import used
from tests.fuzz.moves import broadcast, concat, expanded, index, reshaped, sliced, stack, taken, transposed
from tests.fuzz.products import einsum, matmul, outer
from tests.fuzz.values import Value, fit

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer

Production = Callable[["Writer", Shape], Value | None]

SAMPLES: dict[str, list[Callee]] = defaultdict(list)
for callee in CALLEES:
    SAMPLES[callee.op.name].append(callee)


def leaf(at: Writer, shape: Shape) -> Value:
    """A name."""
    return at.leaf(shape)


def again(at: Writer, shape: Shape) -> Value | None:
    """An expression that stands somewhere already."""
    return at.again(shape)


def operation(at: Writer, shape: Shape) -> Value:
    """Any operation of the registry, each as likely as the others."""
    name = at.draw(st.sampled_from(list(SAMPLES)))
    callee = at.draw(st.sampled_from(SAMPLES[name]))
    return elementwise(at, shape, callee) if callee.op.elementwise else of_samples(at, shape, callee)


def of_samples(at: Writer, shape: Shape, callee: Callee) -> Value:
    """An operation on arrays of its sample's shapes, weighed and squashed to one number."""
    sample, operands = callee.sample, {}
    for name, sizes in sample.shapes.items():
        if name in sample.integers:
            operands[name] = at.integers(shape_of(sizes))
            continue
        value = at.expression(shape_of(sizes))
        value = at.apart(value) if callee.has_kinks else value
        operands[name] = fit(value, (sample.low, sample.high)).text
    return at.weighed(Value(callee.written(operands), shape_of(callee.case.shape)), shape)


PRODUCTIONS: tuple[Production, ...] = (
    leaf, again, with_number, arithmetic, operation, matmul, concat, sliced, reduced, along, transposed, expanded,
    broadcast, chosen, own_function, index, taken, stack, reshaped, outer, einsum, used,
    # again those that cells are mostly made of
    again, arithmetic, operation, operation, operation, matmul, matmul, sliced,
)  # fmt: skip
