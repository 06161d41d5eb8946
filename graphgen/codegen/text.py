"""Small pieces of Python text."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping

from graphgen.codegen.program import Block, Line

WIDTH = 88  # of an expression; with its name, its indentation and its sign a statement fits 110 columns
LINE = 106


def tidy(text: str) -> str:
    """An expression without needless brackets."""
    return ast.unparse(ast.parse(text, mode="eval"))


def names_in(texts: Iterable[str]) -> set[str]:
    """Every name that some statements mention."""
    return {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


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
        body = textwrap.fill(", ".join(given), LINE - 1, initial_indent=inner, subsequent_indent=inner)
    return f"{begin}\n{body},\n{' ' * indent}{end}"
