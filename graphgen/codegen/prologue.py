"""How a function begins: arrays out of their records, sizes out of the arrays, the dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from graphgen.codegen.program import Line
from graphgen.codegen.text import LINE, enclose, tidy
from graphgen.ir.bind import bindings
from graphgen.ir.shape import Shape


@dataclass(frozen=True)
class Source:
    """An array that a function is handed: a field of one of its arguments, and how the function spells it."""

    argument: str
    field: str
    text: str
    shape: Shape

    @property
    def whole(self) -> str:
        """The field in full."""
        return f"{self.argument}.{self.field}"


def prologue(sources: Sequence[Source], used: set[str], dims: Mapping[str, str]) -> tuple[list[Line], list[str]]:
    """The first lines of a function whose statements use some names; and the sizes that no array tells it.

    `dims` are the symbols with their docs, in the order in which they are declared.
    """
    spelled = {source.whole: source.text if source.text in used else source.whole for source in sources}
    ranks = {source.whole: len(source.shape) for source in sources}
    known = {b.symbol: b for b in bindings((source.whole, source.shape) for source in sources)}
    needed = {symbol for symbol in dims if symbol in used}
    for symbol in reversed(list(known)):
        if symbol in needed:
            needed |= set(known[symbol].rest.symbols)
    missing = [symbol for symbol in dims if symbol in needed and symbol not in known]
    lines: list[Line] = []
    for argument, fields in groupby(sources, lambda s: s.argument):
        within = any(source.argument.startswith(f"{argument}.") for source in sources)
        others = within or (argument == "residuals" and bool(missing))
        lines += _unpack(list(fields), used, others)
    wanted = [binding for symbol, binding in known.items() if symbol in needed]
    for whole, group in groupby(wanted, lambda binding: binding.array):
        several = list(group)
        bound = [binding.symbol for binding in several]
        if len(bound) == ranks[whole] > 1 and all(b.is_plain for b in several):
            lines.append(Line(f"{', '.join(bound)} = {spelled[whole]}.shape", ", ".join(dims[s] for s in bound)))
            continue
        for binding in several:
            size = tidy(binding.text(spelled[whole], ranks[whole]))
            lines.append(Line(f"{binding.symbol} = {size}", dims[binding.symbol]))
    return lines, missing


def _unpack(sources: list[Source], used: set[str], others: bool) -> Iterable[Line]:
    """The lines that take the arrays that are used out of one argument, which may have other fields."""
    wanted = [source for source in sources if source.text in used and source.text != source.whole]
    if not wanted:
        return
    left = ", ".join(source.text for source in wanted)
    everything = len(wanted) == len(sources) and not others
    right = sources[0].argument if everything else ", ".join(source.whole for source in wanted)
    left = f"({left},)" if everything and len(wanted) == 1 else left
    if len(left) + len(right) + 3 <= LINE:
        yield Line(f"{left} = {right}")
    elif everything:
        yield Line(enclose("(", [source.text for source in wanted], f") = {right}"))
    else:
        yield from (Line(f"{source.text} = {source.whole}") for source in wanted)
