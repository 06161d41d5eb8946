"""Symbolic dims with exact arithmetic, and the shapes made of them.

A dim is a polynomial with integer coefficients in the dims that a spec declares, kept in one normal form:
two dims are equal for all sizes exactly when they are equal here.  A quotient that does not divide out, as in
`(n - 1)//2`, is a symbol of its own.  Every declared dim is taken to be at least 1 where an order must be decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any
from weakref import WeakValueDictionary

from graphgen.errors import ShapeError
from graphgen.faults import limits

Monomial = tuple[str, ...]  # the symbols that are multiplied, sorted; () is the constant


class Dim:
    """A polynomial over declared dims: `3*n_a`, `n_a + n_x`, `1`.  Equal dims are one object; never change one."""

    __slots__ = ("__weakref__", "terms")

    terms: tuple[tuple[Monomial, int], ...]

    def __new__(cls, terms: tuple[tuple[Monomial, int], ...]) -> Dim:
        """The one dim of these terms, which are in the normal form."""
        dim = _DIMS.get(terms)
        if dim is None:
            dim = _DIMS[terms] = super().__new__(cls)
            dim.terms = terms
        return dim

    @staticmethod
    def of(value: DimLike) -> Dim:
        """The dim of an int, of a symbol's name, or of a dim."""
        if isinstance(value, Dim):
            return value
        return _symbol(value) if isinstance(value, str) else _constant(int(value))

    def __add__(self, other: DimLike) -> Dim:
        return _collect((*self.terms, *Dim.of(other).terms))

    def __mul__(self, other: DimLike) -> Dim:
        right = Dim.of(other).terms
        return _collect(tuple((tuple(sorted(a + b)), i * j) for a, i in self.terms for b, j in right))

    def __neg__(self) -> Dim:
        return Dim(tuple((monomial, -c) for monomial, c in self.terms))

    def __sub__(self, other: DimLike) -> Dim:
        return self + -Dim.of(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: DimLike) -> Dim:
        return Dim.of(other) - self

    def __floordiv__(self, divisor: int) -> Dim:
        whole = Dim(tuple((monomial, c // divisor) for monomial, c in self.terms if c % divisor == 0))
        rest = Dim(tuple((monomial, c) for monomial, c in self.terms if c % divisor))
        if rest.constant is not None:
            return whole + rest.constant // divisor
        name = f"(({rest})//{divisor})"
        _QUOTIENTS[name] = (rest, divisor)
        return whole + _symbol(name)

    def divided_by(self, divisor: Dim) -> Dim | None:
        """The exact quotient by a product such as `2*n`, or None."""
        if len(divisor.terms) != 1:
            return ONE if self == divisor else None
        ((symbols, number),) = divisor.terms
        quotient = []
        for monomial, c in self.terms:
            left = list(monomial)
            if c % number or any(left.count(s) < symbols.count(s) for s in symbols):
                return None
            for symbol in symbols:
                left.remove(symbol)
            quotient.append((tuple(left), c // number))
        return _collect(tuple(quotient))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The declared dims in it, sorted."""
        found = {symbol for monomial, _ in self.terms for symbol in monomial}
        inner = {s for name in found & set(_QUOTIENTS) for s in _QUOTIENTS[name][0].symbols}
        return tuple(sorted(found - set(_QUOTIENTS) | inner))

    @property
    def constant(self) -> int | None:
        """Its value if it has no symbols."""
        if not self.terms:
            return 0
        return self.terms[0][1] if self.terms[0][0] == () and len(self.terms) == 1 else None

    def at_least(self, other: DimLike) -> bool:
        """Whether it is provably >= other whenever every declared dim is at least 1."""
        return _is_at_least(self, Dim.of(other))

    @property
    def least(self) -> int | None:
        """The smallest value it takes where every declared dim is at least 1, if the terms tell."""
        if any(c < 0 for monomial, c in self.terms if monomial):
            return None
        bounds = {symbol: _least(symbol) for monomial, _ in self.terms for symbol in monomial}
        known = {symbol: bound for symbol, bound in bounds.items() if bound is not None}
        if len(known) < len(bounds):
            return None
        return sum(c * prod(known[symbol] for symbol in monomial) for monomial, c in self.terms)

    def put(self, dims: Mapping[str, Dim]) -> Dim:
        """The dim with others in the place of its symbols."""
        total = Dim(())
        for monomial, c in self.terms:
            total = total + prod((_put(symbol, dims) for symbol in monomial), start=Dim.of(c))
        return total

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """Its value for given sizes of the declared dims."""
        return sum(c * prod(_size(symbol, sizes) for symbol in monomial) for monomial, c in self.terms)

    def __str__(self) -> str:
        text = ""
        for monomial, c in self.terms:
            factors = "*".join(([str(abs(c))] if abs(c) != 1 or not monomial else []) + list(monomial))
            sign = ("-" if c < 0 else "") if not text else (" - " if c < 0 else " + ")
            text += sign + factors
        return text or "0"

    __repr__ = __str__


DimLike = Dim | int | str
Shape = tuple[Dim, ...]
Axes = tuple[int, ...]  # counted from the end
_DIMS: WeakValueDictionary[Any, Dim] = WeakValueDictionary()
ONE = Dim((((), 1),))
_QUOTIENTS: dict[str, tuple[Dim, int]] = {}  # symbols that stand for quotients


@lru_cache(maxsize=4096)
def _is_at_least(one: Dim, other: Dim) -> bool:
    least = (one - other).least
    return least is not None and least >= 0


def _least(symbol: str) -> int | None:
    """The smallest value of a symbol: 1 for a declared dim, for a quotient what its dividend tells."""
    if symbol not in _QUOTIENTS:
        return 1
    dividend, divisor = _QUOTIENTS[symbol]
    return None if dividend.least is None else dividend.least // divisor


def _size(symbol: str, sizes: Mapping[str, int]) -> int:
    if symbol in _QUOTIENTS:
        dividend, divisor = _QUOTIENTS[symbol]
        return dividend.evaluate(sizes) // divisor
    return sizes[symbol]


def _put(symbol: str, dims: Mapping[str, Dim]) -> Dim:
    if symbol in _QUOTIENTS:
        dividend, divisor = _QUOTIENTS[symbol]
        return dividend.put(dims) // divisor
    return dims[symbol]


@lru_cache(maxsize=4096)
def _collect(terms: tuple[tuple[Monomial, int], ...]) -> Dim:
    """Add up equal monomials; constants come last, then symbols in alphabetical order."""
    total: dict[Monomial, int] = {}
    for monomial, c in terms:
        total[monomial] = total.get(monomial, 0) + c
    if len(total) > limits.TERMS or any(len(m) > limits.FACTORS or abs(c) > limits.SIZE for m, c in total.items()):
        raise ShapeError("dim-size", "this product of dims is too large")
    kept = ((monomial, c) for monomial, c in total.items() if c)
    return Dim(tuple(sorted(kept, key=lambda term: (-len(term[0]), term[0]))))


@lru_cache(maxsize=4096)
def _symbol(name: str) -> Dim:
    return Dim((((name,), 1),))


@lru_cache(maxsize=4096)
def _constant(value: int) -> Dim:
    return Dim((((), value),) if value else ())


def shape_of(dims: Iterable[DimLike]) -> Shape:
    """A shape from ints, names and dims."""
    return tuple(Dim.of(dim) for dim in dims)


def show(shape: Sequence[Dim]) -> str:
    """`[3*n_a, m]`."""
    return f"[{', '.join(map(str, shape))}]"


@lru_cache(maxsize=4096)
def count(shape: Shape) -> Dim:
    """How many elements an array of this shape has."""
    total = ONE
    for dim in shape:
        total = total * dim
    return total


@lru_cache(maxsize=4096)
def broadcast(*shapes: Shape) -> Shape:
    """The shape that NumPy broadcasts the shapes to, or a ShapeError that names the dims at odds."""
    several = set(shapes) - {()}
    if len(several) == 1:
        return several.pop()
    rank = max(map(len, shapes))
    padded = [(ONE,) * (rank - len(shape)) + shape for shape in shapes]
    return tuple(_broadcast_dim(dims, shapes) for dims in zip(*padded))


def _broadcast_dim(dims: tuple[Dim, ...], shapes: tuple[Shape, ...]) -> Dim:
    wide = [dim for dim in dict.fromkeys(dims) if dim != ONE]
    if len(wide) > 1:
        both = " and ".join(show(shape) for shape in shapes)
        raise ShapeError("broadcast", f"shapes {both} do not broadcast: {wide[0]} and {wide[1]} differ")
    return wide[0] if wide else ONE


OneAxis = Any  # one axis: a whole number in a spec, a tuple of one in the IR


def axis_from_end(axis: int, rank: int) -> int:
    """NumPy's axis as the IR keeps it, counted from the end: axis 0 of a matrix is -2."""
    if not -rank <= axis < rank:
        many = f"{rank} axes" if rank != 1 else "1 axis"
        raise ShapeError("axis", f"axis {axis} is out of range for an array with {many}")
    return axis - rank if axis >= 0 else axis


def axes_from_end(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """NumPy's `axis` argument (an int, several, or None for all) as sorted axes counted from the end."""
    chosen = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted(axis_from_end(a, rank) for a in chosen)
    if len(set(axes)) < len(axes):
        raise ShapeError("axis", f"axis {axis} names an axis twice")
    return tuple(axes)


def one_axis(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int]:
    """An `axis` argument that must name one axis."""
    axes = axes_from_end(axis, rank)
    if len(axes) != 1:
        raise ShapeError("argument-kind", "this works along one axis: axis is one whole number")
    return (axes[0],)
