"""Einstein summation, and the products and diagonals that are cases of it."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, declare, sample
from graphgen.ir.shape import Dim, show
from graphgen.ops.composite import composite


@declare
class Einsum(Op):
    """Einstein summation; without `->` the letters that occur once stay, in alphabetical order.

    Junction rule: each operand gets the summation of dz with the other operands into the operand's letters.
    """

    name = junction = "einsum"
    leading = ("subscripts",)
    samples = (
        sample("einsum('ij,jk->ik', a, b)", a=(3, 4), b=(4, 2)),
        sample("einsum('ij,jk', a, b)", a=(3, 4), b=(4, 2)),
        sample("einsum('bij,bjk,k->ib', a, b, c)", a=(2, 3, 4), b=(2, 4, 3), c=(3,)),
        sample("einsum('ij->j', a)", a=(3, 4)),
        sample("einsum('ij,k->', a, b)", a=(3, 4), b=(2,)),
        sample("einsum('ii->i', a)", a=(3, 3)),
        sample("einsum('iij,j', a, b)", a=(3, 3, 2), b=(2,)),
    )

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        text = attrs["subscripts"].replace(" ", "")
        left, arrow, right = text.partition("->")
        if not arrow:
            right = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
        return {"subscripts": f"{left}->{right}"}

    def infer(self, *operands: Node, subscripts: str) -> Type:
        terms, result = _terms(subscripts)
        if len(terms) != len(operands):
            raise ShapeError(
                "subscripts", f"'{subscripts}' names {len(terms)} operands, and there are {len(operands)}"
            )
        dims: dict[str, Dim] = {}
        for term, x in zip(terms, operands):
            if len(term) != len(x.shape):
                raise ShapeError("subscripts", f"'{term}' names {len(term)} axes of {show(x.shape)}")
            for letter, dim in zip(term, x.shape):
                if dims.setdefault(letter, dim) != dim:
                    raise ShapeError("subscripts", f"'{letter}' in '{subscripts}' is {dims[letter]} and {dim}")
        unknown = [letter for letter in result if letter not in dims or result.count(letter) > 1]
        if unknown:
            raise ShapeError(
                "subscripts", f"'{unknown[0]}' stands once in the result and in an operand too, in '{subscripts}'"
            )
        return Type(tuple(dims[letter] for letter in result))

    def vjp(self, dz: Node, y: Node, *inputs: Node, subscripts: str) -> Sequence[Node | None]:
        terms, result = _terms(subscripts)
        return [self._cotangent(dz, result, terms, inputs, place) for place in range(len(inputs))]

    @staticmethod
    def _cotangent(dz: Node, result: str, terms: list[str], inputs: Sequence[Node], place: int) -> Node:
        """One operand's cotangent.  A diagonal is multiplied by an identity, a letter summed away by ones."""
        target, x = terms[place], inputs[place]
        given = [result, *(term for at, term in enumerate(terms) if at != place)]
        factors = [dz, *(other for at, other in enumerate(inputs) if at != place)]
        free = iter(letter for letter in ascii_letters if letter not in "".join([result, *terms]))
        wanted = ""
        for letter, dim in zip(target, x.shape):
            if letter in wanted:
                twin = next(free)
                given.append(letter + twin)
                factors.append(make.eye(n=dim))
                letter = twin
            elif not any(letter in term for term in given):
                given.append(letter)
                factors.append(make.ones(shape=dim))
            wanted += letter
        return make.einsum(*factors, subscripts=f"{','.join(given)}->{wanted}")

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        call = f"np.einsum({node.attrs['subscripts']!r}, {', '.join(operands)})"
        terms, result = _terms(node.attrs["subscripts"])
        is_view = len(terms) == 1 and set(terms[0]) == set(result)  # where no letter is summed
        return f"{call}.copy()" if is_view else call


def _terms(subscripts: str) -> tuple[list[str], str]:
    left, _, right = subscripts.partition("->")
    return left.split(","), right


@composite(
    sample("dot(a, b)", a=(3, 4), b=(4, 2)),
    sample("dot(a, b)", a=(4,), b=(4,)),
    sample("dot(a, b)", a=(2, 4), b=(3, 4, 2)),
)
def dot(a: Node, b: Node) -> Node:
    """The product of vectors or matrices; of more axes, the sum over a's last and b's last but one."""
    if not a.shape or not b.shape:
        return a * b
    if max(len(a.shape), len(b.shape)) <= 2:
        return a @ b
    left, right = ascii_letters[: len(a.shape)], list(ascii_letters[26 : 26 + len(b.shape)])
    right[-2 if len(right) > 1 else -1] = left[-1]
    kept = left[:-1] + "".join(letter for letter in right if letter != left[-1])
    return make.einsum(a, b, subscripts=f"{left},{''.join(right)}->{kept}")


@composite(sample("trace(x)", x=(3, 3)), sample("trace(x)", x=(3, 3, 2)))
def trace(x: Node) -> Node:
    """The sum of the diagonal of the first two axes."""
    if len(x.shape) < 2:
        raise ShapeError("number-of-axes", f"trace takes a matrix, not {show(x.shape)}")
    rest = ascii_letters[1 : len(x.shape) - 1]
    return make.einsum(x, subscripts=f"aa{rest}->{rest}")


@composite(sample("diag(x)", x=(3, 3)), sample("diag(x)", x=(3,)))
def diag(x: Node) -> Node:
    """The diagonal of a square matrix; of a vector, the matrix that has it as its diagonal."""
    if len(x.shape) == 1:
        return make.expand_dims(x, axis=1) * make.eye(n=x.shape[0])
    return make.einsum(x, subscripts="ii->i")
