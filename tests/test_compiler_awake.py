"""Are the checks awake?  Passes, the emitter's statements and the templates' loops are broken, one at a time."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import jinja2
import pytest
import yaml

from graphgen import passes
from graphgen.codegen import buffers, loop_over_buffers, lower, render, storage
from graphgen.compiler import compile_file
from graphgen.passes import identities
from graphgen.resources import find_spec, folder
from tests.breakages import broken, complaint, replaced

ROOT = Path(__file__).parent.parent
SLIPS = [
    pytest.param(import_module(f"graphgen.{room}"), slip["old"], slip["new"], id=f"{room}: {slip['new']}")
    for room, slips in yaml.safe_load((ROOT / "tests" / "data" / "slips.yaml").read_text(encoding="utf-8")).items()
    for slip in slips
]


@pytest.mark.parametrize(("module", "old", "new"), SLIPS)
def test_a_slip_in_the_compiler_is_noticed(module, old, new):
    with broken(module, replaced(module, old, new)):
        assert complaint()


def test_the_unbroken_compiler_is_content():
    assert complaint() == ""


def test_every_pass_is_broken():
    rooms = {room.name for room in pkgutil.iter_modules(passes.__path__, "graphgen.passes.")}
    assert rooms <= {slip.values[0].__name__ for slip in SLIPS}


@pytest.mark.parametrize("line", identities.IDENTITIES.strip().splitlines())
def test_a_wrong_identity_is_noticed(line, monkeypatch):
    pattern, result = line.split("->")
    monkeypatch.setattr(identities, "IDENTITIES", identities.IDENTITIES.replace(line, f"{pattern} -> 2 * ({result})"))
    identities._rules.cache_clear()
    try:
        assert complaint(first="identities")
    finally:
        identities._rules.cache_clear()


# The emitter: each statement that writes something is left out


WRITES = ("write", "append", "add", "_history", "_slice", "_carry", "_stack")


def statements(module: ModuleType) -> list[ast.Expr]:
    """The statements of a room that write, keep or enter something."""
    tree = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return [call for call in calls if isinstance(call.value.func, ast.Attribute) and call.value.func.attr in WRITES]


def without(module: ModuleType, line: int) -> ast.Module:
    """The room without the statement of a line."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            for at, statement in enumerate(body if isinstance(body, list) else []):
                if isinstance(statement, ast.Expr) and statement.lineno == line:
                    body[at] = ast.copy_location(ast.Pass(), statement)
    return tree


# Left out, these change no number, or nothing that anybody has met.
QUIET = {
    "self.assigned.add(name)": "keeps two values from one name, which no spec here would give them",
    "stated.add(node)": "gives a value a line of its own, which is for the reader",
    "self.written.append(('', []))": "an empty line after a loop",
    "self.direct.add(node)": "keeps a part from being copied to where it is",
    "outer.filled.add(item)": "the same, of what a loop within a loop has written",
    "self.arrays.append(": "the account of what a call allocates, which its docstring gives",
    "path.append(": "where a very long expression is broken",
}
WRITING = [
    pytest.param(module, statement.lineno, id=f"{module.__name__.split('.')[-1]}-{ast.unparse(statement)[:50]}")
    for module in (lower, storage, loop_over_buffers, buffers)
    for statement in statements(module)
    if not ast.unparse(statement).startswith(tuple(QUIET))
]


@pytest.mark.parametrize(("module", "line"), WRITING)
def test_a_statement_that_is_left_out_of_the_emitter_is_noticed(module, line):
    with broken(module, without(module, line)):
        assert complaint()


# The templates: each loop forgets its first turn


TEMPLATES = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((folder("templates") / "numpy").glob("*.j2"))
}
LOOPS = [(name, loop) for name, text in TEMPLATES.items() for loop in re.findall(r"{% for \w+ in .+? %}", text)]
PROSE = ("block.heading | wrapped", "item.doc[1:]", "header", "doc[1:]")  # which no number depends on


@pytest.mark.parametrize(("name", "loop"), LOOPS)
def test_a_loop_of_a_template_that_forgets_its_first_turn_is_noticed(name, loop, monkeypatch):
    variable, sequence = re.fullmatch(r"{% for (\w+) in (.+) %}", loop).groups()
    forgetful = {**TEMPLATES, name: TEMPLATES[name].replace(loop, f"{{% for {variable} in ({sequence})[1:] %}}")}
    changed = render.environment().overlay(loader=jinja2.DictLoader(forgetful))
    monkeypatch.setattr(render, "environment", lambda: changed)
    committed = (ROOT / "generated" / "lstm.py").read_text(encoding="utf-8")
    assert compile_file(find_spec("lstm")).source != committed
    assert sequence in PROSE or complaint()
