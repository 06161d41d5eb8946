"""The manifest of a folder: the digest of every module that graphgen wrote there, as `sha256sum -c` reads it.

A file that it does not list is not ours, and one whose digest is another was edited by hand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Set
from pathlib import Path

from graphgen.errors import GraphgenError
from graphgen.files import told_of

NAME = "graphgen.sha256"
_ABOUT = "# Written by graphgen build: its modules here, to know those that were edited by hand."
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z]\w*\.py)", re.ASCII)  # a bare name: nothing leads out of the folder

Digests = Mapping[str, Set[str]]  # of each file; more than one while a build is under way, or after its kill


def read(folder: Path) -> Digests:
    """What the manifest of a folder lists: nothing if there is none, a GraphgenError if it cannot be read."""
    path = folder / NAME
    with told_of(path):
        lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
    digests: dict[str, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        entry = _LINE.fullmatch(line)
        if entry:
            digests.setdefault(entry[2], set()).add(entry[1])
        elif not line.startswith("#"):
            cure = "bring the file back as it was, or delete it and build with --force"
            raise GraphgenError(f"{path}:{number}: expected a digest and the name of a module\n  {cure}")
    return digests


def show(digests: Digests) -> str:
    """The text of a manifest."""
    lines = (f"{digest}  {name}" for name in sorted(digests) for digest in sorted(digests[name]))
    return "\n".join([_ABOUT, *lines]) + "\n"


def digest_of(text: str) -> str:
    """The digest of a module with this text."""
    return hashlib.sha256(text.encode()).hexdigest()


def objection(path: Path, listed: Set[str], new: Set[str]) -> str:
    """Why a file may not be replaced or removed, given digests as listed and as built now; empty if it may."""
    with told_of(path):
        if path.is_symlink():
            return f"{path} is a symbolic link, which graphgen did not make"
        if not path.exists():
            return ""
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found in listed | new:
        return ""
    return f"{path} was edited by hand" if listed else f"{path} was not written by graphgen: it is not in {NAME}"
