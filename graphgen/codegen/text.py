"""Small pieces of Python text."""

from __future__ import annotations

import ast
import re
import symtable
import textwrap
from collections.abc import Iterable, Mapping

from graphgen.codegen.program import Block, Line

WIDTH = 88  # of an expression; with its name, its indentation and its sign a statement fits 110 columns
LINE = 106
_PLAIN = re.compile(r"[^\W\d][\w.]*( [-+*/@] [^\W\d][\w.]*)?")  # a name, or two and a sign: tidy as it is


def tidy(text: str) -> str:
    """An expression without needless brackets."""
    return text if _PLAIN.fullmatch(text) else ast.unparse(ast.parse(text, mode="eval"))


def names_in(texts: Iterable[str]) -> set[str]:
    """Every name that some statements mention."""
    waiting = [symtable.symtable("\n".join(texts), "<statements>", "exec")]
    names: set[str] = set()
    while waiting:
        table = waiting.pop()
        names.update(table.get_identifiers())
        waiting += table.get_children()
    return names


def codes(blocks: Iterable[Block]) -> list[str]:
    """The statements of some blocks, those within loops too."""
    found: list[str] = []
    for block in blocks:
        for item in block.items:
            found += [item.code] if isinstance(item, Line) else [f"{item.header} pass", *codes(item.blocks)]
    return found


def wrapped(text: str) -> list[str]:
    """A numbered equation over several lines if it is long."""
    return textwrap.wrap(text, LINE - 6, subsequent_indent="    ", break_long_words=False)


def call(name: str, arguments: Mapping[str, str], indent: int = 0) -> str:
    """A call with keyword arguments, over several lines if it is long."""
    parts = [f"{key}={value}" for key, value in arguments.items()]
    return enclose(f"{name}(", parts, ")", indent)


def enclose(begin: str, parts: Iterable[str], end: str, indent: int = 0) -> str:
    """Parts between brackets: on one line, or wrapped, or one a line when they are long themselves."""
    given = list(parts)
    line = f"{begin}{', '.join(given)}{end}"
    if indent + len(line) <= LINE and "\n" not in line:
        return line
    inner = " " * (indent + 4)
    if any("\n" in part or "(" in part for part in given):
        body = ",\n".join(inner + part for part in given)
    else:
        wrap = textwrap.TextWrapper(LINE - 1, inner, inner, break_long_words=False, break_on_hyphens=False)
        body = wrap.fill(", ".join(given))
    return f"{begin}\n{body},\n{' ' * indent}{end}"
