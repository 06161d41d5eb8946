"""`graphgen build`: what it writes and prints, its exit codes, and that nothing is left half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphgen.compiler import compile_file
from graphgen.resources import find_spec
from tests.command import GOOD, files, folder, run

pytestmark = pytest.mark.usefixtures(folder.__name__)


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
