"""Files written whole, and by one process at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphgen.errors import GraphgenError

if sys.platform != "win32":
    import fcntl


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """What the system objects to, as a message that names the file."""
    try:
        yield
    except OSError as error:
        raise GraphgenError(f"{path}: {error.strerror or error}") from None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that at no time half of it is there; a link is replaced, not followed."""
    fresh = _unfinished(path)
    with told_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)  # the rest of a write that was killed
        try:
            with fresh.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def remove(path: Path) -> None:
    """Remove a file, if it is there, and what a kill left of it; of a link, the link."""
    with told_of(path):
        path.unlink(missing_ok=True)
        _unfinished(path).unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    """Where a file is written before it is put in place."""
    return path.with_name(f".{path.name}.new")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes a folder, and lets no other build write to it meanwhile; the lock leaves no file and ends with us."""
    with told_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":  # has no locks on folders
        yield
        return
    with told_of(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        with told_of(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
