"""The emitted text: names, layout, what the templates read, and what the README shows of it."""

from __future__ import annotations

import ast
import builtins
import gc
import itertools
import json
import re
from contextlib import suppress
from pathlib import Path

import jinja2
import jinja2.meta
import numpy as np
import pytest

from graphgen.check.module import check, load
from graphgen.codegen.names import Names
from graphgen.codegen.render import context, environment
from graphgen.compiler import compile_cell, compile_file
from graphgen.errors import SpecError
from graphgen.listing import reference
from graphgen.passes import LEVELS
from graphgen.resources import find_spec, shipped_specs
from graphgen.spec.reader import read_text
from tests.shipped import compiled
from tests.support import DIFFERENTIATED

ROOT = Path(__file__).parent.parent


def test_the_template_reads_what_it_is_given():
    program = compile_file(find_spec("lstm")).program
    templates = environment()
    source, *_ = templates.loader.get_source(templates, "module.py.j2")
    read = jinja2.meta.find_undeclared_variables(templates.parse(source))
    assert read == set(context(program))


def test_no_name_is_given_twice():
    names = Names({"dc"})
    assert [names.claim("dc"), names.claim("dc"), names.claim("dx")] == ["dc_2", "dc_3", "dx"]


def test_a_state_and_its_cotangent_never_share_a_name():
    """The user's own `dc` is a state here, beside a state c whose cotangent would be called so."""
    spec = (
        "cell: f\ndims: {n: n}\nparameters: {t: [n], T: [n]}\ninputs: {x: [n]}\nstates: {c: [n], dc: [n]}\n"
        "equations:\n"
        "  - c = c_prev * t + dc_prev * x\n  - dc = c * T + dc_prev\n  - x_steps = c * dc\noutputs: [x_steps]\n"
    )
    for level in LEVELS:
        done = compile_cell(read_text(spec), level)
        assert check(done.source, done.cell, done.step.forward).ok


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", shipped_specs())
def test_lines_are_short_and_names_are_the_users(name, level):
    done = compiled(name, level)
    assert max(map(len, done.source.splitlines())) <= 118
    assert done.source.endswith("\n")
    assert not done.source.endswith("\n\n")
    tree = ast.parse(done.source)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    assert not stored & set(dir(builtins))
    (forward,) = [f for f in tree.body if getattr(f, "name", "") == "forward"]
    assigned = {n.id for n in ast.walk(forward) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    notes = [(node, note) for node, note in done.step.forward.notes.items() if node.op.name != "item"]
    named = {note.name for node, note in notes if note.equation is not None and node.inputs}
    needed = {note.name for node, note in done.step.forward.notes.items() if node.weak}
    assert named - needed - {""} <= assigned


def with_bodies(graph):
    """A graph and the bodies of its loops."""
    loops = [node for node in graph.order if node.op.name == "scan"]
    return [graph, *(inner for node in loops for inner in with_bodies(node.attrs["body"]))]


def lines_of(graph):
    """The nodes that may have lines of their own: all but loops and their results."""
    return [node for node in graph.order if node in graph.notes and node.op.name not in ("scan", "item")]


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_every_block_of_level_0_tells_its_equation_and_every_junction_its_rule(name):
    done = compiled(name, 0)
    backward = done.source[done.source.index("def backward(") :].split("\ndef ")[0]
    body = backward[backward.index("# the cotangents handed in") : backward.index("return Gradients")]
    noted = [one.notes[node] for one in with_bodies(done.step.backward) for node in lines_of(one)]
    rules = [note.rule for note in noted if note.rule]
    comments = [line.split("# ", 1)[1] for line in body.splitlines() if "# " in line]
    assert sorted(rules) == sorted(comment for comment in comments if comment in rules)
    headings = {f"{number}. {equation.text}"[:60] for number, equation in enumerate(done.cell.equations, start=1)}
    others = [comment for comment in comments if comment not in rules]
    assert {comment[:60] for comment in others if comment[0].isdigit()} <= headings
    assert any(comment[0].isdigit() for comment in others)


def test_the_readme_shows_the_lstm_as_it_is_written():
    readme = (ROOT / "README.md").read_text("utf-8")
    source = compile_file(find_spec("lstm"), 0).source
    backward = source[source.index("def backward(") : source.index("def forward_sequence(")].rstrip()
    assert f"```python\n{backward}\n```" in readme
    assert f"```yaml\n{find_spec('lstm').read_text('utf-8').rstrip()}\n```" in readme


def test_the_readme_uses_modules_as_they_are():
    readme = (ROOT / "README.md").read_text("utf-8")
    snippet = readme.split("## Using a module\n\n```python\n")[1].split("```")[0]
    scope: dict[str, object] = {}
    exec(snippet, scope)
    assert scope["d_cell"].parameters.W_g.shape == (12, 7)


def test_a_function_of_the_spec_comes_with_its_derivatives():
    spec = (
        "cell: f\ndims: {n: n}\nparameters: {beta: [1]}\ninputs: {x: [n]}\n"
        'functions: {"swish(u, beta)": u * sigmoid(beta * u)}\nequations:\n  - y = swish(x, beta)\noutputs: [y]\n'
    )
    source = compile_cell(read_text(spec)).source
    for name in ("def swish(", "def swish_du(", "def swish_dbeta(", "The derivative of swish by beta."):
        assert name in source


def test_loops_that_share_their_bodies_get_names_of_their_own():
    """Every prod has the same loop in its backward; within a cell it stands in the loop over time."""
    spec = (
        "cell: f\ndims: {n: n}\ninputs: {x: [n, n]}\nstates: {h: [n, n]}\nequations:\n"
        "  - h = tanh(h_prev + x)\n  - o = prod(h) * prod(h * h + 1) + prod(h, axis=0)\noutputs: [o]\n"
    )
    for level in LEVELS:
        done = compile_cell(read_text(spec), level)
        assert check(done.source, done.cell, done.step.forward).ok


HOSTILE = ['"""\nimport os\n"""', "\\", "end\\", "'''", '"', '""', "{{ 1 + 1 }}", "%}", '\\"""']


@pytest.mark.parametrize(
    "equation",
    [
        "w = 0.5 * concat(tanh(z[n:]), sigmoid(z[:n]))",  # z is as large, and dies while the parts are made
        "w = concat(tanh(w_prev[n:] + z[:n]), sigmoid(w_prev[:n]))",  # from a state to its next value
    ],
)
def test_what_is_laid_side_by_side_leaves_alone_what_is_still_read(equation):
    text = """\
cell: crossed
backward: false
dims: {n: units, m: batch}
parameters: {W: [2*n, n], U: [n, 2*n]}
states: {h: [n, m], w: [2*n, m]}
equations:
  - z = (W @ h_prev) * 0.5
  - EQUATION
  - h = tanh(U @ w)
outputs: [h]
"""
    crossed = load(compile_cell(read_text(text.replace("EQUATION", equation)), 2).source, "crossed")
    rng = np.random.default_rng(0)
    parameters = crossed.init_parameters(rng, n=2)
    state = crossed.State(h=rng.standard_normal((2, 3)), w=rng.standard_normal((4, 3)))
    _, following = crossed.forward(parameters, crossed.Inputs(), state)
    _, final = crossed.forward_sequence(parameters, crossed.Inputs(), state, T=1)
    for name, expected, value in zip(state._fields, following, final):
        np.testing.assert_allclose(value, expected, rtol=1e-14, err_msg=name)


@pytest.mark.parametrize(
    ("joined", "copies"),
    [
        ("concat(p, q, tanh(p))", 1),  # as they lie in the first whole
        ("concat(tanh(p), p, q)", 1),
        ("concat(p, tanh(p), q)", 2),
        ("concat(q, p, tanh(p))", 2),
        ("concat(tanh(p), p, q, q * q, p, q)", 2),
        ("concat(p, q, tanh(p), axis=1)", 2),  # neighbours, along another axis
    ],
)
def test_what_lies_side_by_side_twice_is_copied_at_once(joined, copies):
    text = f"""\
cell: twice
backward: false
dims: {{n: units, m: batch}}
inputs: {{x: [n, m]}}
states: {{h: [n, m]}}
equations:
  - p = tanh(h_prev)
  - q = sigmoid(h_prev)
  - first = concat(p, q)
  - second = {joined}
  - h = x + p * q + 0.1 * (sum(first) + sum(second))
outputs: [h]
"""
    source = compile_cell(read_text(text), 2).source
    assert len(re.findall(r"^ +second\[.*\] = ", source, re.MULTILINE)) == copies, source
    twice = load(source, "twice")
    x = np.random.default_rng(0).standard_normal((3, 2, 2))
    every, _ = twice.forward_sequence(twice.Parameters(), twice.Inputs(x), twice.State(x[0]))
    state = twice.State(x[0])
    for t in range(len(x)):
        outputs, state = twice.forward(twice.Parameters(), twice.Inputs(x[t]), state)
        np.testing.assert_allclose(every.h[t], outputs.h, rtol=1e-14)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_spec_says_gets_out_of_its_string(text):
    """Docs, sources, dims, the file's name and the text of equations stand in docstrings and comments."""
    quoted = json.dumps(text)
    spec = (
        f"cell: f\ndoc: {quoted}\nsource: {quoted}\ndims: {{n: {quoted}}}\ninputs: {{x: [n]}}\nequations:\n"
        '  - y = einsum("""i->i""", x)\noutputs: [y]\n'
    )
    done = compile_cell(read_text(spec, "a\nimport os #.yaml"))
    body = ast.parse(done.source).body
    kinds = {ast.Expr, ast.ImportFrom, ast.Import, ast.ClassDef, ast.Assign, ast.FunctionDef}
    assert {type(node) for node in body} == kinds
    assert [ast.unparse(node) for node in body if isinstance(node, ast.Import)] == ["import numpy as np"]
    assert check(done.source, done.cell, done.step.forward).ok


def test_no_two_gradients_are_one_array():
    """B and c get the same gradient; scaling the one in place must leave the other."""
    spec = "cell: f\nparameters: {b: [3], c: [3]}\ninputs: {x: [3]}\nequations:\n  - y = x + b + c\noutputs: [y]\n"
    done = compile_cell(read_text(spec))
    module = load(done.source, "f")
    given = np.ones(3)
    parameters, inputs = module.Parameters(given, given), module.Inputs(given)
    _, residuals = module.forward(parameters, inputs)
    gradients = module.backward(parameters, residuals, module.Outputs(given))
    arrays = [given, *gradients.parameters, *gradients.inputs]
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(arrays, 2))


def test_integers_and_booleans_stay_what_they_are_over_time():
    spec = (
        "cell: f\ndims: {n: n, m: m, v: v}\nparameters: {E: [v, n], U: [n, n]}\n"
        "inputs: {i: {shape: [m], dtype: int}}\nstates: {h: [m, n]}\n"
        "equations:\n  - h = tanh(take(E, i, axis=0) + h_prev @ U)\n  - j = argmax(h @ E.T, axis=1)\n"
        "  - p = h > 0\n  - o = E[j]\noutputs: [o, j, p]\n"
    )
    for level in LEVELS:
        done = compile_cell(read_text(spec), level)
        assert check(done.source, done.cell, done.step.forward).ok


def test_the_reference_of_operations_is_fresh():
    assert (ROOT / "docs" / "ops.md").read_text("utf-8") == reference()


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("equation", ["y = tanh(x)", "y = tanh(x @ x)"])
def test_compiling_leaves_the_collector_as_it_was(enabled, equation):
    text = f"cell: c\ndims: {{n: sizes}}\ninputs: {{x: [n, 2]}}\nequations: [{equation}]\noutputs: [y]\n"
    try:
        (gc.enable if enabled else gc.disable)()
        with suppress(SpecError):
            compile_cell(read_text(text))
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
