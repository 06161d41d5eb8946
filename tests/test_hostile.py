"""A spec from a stranger: whatever stands in its strings, no code of theirs gets into a module.

Every payload goes into every string of a spec.  It is refused with its place, or the module that comes out is made of
what our own modules are made of, and holds the text as data.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from graphgen import passes
from graphgen.cli import main
from graphgen.compiler import compile_cell
from graphgen.errors import SpecError
from graphgen.spec.reader import read_text
from tests.payloads import PAYLOADS

ROOT = Path(__file__).resolve().parent.parent

# Every string of a spec, with a harmless value; the names are wherever they are declared, assigned and read.
PROSE = {"doc": "A cell.", "source": "This test.", "dim doc": "hidden units"}
NAMES = {
    "cell": "harmless",
    "dim": "n_h",
    "parameter": "W",
    "input": "x",
    "state": "h",
    "constant": "bias",
    "function": "swish",
    "argument": "u",
    "target": "z",
    "output": "r",
}
VALUES = {
    "key": "doc",
    "size": "2*n",
    "init": "orthogonal",
    "kind of init": "normal",
    "deviation": "0.1",
    "dtype": "float",
    "number": "1.5",
    "call": "bend(v)",
    "body": "v * sigmoid(v)",
    "equation": "r = tanh(y)",
    "expression": "y",
    "operand": "y",
    "index": "0",
    "axis": "-1",
    "subscripts": "ij,jk->ik",
    "average": "m",
}
SPEC = {
    "cell": "<cell>",
    "<key>": "<doc>",
    "source": "<source>",
    "dims": {"<dim>": "<dim doc>", "n": "others", "m": "batch"},
    "parameters": {
        "<parameter>": {"shape": ["<dim>", "<dim>"], "init": "<init>"},
        "V": {"shape": ["<size>", "1"], "init": {"<kind of init>": "<deviation>"}},
    },
    "inputs": {"<input>": ["<dim>", "m"], "y": {"shape": ["n", "m"], "dtype": "<dtype>"}},
    "states": {"<state>": ["<dim>", "m"]},
    "constants": {"<constant>": "<number>"},
    "functions": {"<function>(<argument>)": "<argument> * tanh(<argument>)", "<call>": "<body>"},
    "equations": [
        "<target> = <parameter> @ <input> + <constant> * <function>(<state>_prev)",
        "<equation>",
        "e = <expression>",
        "f = bend(y) + (<operand>) * sum(V, axis=<axis>)[<index>]",
        "g = einsum('<subscripts>', <parameter>, <target>)",
        "<state> = <target> + g + sum(e) + sum(f)",
    ],
    "outputs": ["<output>"],
    "average_over": "<average>",
}
USES = {
    "use": "unit",
    "used spec": "rnn",
    "second use": "again",
    "shared": "unit",
    "used dim": "n_h",
    "used size": "n",
    "keyword": "h",
    "result": "h",
}
MODEL = {
    "cell": "model",
    "dims": {"n": "units", "m": "batch"},
    "uses": {
        "<use>": {"spec": "<used spec>", "dims": {"<used dim>": "<used size>"}},
        "<second use>": {"spec": "<used spec>", "parameters": "<shared>"},
    },
    "inputs": {"x": ["n", "m"], "s": ["n", "m"]},
    "equations": [
        "first = <use>(x=x, <keyword>=s)",
        "second = <second use>(x=x, h=first.<result>)",
        "y = second.h",
    ],
    "outputs": ["y"],
}
STACKED = {
    "cell": "stacked",
    "dims": {"n_h": "units", "m": "batch", "k": "layers", "T": "steps"},
    "uses": {"deep": {"spec": "residual_gru_layer", "stack": "<stack>"}},
    "inputs": {"x": ["T", "n_h", "m"], "ends": {"shape": ["m"], "dtype": "int"}},
    "equations": ["layers = scan(deep, h=x, ends=ends)", "y = layers.final.h"],
    "outputs": ["y"],
}
STACKS = {"stack": "k"}
HARMLESS = {**PROSE, **NAMES, **VALUES, **USES, **STACKS}
SPECS = [(SPEC, {**PROSE, **NAMES, **VALUES}), (MODEL, USES), (STACKED, STACKS)]
SMALL = """\
{{cell: small, doc: {0}, source: {0}, dims: {{n: {0}, m: {0}}},
inputs: {{x: [n, m]}}, equations: ["y = x / n"], outputs: [y]}}
"""
MISLEADING = "\x00\x08\x0b\x0c\x1b\x1c\x7f\x85\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ud800\udfff"


def spec(field: str, payload: str) -> str:
    """The spec that has a string, with a payload in it."""
    (template,) = (template for template, strings in SPECS if field in strings)
    return write(template, {**HARMLESS, field: payload})


def write(value: Any, strings: dict[str, str]) -> str:
    """YAML with the strings in their places."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write(key, strings)}: {write(item, strings)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(write(item, strings) for item in value) + "]"
    return quoted(re.sub("<([a-z ]+)>", lambda match: strings[match[1]], value))


