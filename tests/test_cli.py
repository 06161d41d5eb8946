"""The command: what it writes and prints, its exit codes, and that nothing is left half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from graphgen import __version__, manifest
from graphgen.cli import STAGES, main
from graphgen.compiler import compile_file
from graphgen.ir.op import OPS
from graphgen.resources import find_spec, shipped_specs

GOOD = """\
cell: good
dims: {n: features}
inputs: {x: [n]}
equations:
  - y = x * sigmoid(x)
outputs: [y]
"""
BAD = GOOD.replace("good", "bad").replace("sigmoid(x)", "sigmoid(q)")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in a folder of its own, with a good spec and a bad one."""
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD, "utf-8")
    Path("bad.yaml").write_text(BAD, "utf-8")
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    """What the command prints, on both streams; it ends with the given exit code, and by no exception."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.output


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, its streams in pipes."""
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    return subprocess.run(
        [sys.executable, "-m", "graphgen", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**environment, "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color"},
    )


def files(folder: str) -> list[str]:
    """What is in a folder, hidden files too, but for the manifest."""
    return sorted({path.name for path in Path(folder).iterdir()} - {manifest.NAME})


# build


def test_build_writes_a_module_for_each_spec_by_path_or_by_shipped_name() -> None:
    printed = run("build", "good.yaml", "lstm", str(find_spec("rnn")), "-o", "made/here")
    assert files("made/here") == ["good.py", "lstm.py", "rnn.py"]
    assert printed == "".join(f"wrote {Path('made/here', name)}\n" for name in ("good.py", "lstm.py", "rnn.py"))


def test_build_writes_what_the_compiler_makes() -> None:
    run("build", "good.yaml", "-o", "made")
    assert Path("made/good.py").read_text("utf-8") == compile_file(Path("good.yaml")).source


def test_build_goes_to_generated_unless_told_otherwise() -> None:
    run("build", "good.yaml")
    assert files("generated") == ["good.py"]


@pytest.mark.parametrize("level", ["0", "1"])
def test_build_makes_the_level_asked_for(level: str) -> None:
    run("build", "good.yaml", f"-O{level}")
    assert f" -O{level} from good.yaml " in Path("generated/good.py").read_text("utf-8").splitlines()[0]


