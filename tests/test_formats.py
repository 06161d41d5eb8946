"""Faults as `check` and `build` tell them: to people on stderr, to editors and to GitHub on stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from graphgen.cli import main
from graphgen.faults import EXAMPLE, KINDS
from graphgen.ops.linear import Transpose

BAD = EXAMPLE.replace("init: zeros", "init: zero").replace("tanh(z)", "tahnh(z)")
FOUND = [
    {
        "code": "init",
        "message": "there is no init 'zero' without a value",
        "expected": KINDS["init"].expected,
        "cure": KINDS["init"].cure,
        "file": "bad.yaml",
        "line": 7,
        "column": 28,
        "end_column": 32,
    },
    {
        "code": "unknown-function",
        "message": "there is no function 'tahnh'",
        "expected": KINDS["unknown-function"].expected,
        "cure": "did you mean 'tanh'?",
        "file": "bad.yaml",
        "line": 15,
        "column": 9,
        "end_column": 14,
    },
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(EXAMPLE, "utf-8")
    Path("bad.yaml").write_text(BAD, "utf-8")
    Path("worse.yaml").write_text("cell: 2d\nequations: [y = 1]\noutputs: [y]\n", "utf-8")


def run(*arguments: str, code: int) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize("command", ["check", "build"])
def test_json_is_a_list_of_the_faults_and_nothing_else_on_stdout(command: str) -> None:
    result = run(command, "bad.yaml", "--format", "json", code=1)
    assert json.loads(result.stdout) == FOUND
    assert result.stderr == ""


@pytest.mark.parametrize("command", ["check", "build"])
def test_json_without_faults_is_an_empty_list_and_what_people_read_is_on_stderr(command: str) -> None:
    result = run(command, "good.yaml", "--format", "json", code=0)
    assert json.loads(result.stdout) == []
    assert result.stderr


@pytest.mark.parametrize("command", ["check", "build"])
def test_github_gets_a_command_for_each_fault(command: str) -> None:
    result = run(command, "bad.yaml", "--format", "github", code=1)
    assert result.stdout.splitlines()[-1] == (
        "::error file=bad.yaml,line=15,col=9,endColumn=14,title=unknown-function"
        "::there is no function 'tahnh'%0Adid you mean 'tanh'?"
    )
    assert len([line for line in result.stdout.splitlines() if line.startswith("::error ")]) == 2


def test_a_fault_cannot_end_the_command_that_tells_it() -> None:
    name = "a,b:c%.yaml"
    Path(name).write_text(EXAMPLE.replace("source:", '"x%0A::error\\n::stop":'), "utf-8")
    (line,) = run("build", name, "--format", "github", code=1).stdout.splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25.yaml,line=3,")
    assert "x%250A::error\N{REPLACEMENT CHARACTER}::stop" in line


@pytest.mark.parametrize("command", ["check", "build"])
def test_text_goes_to_stderr_with_the_faults_of_every_spec(command: str) -> None:
    result = run(command, "bad.yaml", "good.yaml", "worse.yaml", code=1)
    told = [line.split(": ")[0] for line in result.stderr.splitlines() if ".yaml:" in line]
    assert told == ["bad.yaml:7:28", "bad.yaml:15:9", "worse.yaml:1:7", "worse.yaml:2:17"]


def test_a_build_with_a_faulty_spec_writes_nothing() -> None:
    run("build", "good.yaml", "bad.yaml", "--format", "json", code=1)
    assert not Path("generated").exists()


def test_a_wrong_gradient_is_told_at_the_head_of_its_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transpose, "vjp", lambda self, dz, y, *inputs, **attrs: (2 * dz,))
    Path("good.yaml").write_text(
        "cell: good\ndims: {n: size}\ninputs: {x: [n, n]}\nequations: [y = x.T]\noutputs: [y]\n", "utf-8"
    )
    (fault,) = json.loads(run("check", "good.yaml", "--format", "json", code=1).stdout)
    assert (fault["code"], fault["file"], fault["line"]) == ("gradient", "good.yaml", 1)
    assert fault["message"].startswith("forward: x[")


def test_a_stale_module_is_a_fault_at_its_first_line_that_differs() -> None:
    run("build", "good.yaml", code=0)
    path = Path("generated/demo.py")
    path.write_text(path.read_text("utf-8").replace("import numpy as np\n", "import numpy\n"), "utf-8")
    (fault,) = json.loads(run("build", "good.yaml", "--check", "--format", "json", code=1).stdout)
    assert (fault["code"], fault["file"], fault["column"]) == ("stale", str(path), 1)
    assert path.read_text("utf-8").splitlines()[fault["line"] - 1] == "import numpy"
    assert fault["message"] == "demo.py is not what is built now"
    github = run("build", "good.yaml", "--check", "--format", "github", code=1).stdout
    assert f"::error file={path},line={fault['line']},col=1," in github


def test_a_module_that_is_not_there_is_a_fault_too() -> None:
    faults = json.loads(run("build", "good.yaml", "--check", "--format", "json", code=1).stdout)
    assert [(fault["code"], fault["file"], fault["line"]) for fault in faults] == [
        ("stale", f"generated/{file}", 1) for file in ("demo.py", "graphgen.sha256")
    ]


def test_a_chain_of_equations_too_long_to_compile_is_a_message() -> None:
    chain = "".join(f"  - a{i + 1} = tanh(a{i}) + x\n" for i in range(1500))
    head = "cell: chain\ndims: {n: size}\nparameters: {w: [n]}\ninputs: {x: [n]}\nequations:\n  - a0 = x * w\n"
    Path("chain.yaml").write_text(f"{head}{chain}outputs: [a1500]\n", "utf-8")
    result = CliRunner().invoke(main, ["build", "chain.yaml"])
    assert result.exit_code == 0 or "too long a chain" in result.stderr
