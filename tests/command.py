"""The command at work in a folder with a good spec and a bad one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from graphgen import manifest
from graphgen.cli import main

GOOD = """\
cell: good
dims: {n: features}
inputs: {x: [n]}
equations:
  - y = x * sigmoid(x)
outputs: [y]
"""
BAD = GOOD.replace("good", "bad").replace("sigmoid(x)", "sigmoid(q)")


@pytest.fixture
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
