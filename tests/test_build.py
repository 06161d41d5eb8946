"""What a build may touch: its own folder, and there only what graphgen wrote and nobody edited."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from graphgen import build, manifest
from graphgen.cli import main
from graphgen.errors import GraphgenError

ROOT = Path(__file__).resolve().parent.parent
SPEC = """\
cell: NAME
dims: {n: features}
inputs: {x: [n]}
equations: [y = tanh(x)]
outputs: [y]
"""
DIGEST = hashlib.sha256(b"mine\n").hexdigest()  # of the file outside the output folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three specs, and a file beside the output folder that no build may touch."""
    monkeypatch.chdir(tmp_path)
    for name in "abc":
        Path(f"{name}.yaml").write_text(SPEC.replace("NAME", name), "utf-8")
    Path("outside.py").write_text("mine\n", "utf-8")
    return tmp_path


def run(*arguments: str, code: int = 0) -> str:
    """What `graphgen build ... -o out` prints."""
    result = CliRunner().invoke(main, ["build", *arguments, "-o", "out"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.output


def everything() -> dict[str, bytes | str]:
    """Every file below the working folder with what is in it, and every link with where it points."""
    paths = [path for path in Path().rglob("*") if path.is_symlink() or path.is_file()]
    return {str(path): os.readlink(path) if path.is_symlink() else path.read_bytes() for path in paths}


# What stands in the way


def foreign(path: Path) -> None:
    path.write_text("import os  # a module of the user's own\n", "utf-8")


def edited(path: Path) -> None:
    run("a.yaml")
    path.write_text(path.read_text("utf-8") + "# one more line\n", "utf-8")


def edited_in_its_header(path: Path) -> None:
    run("a.yaml")
    path.write_text(path.read_text("utf-8").replace("Do not edit", "Do edit"), "utf-8")


def edited_to_nothing(path: Path) -> None:
    run("a.yaml")
    path.write_bytes(b"")


def linked(path: Path) -> None:
    path.symlink_to("../outside.py")


def linked_in_place_of_a_module(path: Path) -> None:
    run("a.yaml")
    path.rename("moved.py")
    path.symlink_to("../moved.py")


def linked_to_nothing(path: Path) -> None:
    path.symlink_to("../no_such.py")


def unlisted(path: Path) -> None:
    run("a.yaml", "-O0")
    Path("out", manifest.NAME).unlink()


OBSTACLES: list[tuple[Callable[[Path], None], str]] = [
    (foreign, "was not written by graphgen"),
    (edited, "was edited by hand"),
    (edited_in_its_header, "was edited by hand"),
    (edited_to_nothing, "was edited by hand"),
    (linked, "is a symbolic link"),
    (linked_in_place_of_a_module, "is a symbolic link"),
    (linked_to_nothing, "is a symbolic link"),
    (unlisted, "was not written by graphgen"),
]
obstacles = pytest.mark.parametrize(("obstruct", "objection"), OBSTACLES, ids=[f.__name__ for f, _ in OBSTACLES])


@obstacles
def test_a_file_that_is_not_ours_stops_the_build(obstruct: Callable[[Path], None], objection: str) -> None:
    Path("out").mkdir()
    obstruct(Path("out/a.py"))
    before = everything()
    printed = run("b.yaml", "a.yaml", code=2)
    assert f"{Path('out/a.py')} {objection}" in printed
    assert "--force" in printed
    assert everything() == before


@obstacles
def test_force_replaces_it_and_nothing_outside(obstruct: Callable[[Path], None], objection: str) -> None:
    Path("out").mkdir()
    obstruct(Path("out/a.py"))
    outside = {path: content for path, content in everything().items() if not path.startswith("out")}
    run("a.yaml", "--force")
    assert not Path("out/a.py").is_symlink()
    assert run("a.yaml", "--check") == "1 modules are fresh\n"
    assert {path: content for path, content in everything().items() if not path.startswith("out")} == outside


def test_every_file_in_the_way_is_named_at_once() -> None:
    run("a.yaml", "b.yaml", "c.yaml")
    for name in "ac":
        Path(f"out/{name}.py").write_text("edited\n", "utf-8")
    printed = run("a.yaml", "b.yaml", "c.yaml", code=2)
    assert [name in printed for name in ("a.py", "b.py", "c.py")] == [True, False, True]


def test_a_folder_in_place_of_a_module_is_a_message_even_when_forced() -> None:
    Path("out/a.py").mkdir(parents=True)
    for options in ([], ["--force"], ["--check"]):
        assert f"graphgen: {Path('out/a.py')}: " in run("a.yaml", *options, code=2)
    assert list(Path("out/a.py").iterdir()) == []


def test_a_link_where_a_module_is_first_written_is_not_followed() -> None:
    Path("out").mkdir()
    Path("out/.a.py.new").symlink_to("../outside.py")
    run("a.yaml")
    assert Path("outside.py").read_text("utf-8") == "mine\n"
    assert sorted(os.listdir("out")) == ["a.py", manifest.NAME]


def test_a_file_as_it_would_be_built_is_taken_over_without_a_manifest() -> None:
    run("a.yaml")
    before = everything()
    Path("out", manifest.NAME).unlink()
    run("a.yaml")
    assert everything() == before


# The manifest


def test_the_manifest_lists_the_digest_of_every_module() -> None:
    run("c.yaml", "a.yaml")
    run("b.yaml")
    lines = Path("out", manifest.NAME).read_text("utf-8").splitlines()
    digests = {name: hashlib.sha256(Path("out", name).read_bytes()).hexdigest() for name in ("a.py", "b.py", "c.py")}
    assert lines[0].startswith("#")
    assert lines[1:] == [f"{digest}  {name}" for name, digest in digests.items()]


def test_a_module_that_was_removed_by_hand_leaves_the_manifest() -> None:
    run("a.yaml", "b.yaml")
    Path("out/a.py").unlink()
    run("b.yaml")
    assert list(manifest.read(Path("out"))) == ["b.py"]


def test_check_shows_a_manifest_that_is_stale() -> None:
    run("a.yaml")
    path = Path("out", manifest.NAME)
    path.write_text(path.read_text("utf-8").replace("a.py", "b.py"), "utf-8")
    assert f"--- {path}\n" in run("a.yaml", "--check", code=1)


@pytest.mark.parametrize(
    "entry",
    [
        f"{DIGEST}  ../outside.py",
        f"{DIGEST}  out/../../outside.py",
        f"{DIGEST}  {Path.cwd().anchor}outside.py",
        f"{DIGEST}  ..\\outside.py",
        f"{DIGEST}  sub/outside.py",
        f"{DIGEST}  ./outside.py",
        f"{DIGEST}  .outside.py",
        f"{DIGEST}  __init__.py",
        f"{DIGEST}  outside.yaml",
        f"{DIGEST}  outside.py ",
        f"{DIGEST}  öutside.py",
        f"{DIGEST} *outside.py",
        f"{DIGEST[:-1]}  outside.py",
        f"{DIGEST.upper()}  outside.py",
        "outside.py",
        "<<<<<<< HEAD",
        "",
    ],
)
@pytest.mark.parametrize("options", [[], ["--clean"], ["--clean", "--force"], ["--check"]], ids=" ".join)
def test_an_entry_that_no_build_writes_is_an_error_with_its_line(entry: str, options: list[str]) -> None:
    run("a.yaml")
    with Path("out", manifest.NAME).open("a", encoding="utf-8") as file:
        file.write(f"{entry}\n")
    before = everything()
    assert f"{Path('out', manifest.NAME)}:3: expected a digest and the name of a module" in run(
        "a.yaml", *options, code=2
    )
    assert everything() == before


# --clean


def test_clean_removes_what_no_spec_makes_any_more_and_nothing_else() -> None:
    run("a.yaml", "b.yaml", "c.yaml")
    Path("out/__init__.py").write_text("", "utf-8")
    Path("out/mine.py").write_text(Path("out/b.py").read_text("utf-8"), "utf-8")  # a copy is the user's
    printed = run("a.yaml", "--clean")
    assert printed == f"wrote {Path('out/a.py')}\nremoved {Path('out/b.py')}\nremoved {Path('out/c.py')}\n"
    assert sorted(os.listdir("out")) == ["__init__.py", "a.py", manifest.NAME, "mine.py"]
    assert list(manifest.read(Path("out"))) == ["a.py"]


def test_a_build_without_clean_leaves_the_modules_of_others() -> None:
    run("a.yaml", "b.yaml")
    run("a.yaml")
    assert list(manifest.read(Path("out"))) == ["a.py", "b.py"]
    assert Path("out/b.py").exists()


@pytest.mark.parametrize("obstruct", [edited, linked_in_place_of_a_module])
def test_clean_keeps_what_was_edited_unless_forced(obstruct: Callable[[Path], None]) -> None:
    Path("out").mkdir()
    obstruct(Path("out/a.py"))
    before = everything()
    assert "out" in run("b.yaml", "--clean", code=2)
    assert everything() == before
    run("b.yaml", "--clean", "--force")
    assert sorted(os.listdir("out")) == ["b.py", manifest.NAME]
    assert {path for path in before if not path.startswith("out")} <= set(everything())


def test_check_and_clean_show_what_is_stale_and_remove_nothing() -> None:
    run("a.yaml", "b.yaml")
    before = everything()
    assert "  b.py\n" in run("a.yaml", "--clean", "--check", code=1)
    assert everything() == before


def test_clean_without_a_spec_is_wrong_usage() -> None:
    run("a.yaml")
    assert "--clean needs the specs whose modules are to stay" in run("--clean", code=2)
    assert Path("out/a.py").exists()


# Kills, and builds at once


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_kill_leaves_whole_files_that_are_known() -> None:
    kills = int(in_small_process("out"))
    assert kills > 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_builds_at_once_all_find_their_modules_in_the_manifest() -> None:
    in_small_process("out", "--at-once")


def in_small_process(*arguments: str) -> str:
    """What `python -m tests.kill` prints, which forks and so must have no threads."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.kill", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_folder_of_a_build_is_free_again_after_an_error() -> None:
    run("a.yaml")
    Path("out/a.py").write_text("edited\n", "utf-8")
    for _ in range(2):
        with pytest.raises(GraphgenError, match="edited by hand"):
            build.write_all({"a.py": "new\n"}, Path("out"), force=False, clean=False)
