"""The same spec gives the same bytes: whatever the hash seed, whatever else is built, and as committed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphgen import build, passes
from graphgen.compiler import compile_file
from graphgen.resources import find_spec, shipped_specs

ROOT = Path(__file__).resolve().parent.parent
NAMES = ["lstm", "lstm_averaged", "gru_junction_rules", "softmax_cross_entropy"]
WITH_FUNCTIONS = """\
cell: swish_rnn
doc: A plain cell with functions of its own, whose derivatives SymPy makes.
source: this test
dims: {n_x: input features, n_h: hidden units, m: batch}
parameters: {W: [n_h, n_x], U: [n_h, n_h], beta: [n_h, 1]}
inputs: {x: [n_x, m]}
states: {h: [n_h, m]}
functions:
  "swish(u, beta)": u * sigmoid(beta * u)
  "bend(u, v)": swish(u, v) * tanh(u * v) + exp(-u * u) / (2 + sin(v))
equations:
  - z = W @ x + U @ h_prev
  - h = tanh(bend(z, beta) + swish(z, beta))
outputs: [h]
"""
PRINT_MODULES = """\
import sys
from pathlib import Path
from graphgen.compiler import compile_file

for argument in sys.argv[1:]:
    level, path = argument.split(":", 1)
    sys.stdout.write(compile_file(Path(path), int(level)).source)
"""


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A few specs, one of them with functions of its own."""
    path = tmp_path_factory.mktemp("specs") / "swish_rnn.yaml"
    path.write_text(WITH_FUNCTIONS, "utf-8")
    return [*map(find_spec, NAMES), path]


@pytest.fixture(scope="module")
def built_here(specs: list[Path]) -> bytes:
    return "".join(compile_file(path, level).source for level in passes.LEVELS for path in specs).encode()


@pytest.mark.parametrize("seed", range(20))
def test_bytes_do_not_depend_on_the_hash_seed(seed: int, specs: list[Path], built_here: bytes) -> None:
    arguments = [f"{level}:{path}" for level in passes.LEVELS for path in specs]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", PRINT_MODULES, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout.replace(b"\r\n", b"\n") == built_here


def test_bytes_do_not_depend_on_the_order_of_the_specs(tmp_path: Path) -> None:
    names = list(shipped_specs())
    folders = {tmp_path / "forwards": names, tmp_path / "backwards": names[::-1]}
    for folder, ordered in folders.items():
        command = [sys.executable, "-m", "graphgen", "build", *ordered, "-o", str(folder)]
        subprocess.run(command, capture_output=True, check=True)
    forwards, backwards = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert sorted(forwards) == [f"{name}.py" for name in sorted(names)]
    assert forwards == backwards


def test_committed_modules_are_fresh() -> None:
    folder = ROOT / "generated"
    modules = build.compile_all(build.plan([], folder, None))
    assert build.differences(build.change(modules, folder, clean=True)) == []


def test_telling_modules_and_those_of_the_examples_are_committed() -> None:
    modules = {path.stem for path in (ROOT / "generated").glob("*.py")} - {"__init__"}
    assert modules < set(shipped_specs())
    assert {*NAMES, "adam", "clip_by_norm"} < modules
