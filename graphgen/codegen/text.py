"""Small pieces of Python text."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from graphgen.codegen.program import Block, Line, Loop

WIDTH = 88  # of an expression; with its name, its indentation and its sign a statement fits 110 columns
LINE = 106
IN_PLACE = re.compile(r"out=|^\w+_into\(")
_VALUES = re.compile(r"(?<![\w.])([^\W\d][\w.]*)(?![\w.(=])")  # names, but for those of functions and arguments
_NAMES = re.compile(r"""(?<![\w.])[^\W\d]\w*(?![\w=])|'[^']*'|"[^"]*\"""")
_READ = re.compile(rf"^[\w, ]+ \+?= |{_NAMES.pattern}")  # the names that a statement gives values to in one piece
_BRACKETS = str.maketrans("", "", "()")


def tidy(text: str) -> str:
    """An expression without needless brackets."""
    form, names = formed(text)
    return _tidy(form).format(*names)


@lru_cache(maxsize=1 << 12)
def _tidy(form: str) -> str:
    return to_fill(ast.unparse(ast.parse(form, mode="eval")))


def formed(text: str) -> tuple[str, list[str]]:
    """The form that an expression shares with others, where each value is a `_`; and the values' names in order."""
    pieces = _VALUES.split(text)
    return "_".join(pieces[::2]), pieces[1::2]


def to_fill(form: str) -> str:
    """A form for `format`, with braces where the values' names belong."""
    return _VALUES.sub("{}", form)


def line_of(text: str) -> str | None:
    """The tidy expression, if it fits a line."""
    if len(text.translate(_BRACKETS)) > WIDTH:
        return None
    text = tidy(text)
    return text if len(text) <= WIDTH else None


def names_in(texts: Iterable[str]) -> set[str]:
    """Every name that some statements mention; what stands in a string, after a point or before `=` is none."""
    return {name for text in texts for name in _NAMES.findall(text)}


def names_read(texts: Iterable[str]) -> set[str]:
    """Every name that some statements read."""
    return {name for text in texts for name in _READ.findall(text)}


def remarked(blocks: Iterable[Block], read: Collection[str]) -> tuple[Block, ...]:
    """The blocks, where what is written in place and never read by its name is named in a remark."""
    return tuple(replace(block, items=tuple(_remarked(item, read) for item in block.items)) for block in blocks)


def _remarked(item: Line | Loop, read: Collection[str]) -> Line | Loop:
    if isinstance(item, Loop):
        return replace(item, blocks=remarked(item.blocks, read))
    name, _, call = item.code.partition(" = ")
    if name in read or not name.isidentifier() or not IN_PLACE.search(call):
        return item
    return Line(call, f"{name}: {item.remark}" if item.remark else name)


def codes(blocks: Iterable[Block]) -> list[str]:
    """The statements of some blocks, those within loops too."""
    found: list[str] = []
    for block in blocks:
        for item in block.items:
            found += [item.code] if isinstance(item, Line) else [f"{item.header} pass", *codes(item.blocks)]
    return found


def wrapped(text: str) -> list[str]:
    """A numbered equation over several lines if it is long."""
    if 0 < len(text) <= LINE - 6 and text.isprintable():
        return [text.rstrip()]
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
