"""Specs that nobody would write: mutated, or odd but right.  They compile or are refused, and nothing else."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from graphgen.check.module import check, load
from graphgen.compiler import compile_cell
from graphgen.elaborate import elaborate
from graphgen.errors import SpecError
from graphgen.faults import EXAMPLE
from graphgen.ir.op import OPS
from graphgen.resources import shipped_specs
from graphgen.spec.reader import draft_text, read_text
from tests.malformed import ARRAYS


@pytest.fixture(autouse=True)
def _no_hanging() -> Iterator[None]:
    """What takes forever fails, too."""

    def stop(*_: object) -> None:
        raise TimeoutError("graphgen hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)


MUTATIONS = 1500
PIECES = [
    *"()[]{}:,'\"#&*!|>%@`\\-+=/<.\t\n 019_zé\x00",
    "[0]",
    ".T",
    "**",
    " @ ",
    "tanh(",
    "None",
    "a_prev",
    "- ",
    ": ",
]


def mutated(text: str, rng: random.Random) -> str:
    """The text with one to three changes of characters, words or lines: gone, doubled, swapped or put in."""
    for _ in range(rng.randint(1, 3)):
        parts = re.split(rng.choice([r"(\n)", r"(\W)", r"()"]), text)
        i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.randrange(4):
            case 0:
                parts[i] = ""
            case 1:
                parts[i] *= 2
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case 3:
                parts[i] += rng.choice(PIECES)
        text = "".join(parts)
    return text


def test_mutated_specs_compile_or_are_refused_and_nothing_else() -> None:
    rng = random.Random(0)
    shipped = sorted((path.read_text("utf-8") for path in shipped_specs().values()), key=len)[:12]  # short: quick
    compiled, refused = 0, 0
    for number in range(MUTATIONS):
        text = mutated(rng.choice(shipped), rng)
        signal.alarm(20)
        try:
            cell = draft_text(text)
            elaborate(cell)
            if number % 20 == 0:  # the later stages take longer, and see only what the first two let through
                compile_cell(cell, number // 20 % 2)
            compiled += 1
        except SpecError as error:
            refused += bool(error.faults)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{text}") from error
    assert compiled > MUTATIONS / 20
    assert compiled + refused == MUTATIONS


VALUES = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "0.5",
    "n",
    "-n",
    "(0, 1)",
    "(2, -1)",
    "(n, m)",
    "((1, 1), (0, 2))",
    "(1,)",
    "()",
    "[0]",
]
VALUES += ["None", "True", "'ij'", "'i,i'", "'...i'", "z > 0"]


def test_no_operation_answers_odd_arguments_with_anything_but_a_message() -> None:
    rng = random.Random(0)
    for op in [op for op in OPS.values() if op.public] * 8:
        operands = rng.choices("vzqrtib", k=len(op.operands) + 2 * op.variadic)
        given = [name for name in op.attributes if name not in op.defaults or rng.random() < 0.5]
        attributes = [f"{name}={rng.choice(VALUES)}" for name in given if name not in op.leading]
        call = f"{op.name}({', '.join([rng.choice(VALUES) for _ in op.leading] + operands + attributes)})"
        signal.alarm(20)
        try:
            elaborate(draft_text(ARRAYS.replace("CALL", call)))
        except SpecError:
            continue
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{call}") from error


@pytest.mark.parametrize(
    ("piece", "odd"),
    [
        ("u * sigmoid(v * u)", "(u > 0) * v"),
        ("u * sigmoid(v * u)", "where(u > 0, v, 0)"),
        ("u * sigmoid(v * u)", "tanh(x=u) + maximum(a=u, b=v)"),
        ("u * sigmoid(v * u)", "leaky_relu(u, slope=half) + leaky_relu(v, 0.2)"),
        ("tanh(z)", "z * -(x[0] > 0)"),
        ("tanh(z)", "maximum(b=z, a=0)"),
    ],
)
def test_what_is_odd_but_right_compiles_to_a_module_that_checks(piece: str, odd: str) -> None:
    done = compile_cell(read_text(EXAMPLE.replace(piece, odd)))
    assert check(done.source, done.cell, done.step.forward).ok


def test_a_cell_without_inputs_is_told_how_many_steps_there_are() -> None:
    done = compile_cell(
        read_text("""\
cell: free
dims: {n: units}
parameters: {W: [n, n]}
states: {h: [n]}
equations: [h = tanh(W @ h_prev)]
outputs: [h]
""")
    )
    module = load(done.source, "free")
    parameters, state = module.Parameters(W=np.eye(2)), module.State(h=np.ones(2))
    outputs, last, _ = module.forward_sequence(parameters, module.Inputs(), state, T=3)
    assert outputs.h.shape == (3, 2)
    np.testing.assert_allclose(last.h, np.tanh(np.tanh(np.tanh(np.ones(2)))), rtol=1e-15)
    report = check(done.source, done.cell, done.step.forward)
    assert {row.function for row in report.rows} > {"forward"}  # sequences are checked, too
    assert report.ok


def test_a_function_may_call_an_earlier_one_and_both_may_read_constants() -> None:
    piece = '"bend(u, v)": u * sigmoid(v * u)'
    assert piece in EXAMPLE
    done = compile_cell(
        read_text(
            EXAMPLE.replace(
                piece, '"lift(u)": u * tanh(half * u)\n  "bend(u, v)": lift(u + v) - twice * lift(half * v)'
            ).replace("{half: 0.5}", "{half: 0.5, twice: 2}")
        )
    )
    assert check(done.source, done.cell, done.step.forward).ok