def quoted(text: str) -> str:
    """YAML with whatever is unusual in a text escaped, so that it arrives."""
    return '"' + re.sub(r"[^ !#-\[\]-~]", lambda match: f"\\U{ord(match[0]):08x}", text) + '"'


def compiled(text: str, level: int = 1, file: str = "harmless.yaml") -> str:
    """The module of a spec, or nothing if it was refused, by an error with its place and no other."""
    try:
        return compile_cell(read_text(text, file), level).source
    except SpecError:
        return ""


@cache
def harmless(level: int) -> list[str]:
    return [compiled(write(template, HARMLESS), level) for template, _ in SPECS]


# What our modules are made of


def kinds(tree: ast.AST) -> set[str]:
    return {type(node).__name__ for node in ast.walk(tree)}


def imports(tree: ast.AST) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}


def builtins(tree: ast.AST) -> set[str]:
    """The names that a module reads and does not give."""
    read, given = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
            case ast.alias(name=name, asname=other):
                given.add(other or name)
    return read - given


def numpy_functions(tree: ast.AST) -> set[str]:
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {chain for chain in chains if chain.startswith("np.")}


FEATURES: list[Callable[[ast.AST], set[str]]] = [kinds, imports, builtins, numpy_functions]


@cache
def ours(feature: Callable[[ast.AST], set[str]]) -> set[str]:
    """What the committed modules have of a feature, and the harmless specs, which use all of the language."""
    texts = [path.read_text("utf-8") for path in (ROOT / "generated").glob("*.py")]
    texts += [text for level in passes.LEVELS for text in harmless(level)]
    return set().union(*(feature(ast.parse(text)) for text in texts))


def assert_like_ours(text: str, payload: str = "") -> None:
    """A module has only the nodes, imports, builtins and functions of NumPy that our modules have."""
    tree = ast.parse(text.encode())
    for feature in FEATURES:
        assert feature(tree) <= ours(feature), payload
    compile(tree, "module", "exec")


def code(text: str) -> str:
    """The tree of a module without its docstrings."""
    tree = ast.parse(text.encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def test_there_are_many_payloads() -> None:
    assert len(set(PAYLOADS)) >= 150


def test_the_harmless_specs_compile() -> None:
    assert all(text for level in passes.LEVELS for text in harmless(level))


def test_prose_and_the_name_of_the_file_are_data() -> None:
    expected = {level: code(compiled(SMALL.format("text"), level)) for level in passes.LEVELS}
    accepted = 0
    for number, payload in enumerate(PAYLOADS):
        level = number % len(expected)
        text = compiled(SMALL.format(quoted(payload)), level, f"{payload}.yaml")
        if text:
            accepted += 1
            assert re.match(r"# Made by graphgen \S+ -O\d from [\w.-]+ \(sha256 [0-9a-f]{16}\)\.\n", text), payload
            assert code(text) == expected[level], payload
            doc = "".join((ast.get_docstring(ast.parse(text)) or "").split())
            assert doc.count("".join(payload.split())) >= 3, payload
    assert accepted > len(PAYLOADS) / 2


@pytest.mark.parametrize("field", PROSE)
def test_prose_is_refused_where_it_could_mislead_a_reader(field: str) -> None:
    for character in MISLEADING:
        assert not compiled(spec(field, f"a{character}b")), ascii(character)


@pytest.mark.parametrize("field", NAMES)
def test_a_name_is_an_identifier_or_refused(field: str) -> None:
    for payload in PAYLOADS:
        text = compiled(spec(field, payload))
        if text:
            assert re.fullmatch("[A-Za-z][A-Za-z0-9_]*", payload), payload
            assert_like_ours(text, payload)


@pytest.mark.parametrize("field", [*VALUES, *USES, *STACKS])
def test_a_value_adds_nothing_that_our_modules_do_not_have(field: str) -> None:
    for payload in PAYLOADS:
        text = compiled(spec(field, payload))
        if text:
            assert_like_ours(text, payload)


def test_no_name_of_a_cell_leads_out_of_the_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is a file's name too; of what is no identifier nothing is written, anywhere."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    expected = {"work", "work/spec.yaml"}
    for payload in PAYLOADS:
        Path("spec.yaml").write_text(SMALL.format('""').replace("small", quoted(payload)), "utf-8")
        result = CliRunner().invoke(main, ["build", "spec.yaml", "-o", "out"])
        assert result.exception is None or isinstance(result.exception, SystemExit), payload
        if result.exit_code == 0:
            expected |= {"work/out", "work/out/graphgen.sha256", f"work/out/{payload}.py"}
        assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} <= expected, payload