def test_a_module_that_was_built_runs_without_graphgen() -> None:
    run("build", "good.yaml", "-o", "made")
    program = (
        "import sys, numpy as np, good\n"
        "x = np.array([0.0, 1.0])\n"
        "outputs, residuals = good.forward(good.Parameters(), good.Inputs(x=x))\n"
        "print(good.backward(good.Parameters(), residuals, good.Outputs(y=np.ones(2))).inputs.x[0])\n"
        "print('graphgen' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd="made", capture_output=True, encoding="utf-8")
    assert done.stdout.split() == ["0.5", "False"], done.stderr


def test_build_replaces_an_older_module() -> None:
    run("build", "good.yaml", "-o", "made", "-O0")
    Path("good.yaml").write_text(GOOD.replace("sigmoid", "tanh"), "utf-8")
    run("build", "good.yaml", "-o", "made")
    assert "np.tanh" in Path("made/good.py").read_text("utf-8")


def test_a_written_module_may_be_read_by_whom_the_umask_lets(folder: Path) -> None:
    run("build", "good.yaml")
    plain = folder / "plain"
    plain.touch()
    assert Path("generated/good.py").stat().st_mode == plain.stat().st_mode


def test_one_bad_spec_among_good_ones_and_nothing_is_written(folder: Path) -> None:
    Path("made").mkdir()
    Path("made/good.py").write_text("old", "utf-8")
    before = files(".")
    printed = run("build", "good.yaml", "lstm", "bad.yaml", "-o", "made", code=1)
    assert "bad.yaml:5:21: there is no 'q'" in printed
    assert files("made") == ["good.py"]
    assert Path("made/good.py").read_text("utf-8") == "old"
    run("build", "good.yaml", "bad.yaml", "-o", "new", code=1)
    assert files(".") == before


def test_a_write_that_fails_leaves_the_old_module_and_no_temporary_file(monkeypatch: pytest.MonkeyPatch) -> None:
    run("build", "good.yaml", "-o", "made")
    before = Path("made/good.py").read_text("utf-8")

    replace = os.replace

    def fail(source: Path, target: Path) -> None:
        if Path(target).suffix == ".py":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    printed = run("build", "good.yaml", "-O0", "-o", "made", code=2)
    assert "good.py: No space left on device" in printed
    assert files("made") == ["good.py"]
    assert Path("made/good.py").read_text("utf-8") == before


def test_an_output_folder_that_is_a_file_is_a_message() -> None:
    assert "good.yaml" in run("build", "good.yaml", "-o", "good.yaml", code=2)
    assert Path("good.yaml").read_text("utf-8") == GOOD


def test_two_specs_of_one_module_are_refused() -> None:
    Path("again.yaml").write_text(GOOD, "utf-8")
    assert "two of the specs make" in run("build", "good.yaml", "again.yaml", code=2)
    assert not Path("generated").exists()


def test_build_without_a_spec_and_without_modules_is_wrong_usage() -> None:
    assert "there are no generated modules in generated" in run("build", code=2)


def test_build_without_a_spec_makes_the_modules_of_a_folder_again_at_their_levels() -> None:
    run("build", "rnn", "-O0")
    fresh = Path("generated/rnn.py").read_text("utf-8")
    Path("generated/rnn.py").write_text(fresh + "# stale\n", "utf-8")
    Path("generated/__init__.py").write_text('"""Not a module of graphgen\'s."""\n', "utf-8")
    run("build", "--force")
    assert Path("generated/rnn.py").read_text("utf-8") == fresh
    assert files("generated") == ["__init__.py", "rnn.py"]


# build --check


def test_check_of_a_fresh_folder_is_quiet_success() -> None:
    run("build", "rnn", "-O0")
    run("build", "lstm")
    assert run("build", "--check") == "2 modules are fresh\n"


def test_check_of_a_stale_module_shows_the_difference_and_writes_nothing() -> None:
    run("build", "good.yaml")
    path = Path("generated/good.py")
    stale = path.read_text("utf-8").replace("def backward(", "def backwards(")
    path.write_text(stale, "utf-8")
    printed = run("build", "--check", "good.yaml", code=1)
    assert f"--- {path}\n+++ as built now\n" in printed
    assert "\n-def backwards(" in printed
    assert "\n+def backward(" in printed
    assert path.read_text("utf-8") == stale


def test_check_of_another_level_is_stale() -> None:
    run("build", "good.yaml", "-O0")
    assert "-# Made by graphgen" in run("build", "--check", "good.yaml", "-O1", code=1)


def test_check_of_a_missing_module_shows_all_of_it_and_writes_nothing() -> None:
    printed = run("build", "--check", "good.yaml", code=1)
    assert "\n+def backward(" in printed
    assert not Path("generated").exists()


def test_check_of_a_module_that_is_no_text_is_stale() -> None:
    Path("generated").mkdir()
    Path("generated/good.py").write_bytes(b"# caf\xe9\n")
    assert "\n+def backward(" in run("build", "--check", "good.yaml", code=1)


def test_a_file_that_is_no_text_is_no_module() -> None:
    run("build", "rnn")
    Path("generated/other.py").write_bytes(b"# caf\xe9\n")
    run("build", "--check")


def test_check_asks_for_the_spec_of_a_module_that_is_not_shipped() -> None:
    run("build", "good.yaml")
    assert "good.yaml, which is not shipped: name its spec" in run("build", "--check", code=2)


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_check_of_a_folder_without_modules_is_wrong_usage(place: str) -> None:
    Path("empty").mkdir()
    assert f"there are no generated modules in {place}" in run("build", "--check", "-o", place, code=2)


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
