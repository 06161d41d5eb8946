"""What is installed works on its own, and what is generated needs NumPy alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for path in (ROOT / "generated").glob("*.py") if path.stem != "__init__")
IMPORT_WITH_NUMPY_ONLY = """\
import importlib.util
import sys


class NumpyOnly:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"numpy", *sys.stdlib_module_names}:
            raise ImportError(f"{name} is not there")


sys.meta_path.insert(0, NumpyOnly())
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("module", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
assert "graphgen" not in sys.modules
print(len(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the package in it, to stand first on the path."""
    target = tmp_path_factory.mktemp("target")
    quiet = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    run([sys.executable, "-m", "pip", "install", *quiet, "--target", str(target), str(wheel)], target)
    return target


def run(command: list[str], folder: Path, path: Path | None = None) -> str:
    """The output of a command that succeeds, run in a folder, with another folder first on Python's path."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_wheel_built_twice_is_the_same(wheel: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True, capture_output=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("folder", ["templates", "specs"])
def test_the_wheel_carries(folder: str, wheel: Path) -> None:
    files = {str(path.relative_to(ROOT).as_posix()) for path in (ROOT / folder).rglob("*") if path.is_file()}
    names = zipfile.ZipFile(wheel).namelist()
    assert files
    assert {f"graphgen/{file}" for file in files} <= set(names)
    assert len(names) == len(set(names))


def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    assert "graphgen/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_installed_command_checks_and_builds(installed: Path, tmp_path: Path) -> None:
    where = "from graphgen import resources as r; print(r.__file__, r.folder('templates'), r.find_spec('lstm'))"
    places = run([sys.executable, "-c", where], tmp_path, installed).split()
    assert len(places) == 3
    assert all(Path(place).is_relative_to(installed) for place in places)

    graphgen = [sys.executable, "-m", "graphgen"]
    assert "W_g" in run([*graphgen, "check", "lstm"], tmp_path, installed)
    run([*graphgen, "build", "lstm", "-o", "modules"], tmp_path, installed)
    built = tmp_path / "modules" / "lstm.py"
    assert built.read_bytes() == (ROOT / "generated" / "lstm.py").read_bytes()


def test_generated_modules_import_where_only_numpy_is() -> None:
    command = [sys.executable, "-c", IMPORT_WITH_NUMPY_ONLY, *map(str, MODULES)]
    assert run(command, ROOT / "generated").strip() == str(len(MODULES))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_generated_module_needs_nothing_but_numpy(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(f"{'.' * node.level}{node.module or ''}")
    assert imported <= {"sys", "typing", "numpy"}
    assert "numpy" in imported
