"""How the sizes of symbolic dims follow from the shapes of the arrays that are handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphgen.ir.shape import Dim, Shape


@dataclass(frozen=True)
class Binding:
    """`symbol = (array.shape[axis] - rest) // coefficient`; the axis counts from the end."""

    symbol: str
    array: str
    axis: int
    coefficient: int
    rest: Dim

    @property
    def is_plain(self) -> bool:
        """Whether the size is the symbol's itself."""
        return self.coefficient == 1 and not self.rest.terms

    def text(self, array: str, rank: int) -> str:
        """The right side, for an array of a given rank, spelled as given."""
        size = f"{array}.shape[{self.axis + rank}]"
        if self.rest.terms:
            size = f"({size} - ({self.rest}))"
        return size if self.coefficient == 1 else f"{size} // {self.coefficient}"


def bindings(shapes: Iterable[tuple[str, Shape]]) -> list[Binding]:
    """One binding for each symbol that the shapes determine: plain dims first, then sums with one unknown."""
    places: dict[Dim, tuple[str, int]] = {}  # where each dim is met first
    for name, shape in shapes:
        for i, dim in enumerate(shape):
            places.setdefault(dim, (name, i - len(shape)))
    known: dict[str, Binding] = {}
    for dim, (name, axis) in places.items():
        if len(dim.symbols) == 1 and dim == Dim.of(dim.symbols[0]):
            known.setdefault(dim.symbols[0], Binding(dim.symbols[0], name, axis, 1, Dim(())))
    more = True
    while more:
        more = False
        for dim, (name, axis) in places.items():
            unknown = [symbol for symbol in dim.symbols if symbol not in known]
            if len(unknown) == 1 and (solved := solve(dim, unknown[0])):
                known[unknown[0]] = Binding(unknown[0], name, axis, *solved)
                more = True
    return list(known.values())


def solve(dim: Dim, symbol: str) -> tuple[int, Dim] | None:
    """Coefficient and rest, if the dim is linear in the symbol."""
    terms = [(monomial, c) for monomial, c in dim.terms if symbol in monomial]
    if len(terms) != 1 or terms[0][0] != (symbol,):
        return None
    return terms[0][1], dim - Dim((terms[0],))


def sizes(shapes: Mapping[str, Shape], arrays: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The size of each symbol, from the shapes of actual arrays."""
    found: dict[str, int] = {}
    for b in bindings(shapes.items()):
        found[b.symbol] = (arrays[b.array][b.axis] - b.rest.evaluate(found)) // b.coefficient
    return found
