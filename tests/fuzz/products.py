"""Products of matrices and of vectors, and Einstein sums."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.shape import Shape
from tests.fuzz.sizes import INNER, LARGEST_SIZE
from tests.fuzz.values import Value, multiplied, times

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer

EINSUMS = {
    0: ("i,i->", "ij,ij->"),
    1: ("ij,j->i", "ij,ij->i", "i,ij->j"),
    2: ("ji->ij", "ij,jk->ik", "ji,jk->ik", "ij,kj->ki", "i,k->ik", "ijk,j->ik"),
    3: ("bij,bjk->bik", "bij,jk->bik", "bi,bj->bij"),
}


def matmul(at: Writer, shape: Shape) -> Value:
    """A product of matrices, of stacks of them, or of vectors."""
    inner = at.dim(INNER)
    if len(shape) > 1:
        lead = at.draw(st.sampled_from((shape[:-2], ())))
        a, b = at.expression((*shape[:-1], inner)), at.expression((*lead, inner, shape[-1]))
    elif shape and at.draw(st.booleans()):
        a, b = at.expression((inner,)), at.expression((inner, *shape))
    else:
        a, b = at.expression((*shape, inner)), at.expression((inner,))
    return Value(f"({a.text} @ {b.text})", shape, times(multiplied(a.bounds, b.bounds), at.largest(inner)))


def einsum(at: Writer, shape: Shape) -> Value | None:
    """A product by Einstein summation."""
    if len(shape) not in EINSUMS:
        return None
    subscripts = at.draw(st.sampled_from(EINSUMS[len(shape)]))
    into, out = subscripts.split("->")
    sizes = dict(zip(out, shape))
    summed = sorted(set(into) - {",", *out})
    sizes |= {letter: at.dim() for letter in summed}
    operands = [at.expression(tuple(sizes[letter] for letter in letters)) for letters in into.split(",")]
    bounds = reduce(multiplied, (operand.bounds for operand in operands))
    texts = ", ".join(operand.text for operand in operands)
    return Value(f"einsum('{subscripts}', {texts})", shape, times(bounds, LARGEST_SIZE ** len(summed)))


def outer(at: Writer, shape: Shape) -> Value | None:
    """Every product of two vectors' elements."""
    if len(shape) != 2:
        return None
    a, b = at.expression(shape[:1]), at.expression(shape[1:])
    return Value(f"outer({a.text}, {b.text})", shape, multiplied(a.bounds, b.bounds))
