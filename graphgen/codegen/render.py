"""A program as source text, through the templates of its target."""

from __future__ import annotations

import re
from functools import lru_cache

import jinja2

from graphgen.codegen.program import Line, Program
from graphgen.codegen.text import LINE, wrapped
from graphgen.resources import folder

TARGET = "numpy"
WIDEST = 118  # of any line
_ASSIGNMENT = re.compile(r"([^\n(\[]+ \+?=) (.+)")


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The templates; a variable that nobody passes is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates") / TARGET),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Python, not HTML
    )
    environment.filters["beside"] = beside
    environment.filters["quoted"] = quoted
    environment.filters["wrapped"] = wrapped
    environment.tests["line"] = lambda item: isinstance(item, Line)
    return environment


def context(program: Program) -> dict[str, object]:
    """What the template reads."""
    return {
        "header": program.header,
        "doc": program.doc,
        "records": program.records,
        "imports": program.imports,
        "types": program.types,
        "helpers": program.helpers,
        "checks": program.checks,
        "functions": program.functions,
    }


def render(program: Program) -> str:
    """The module's text."""
    return environment().get_template("module.py.j2").render(context(program)).rstrip("\n") + "\n"


def quoted(line: str) -> str:
    """A line as it stands in a docstring: whatever a spec says, it ends no string and starts no escape."""
    line = line.replace("\\", "\\\\")
    return line.replace('"', '\\"') if '""' in line else line


def bracketed(code: str) -> str:
    """An assignment with its right side in brackets, on a line of its own; what has several lines stays as it is."""
    match = _ASSIGNMENT.fullmatch(code)
    return f"{match[1]} (\n    {match[2]}\n)" if match else code


def beside(line: Line, column: int, indent: int) -> str:
    """A statement with its remark: beside it in one column, or above it where there is no room."""
    margin = " " * indent
    code = line.code if indent + len(line.code) <= WIDEST else bracketed(line.code)
    code = code.replace("\n", "\n" + margin)
    if not line.remark:
        return margin + code
    beside = f"{margin}{code.ljust(column)}  # {line.remark}"
    return beside if len(beside) <= LINE + 4 else f"{margin}# {line.remark}\n{margin}{code}"
