"""Modules on disk: what is to be built where, what is stale, and writing without half-written files."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graphgen.compiler import compile_file
from graphgen.errors import Fault, GraphgenError, SpecError
from graphgen.passes import DEFAULT
from graphgen.resources import find_spec, shipped_specs

_HEADER = re.compile(r"# Made by graphgen \S+ -O(\d) from (\S+)\.ya?ml ")


@dataclass(frozen=True)
class Job:
    """One spec to compile, and the folder its module goes to."""

    spec: Path
    folder: Path
    level: int


@dataclass(frozen=True)
class Module:
    """The text of a module and its place."""

    path: Path
    text: str


def plan(specs: Sequence[str], folder: Path, level: int | None) -> list[Job]:
    """A job for each spec; without any, one for each module in the folder, at the level it says it has."""
    if specs:
        return [Job(find_spec(spec), folder, DEFAULT if level is None else level) for spec in specs]
    jobs = []
    for path in sorted(folder.glob("*.py")):
        made = _HEADER.match(path.read_text("utf-8", errors="replace"))
        if made:
            name = made[2]
            if name not in shipped_specs():
                raise GraphgenError(f"{path} was made from {name}.yaml, which is not shipped: name its spec")
            jobs.append(Job(find_spec(name), folder, int(made[1]) if level is None else level))
    if not jobs:
        raise GraphgenError(f"there are no generated modules in {folder}; name a spec to build")
    return jobs


def compile_all(jobs: Sequence[Job]) -> list[Module]:
    """Every module, or the faults of every spec: nothing is written before all of them are compiled."""
    modules: dict[Path, Module] = {}
    faults: list[Fault] = []
    for job in jobs:
        try:
            done = compile_file(job.spec, job.level)
        except SpecError as error:
            faults += error.faults
            continue
        path = job.folder / f"{done.cell.name}.py"
        if path in modules:
            raise GraphgenError(f"two of the specs make {path}")
        modules[path] = Module(path, done.source)
    if faults:
        raise SpecError(*faults)
    return list(modules.values())


def differences(modules: Sequence[Module]) -> list[str]:
    """A diff for each module whose file is not what would be built."""
    diffs = []
    for module in modules:
        old = module.path.read_text("utf-8", errors="replace") if module.path.exists() else ""
        lines = difflib.unified_diff(
            old.splitlines(keepends=True),
            module.text.splitlines(keepends=True),
            f"{module.path}",
            "as built now",
        )
        diffs.append("".join(lines))
    return [diff for diff in diffs if diff]


def write_all(modules: Sequence[Module]) -> list[Path]:
    """Write each module to a temporary file and put it in place whole."""
    for module in modules:
        write_whole(module.path, module.text)
    return [module.path for module in modules]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that at no time half of it is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise GraphgenError(f"{path}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
