"""Loops in the body of a loop: written over buffers too, at any depth, and no buffer is written while it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from graphgen.check.module import check
from graphgen.codegen.program import Block, Loop
from graphgen.codegen.text import codes
from graphgen.compiler import Compilation, compile_file
from graphgen.passes import LEVELS

INNER = """\
cell: inner
dims: {n: units, m: batch}
parameters: {W: [n, n], b: [n, 1]}
inputs: {x: [n, m]}
states: {p: [n, m], q: [n, m]}
equations:
  - z = W @ concat(x, p_prev)[:n] + W @ p_prev + b
EQUATIONS
outputs: [p, s]
"""
BODIES = {
    "a state and a sum": "  - p = tanh(z)\n  - q = 0.5 * q_prev + p\n  - s = p * q",
    "states that change places": "  - p = tanh(q_prev + z)\n  - q = p_prev + x\n  - s = sigmoid(z)",
    "one next value for both": "  - p = tanh(q_prev + z)\n  - q = p\n  - s = p * x",
    "a state handed on as it is": "  - p = tanh(z) + q_prev\n  - q = q_prev\n  - s = concat(p, x)[n:] + p",
}
OUTER = """\
cell: outer
dims: {T: steps, n: units, m: batch}
uses: USES
inputs: {x: [T, n, m]LENGTHS}
states: {p: [n, m], q: [n, m], y: [T, n, m]}
equations:
EQUATIONS
outputs: [p, y]
"""
ONE = "{one: ./inner.yaml}"
TWO = "{one: ./inner.yaml, two: {spec: ./inner.yaml, parameters: one}}"
LOOPS = {
    "the final states go on": (
        ONE,
        "r = scan(one, x=x, p=p_prev, q=q_prev); p = r.final.p; q = r.final.q; y = r.s + y_prev",
    ),
    "every step goes on": (
        ONE,
        "r = scan(one, x=y_prev, p=p_prev); p = sum(r.p, axis=0); q = r.final.q + q_prev; y = r.p + x",
    ),
    "in reverse": (
        ONE,
        "r = scan(one, x=x + y_prev, p=q_prev, reverse=True); p = r.final.q; q = p_prev; y = r.s",
    ),
    "of different lengths": (
        ONE,
        "r = scan(one, x=x, p=p_prev, q=q_prev, lengths=lengths); p = r.final.q; q = r.final.p; y = r.p * y_prev",
    ),
    "one after the other": (
        TWO,
        "r = scan(one, x=x, p=p_prev); u = scan(two, x=r.s + y_prev, state=r.final); p = u.final.p; "
        "q = r.final.q + q_prev; y = u.p + r.s",
    ),
    "a stack of loops": (
        "{one: {spec: ./layer.yaml, stack: 2}}",
        "r = scan(one, h=x + y_prev); p = r.final.h[0] + p_prev; q = q_prev; y = r.final.h",
    ),
}
LAYER = """\
cell: layer
dims: {T: steps, n: units, m: batch}
uses: {unit: ./inner.yaml}
states: {h: [T, n, m]}
equations:
  - r = scan(unit, x=h_prev)
  - h = r.p + r.s
outputs: [h]
"""


ROOM = re.compile(r"np\.(empty|zeros|array|concatenate)\((?!.*out=)| @ |workspace")  # what makes an array


@pytest.fixture
def build(tmp_path):
    """A function that compiles an outer loop over a body."""

    def build(body: str, loop: str, level: int) -> Compilation:
        uses, equations = LOOPS[loop]
        listed = "\n".join(f"  - {equation}" for equation in equations.split("; "))
        (tmp_path / "inner.yaml").write_text(INNER.replace("EQUATIONS", BODIES[body]))
        (tmp_path / "layer.yaml").write_text(LAYER)
        lengths = ", lengths: {shape: [m], dtype: int}" if "lengths" in equations else ""
        text = OUTER.replace("LENGTHS", lengths).replace("USES", uses).replace("EQUATIONS", listed)
        (tmp_path / "outer.yaml").write_text(text)
        return compile_file(tmp_path / "outer.yaml", level)

    return build


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("body", BODIES)
def test_gradients_through_loops_within_loops(build, body, loop, level):
    done = build(body, loop, level)
    report = check(done.source, done.cell, done.step.forward)
    assert report.ok, report


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("body", BODIES)
def test_loops_within_loops_are_loops_over_buffers(build, body, loop):
    functions = [f for f in build(body, loop, 2).program.functions if f.name.endswith("_sequence")]
    for function in functions:
        (outermost,) = loops_in(function.blocks)
        inner = [deepest for within in loops_in(outermost.blocks) for deepest in loops_in(within.blocks) or [within]]
        assert inner
        assert not [code for code in codes(outermost.blocks) if ROOM.search(code)]
        products = [sum("matmul" in code for code in codes(innermost.blocks)) for innermost in inner]
        assert products == [1] * len(inner)  # that with the state; all others of a loop are one, outside of it


def loops_in(blocks: Iterable[Block]) -> list[Loop]:
    return [item for block in blocks for item in block.items if isinstance(item, Loop)]
