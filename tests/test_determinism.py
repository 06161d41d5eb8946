"""The same spec gives the same bytes: whatever the hash seed, folder, order, Python or NumPy, and as committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec as find_module
from pathlib import Path

import pytest

from graphgen import build, manifest
from graphgen.resources import shipped_specs
from tests.digests import digests

ROOT = Path(__file__).resolve().parent.parent
SEEDS = range(20)
SHIFT = 2  # the one of the specs' order and levels at which other Pythons are tried
OLDEST_NUMPY = "numpy==1.26.*"
PYTHONS = ("3.11", "3.12", "3.13")
COMPUTE = """\
import sys
from graphgen.check.module import Trial
from tests.directions import assert_derivatives
from tests.shipped import compiled, module

for name in sys.argv[1:]:
    done = compiled(name)
    for length in (None, 3) if done.cell.states else (None,):
        one = Trial(module(name), done.cell, done.step.forward, length)
        one.check_kinds()
        assert_derivatives(one, name)
    print(name, "computes what it says")
"""


def run(command: list[str], folder: Path, **environment: str) -> str:
    """What a command prints that succeeds."""
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def digests_here() -> dict[str, str]:
    return digests(SHIFT)


@pytest.mark.parametrize("shift", range(3))  # each spec has another level, and so all have all
def test_every_spec_has_the_same_bytes_under_every_seed(shift: int, tmp_path: Path) -> None:
    """Each process has a hash seed, a working folder and an order of the specs of its own."""
    first: dict[str, str] = {}
    for seed in SEEDS[shift::3]:
        folder = tmp_path / f"folder {seed}"
        folder.mkdir()
        command = [sys.executable, "-m", "tests.digests", str(seed)]
        found = json.loads(run(command, folder, PYTHONHASHSEED=str(seed), PYTHONPATH=str(ROOT)))
        assert len(found) == len(shipped_specs()) + 1
        first = first or found
        assert found == first


def test_a_folder_does_not_depend_on_the_order_of_the_specs(tmp_path: Path) -> None:
    names = [path.stem for path in committed()]
    modules = build.compile_all(build.plan(names, tmp_path, None))
    for folder, ordered in (("forwards", names), ("backwards", names[::-1])):
        build.write_all({f"{n}.py": modules[f"{n}.py"] for n in ordered}, tmp_path / folder, force=False, clean=False)
    forwards, backwards = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("forwards", "backwards")
    )
    assert sorted(forwards) == sorted([*modules, manifest.NAME])
    assert forwards == backwards


# Other Pythons, and the oldest NumPy


@pytest.fixture(scope="module", params=PYTHONS)
def other(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """Another Python and its environment: NumPy 1.26 where there is one for it, and our libraries, which are Python.

    The oldest Python is this test's own where it is the one that runs.
    """
    version, numpy = request.param, OLDEST_NUMPY if request.param < "3.13" else "numpy"
    python = sys.executable if version == f"{sys.version_info[0]}.{sys.version_info[1]}" else f"python{version}"
    pyenv = {"PYENV_VERSION": version}  # its commands are for one version at a time
    try:
        subprocess.run([python, "-c", "0"], env={**os.environ, **pyenv}, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"there is no Python {version}")
    target = Path(request.config.cache.mkdir(f"numpy-for-{version}"))
    if not (target / "numpy").exists():
        options = ["--no-deps", "--only-binary", ":all:", "--python-version", version, "--target", str(target)]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", *options, numpy]
        done = subprocess.run(pip, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"there is no NumPy for Python {version} to be had: {done.stderr.strip().splitlines()[-1]}")
    libraries = Path(find_module("networkx").origin).parent.parent
    return python, {**pyenv, "PYTHONPATH": os.pathsep.join(map(str, (target, ROOT, libraries)))}


def test_every_spec_has_the_same_bytes_under_other_pythons(other: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    python, environment = other
    assert json.loads(run([python, "-m", "tests.digests", str(SHIFT)], tmp_path, **environment)) == digests_here()


def test_generated_modules_run_under_other_pythons_and_numpys(
    other: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    python, environment = other
    expected = "1.26." if "3.13" not in environment["PYENV_VERSION"] else "2."
    assert run([python, "-c", "import numpy; print(numpy.__version__)"], tmp_path, **environment).startswith(expected)
    names = [path.stem for path in committed()]
    printed = run([python, "-c", COMPUTE, *names], tmp_path, **environment)
    assert printed.splitlines() == [f"{name} computes what it says" for name in names]
    assert "all 21 gradients agree" in run([python, "-m", "graphgen", "check", "lstm"], tmp_path, **environment)


# What is committed


def committed() -> list[Path]:
    return sorted(path for path in (ROOT / "generated").glob("*.py") if path.stem != "__init__")


def test_committed_modules_are_fresh() -> None:
    folder = ROOT / "generated"
    modules = build.compile_all(build.plan([], folder, None))
    assert build.differences(build.change(modules, folder, clean=True)) == []


def test_telling_modules_and_those_of_the_examples_are_committed() -> None:
    modules = {path.stem for path in (ROOT / "generated").glob("*.py")} - {"__init__"}
    assert modules < set(shipped_specs())
    assert {"lstm", "softmax_cross_entropy", "adam", "clip_by_norm"} < modules
