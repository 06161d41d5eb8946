"""The command but for `build`: what it writes and prints, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graphgen import __version__
from graphgen.cli import STAGES
from graphgen.compiler import compile_file
from graphgen.ir.op import OPS
from graphgen.resources import shipped_specs
from tests.command import GOOD, files, folder, process, run

pytestmark = pytest.mark.usefixtures(folder.__name__)


# check


def test_check_of_one_spec_has_a_row_for_each_gradient_of_step_and_sequences() -> None:
    printed = run("check", "rnn")
    rows = [line.split() for line in printed.splitlines()]
    for gradient in ("parameters.W", "parameters.U", "parameters.b", "inputs.x", "state.h"):
        assert sum(gradient in row and row[-1] == "ok" for row in rows) == 3
    assert "all 15 gradients agree with numeric differences" in printed


def test_check_of_several_specs_has_a_row_each() -> None:
    lines = run("check", "good.yaml", "rnn").splitlines()
    assert [line.split()[0] for line in lines] == ["spec", "good", "rnn"]


@pytest.mark.parametrize("level", ["0", "1"])
def test_check_with_a_wrong_junction_rule_fails_and_names_the_element(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OPS["sigmoid"], "rules", ("dz * y",))
    printed = run("check", "good.yaml", f"-O{level}", code=1)
    assert "WRONG" in printed
    assert "good: 1 of 1 gradients are wrong" in printed
    assert "x[" in printed


def test_check_of_several_specs_names_those_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPS["sigmoid"], "rules", ("dz * y",))
    printed = run("check", "good.yaml", "rnn", code=1)
    verdicts = {line.split()[0]: line.split()[-1] for line in printed.splitlines()[1:3]}
    assert verdicts == {"good": "WRONG", "rnn": "ok"}
    assert "good: forward: x[" in printed


# show and list


def test_show_prints_the_module_itself_unless_told_otherwise() -> None:
    assert run("show", "good.yaml") == compile_file(Path("good.yaml")).source


@pytest.mark.parametrize(
    ("stage", "pieces"),
    [
        ("spec", ["cell good", "dim n: features", "input x: [n]", "1. y = x * sigmoid(x)", "output y"]),
        ("graph", ["sigmoid", "multiply"]),
        ("backward", ["d_outputs.y", "sigmoid"]),
        ("program", ["def forward(", "def backward("]),
    ],
)
def test_show_prints_each_stage(stage: str, pieces: list[str]) -> None:
    printed = run("show", "good.yaml", "--stage", stage)
    for piece in pieces:
        assert piece in printed


def test_show_tells_what_a_model_uses() -> None:
    printed = run("show", "deep_lstm", "--stage", "spec").splitlines()
    assert {"use first: lstm", "use others: lstm_layer, a stack of n_l"} <= set(printed)
    assert "input inputs.lengths: [m]" in run("show", "deep_lstm", "--stage", "graph").splitlines()


def test_show_has_every_stage_for_a_cell_with_states() -> None:
    assert len({run("show", "lstm", "--stage", stage, "-O0") for stage in STAGES}) == len(STAGES)


def test_what_is_said_of_a_spec_without_a_backward_pass() -> None:
    assert "adam: it has no gradients to compare; its forward pass is finite" in run("check", "adam")
    assert "adam          0" in run("check", "adam", "clip_by_norm")
    assert "no backward pass" in run("show", "adam", "--stage", "spec")
    for stage in ("backward", "residuals"):
        told = run("show", "adam", "--stage", stage, code=2)
        assert "adam has no backward pass: its spec says backward: false" in told


def test_list_cells_names_every_shipped_spec() -> None:
    printed = run("list", "cells")
    for name in shipped_specs():
        assert f"  {name} " in printed


def test_list_ops_names_every_operation_that_a_spec_may_call() -> None:
    names = [line.split("(")[0] for line in run("list", "ops").splitlines()]
    assert names == sorted(name for name, op in OPS.items() if op.public)


# new


def test_a_new_spec_checks_and_builds_as_it_is() -> None:
    assert run("new", "mine") == "wrote mine.yaml; next: graphgen check mine.yaml\n"
    run("check", "mine.yaml")
    run("build", "mine.yaml")
    assert files("generated") == ["mine.py"]


def test_new_leaves_a_file_that_is_there() -> None:
    assert "good.yaml is there already" in run("new", "good", code=2)
    assert Path("good.yaml").read_text("utf-8") == GOOD


@pytest.mark.parametrize(
    "name", ["class", "print", "np", "2d", "a b", "a/b", "../a", " a", "a # b", '"a"', "a: b", ""]
)
def test_new_refuses_a_name_that_no_cell_can_have_and_writes_nothing(name: str) -> None:
    before = files("."), files("..")
    assert "name" in run("new", name, code=2)
    assert (files("."), files("..")) == before


# Wrong usage, bad specs, pipes


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("build", "--frobnicate"),
        ("build", "good.yaml", "-O", "7"),
        ("build", "nowhere.yaml"),
        ("build", "."),
        ("check", "no_such_cell"),
        ("show",),
        ("show", "good.yaml", "bad.yaml"),
        ("show", "good.yaml", "--stage", "nothing"),
        ("show", "a" * 300),
        ("list",),
        ("list", "things"),
        ("new",),
    ],
    ids=" ".join,
)
def test_wrong_usage_has_the_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments, code=2)
    assert files(".") == ["bad.yaml", "good.yaml"]


def test_a_slip_in_a_shipped_name_is_told_the_nearest() -> None:
    assert "there is no shipped spec 'lsmt': did you mean 'lstm'?" in run("show", "lsmt", code=2)


@pytest.mark.parametrize("command", ["build", "check", "show"])
def test_a_bad_spec_is_told_on_stderr_with_its_place_and_no_traceback(command: str) -> None:
    done = process(command, "bad.yaml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "bad.yaml:5:21: there is no 'q' [unknown-name]\n"
        "    5 |   - y = x * sigmoid(q)\n"
        "      |                     ^\n"
        "  known here: n, x\n"
    )


def test_a_spec_that_is_not_there_is_told_on_stderr_without_a_traceback() -> None:
    done = process("check", "nowhere.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "graphgen: nowhere.yaml: No such file or directory\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rnn"),
        ("check", "rnn", "good.yaml"),
        ("show", "rnn"),
        ("build", "rnn"),
        ("list", "ops"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_in_a_pipe_the_output_is_plain(arguments: tuple[str, ...]) -> None:
    done = process(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert not any(line.endswith("…") for line in done.stdout.splitlines())


def test_the_version_is_printed() -> None:
    assert run("--version").split()[-1] == __version__


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from graphgen.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'sympy', 'networkx', 'numpy', 'jinja2', 'yaml', 'rich'}\n"
        "print('imported:', *sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert done.stdout.startswith("Usage: "), done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"
