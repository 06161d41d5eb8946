"""Builds that are killed, and builds that run at once: each a process of its own, forked from a small one.

`python -m tests.kill FOLDER` kills a build at every line of the rooms that write, once at each, and prints how many.
`python -m tests.kill FOLDER --at-once` runs builds of different modules into one folder at the same time.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from graphgen import build, files, manifest

ROOMS = {build.__file__, files.__file__, manifest.__file__}
VERSIONS = [
    {"a.py": f"# a{n}\n" * 3000, "b.py": f"# b{n}\n", f"only_{n}.py": "# stale in the others\n"} for n in range(3)
]


def kill_at_every_line(folder: Path) -> int:
    """Whenever a build is killed, each file is whole, and the next build knows what is ours and clears up."""
    old, new, other = VERSIONS
    build.write_all(old, folder, force=False, clean=True)
    for tries in count():
        if not _killed(lambda new=new: build.write_all(new, folder, force=False, clean=True), tries):
            return tries
        for path in folder.glob("[!.]*"):  # what is hidden is no one's module yet
            whole = path.read_text("utf-8") in (old.get(path.name), new.get(path.name))
            assert whole or (path.name == manifest.NAME and manifest.read(folder)), f"{path} after {tries} lines"
        build.write_all(other, folder, force=False, clean=True)
        assert {path.name for path in folder.iterdir()} == {*other, manifest.NAME}, f"after {tries} lines"
        old, new, other = other, old, new
    raise AssertionError


def build_at_once(folder: Path) -> None:
    """Builds that write one folder's manifest at the same time all find their modules in it."""
    names = [f"m{number}.py" for number in range(8)]
    for child in [_fork(lambda name=name: _build_often(name, folder)) for name in names]:
        assert os.waitpid(child, 0)[1] == 0
    assert sorted(manifest.read(folder)) == names


def _build_often(name: str, folder: Path) -> None:
    for number in range(20):
        build.write_all({name: f"# {number}\n"}, folder, force=False, clean=False)


def _killed(work: Callable[[], Any], lines: int) -> bool:
    """Whether the work was cut off by a SIGKILL after so many lines of the rooms; it must not fail on its own."""
    left = iter(range(lines))

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in ROOMS:
            return None
        if event == "line" and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def traced() -> None:
        sys.settrace(trace)
        work()

    status = os.waitpid(_fork(traced), 0)[1]
    assert status in (0, signal.SIGKILL)
    return status != 0


def _fork(work: Callable[[], Any]) -> int:
    """The process that does some work and ends: with 0, or 1 if it failed."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    if "--at-once" in sys.argv:
        build_at_once(Path(sys.argv[1]))
    else:
        print(kill_at_every_line(Path(sys.argv[1])))
