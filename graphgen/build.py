"""Modules on disk: what is to be built where, what is stale, and writing over nothing that is not ours."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from graphgen import manifest
from graphgen.compiler import compile_file
from graphgen.errors import Fault, GraphgenError, Position, SpecError
from graphgen.files import alone_in, remove, told_of, write_whole
from graphgen.manifest import Digests
from graphgen.passes import DEFAULT
from graphgen.resources import find_spec, shipped_specs

_HEADER = re.compile(r"# Made by graphgen \S+ -O(\d) from (\S+)\.ya?ml ")

Modules = Mapping[str, str]  # text by file name, which is a cell's name: it cannot lead out of the folder


@dataclass(frozen=True)
class Job:
    """One spec to compile."""

    spec: Path
    level: int


@dataclass(frozen=True)
class Change:
    """What a build does to a folder whose manifest lists files: modules to write, and stale ones to remove."""

    folder: Path
    modules: Modules
    stale: tuple[str, ...]
    listed: Digests

    @property
    def new(self) -> Digests:
        """The digests of what it writes."""
        return {file: {manifest.digest_of(text)} for file, text in self.modules.items()}

    @property
    def under_way(self) -> Digests:
        """Old digests and new ones: whenever a kill comes, each file has one that is listed."""
        return {file: self.listed.get(file, set()) | self.new.get(file, set()) for file in [*self.listed, *self.new]}

    @property
    def done(self) -> Digests:
        """What the manifest lists at the end: what is written now, and what earlier builds wrote and is there."""
        left = {file: known for file, known in self.listed.items() if (self.folder / file).exists()}
        return {file: known for file, known in {**left, **self.new}.items() if file not in self.stale}


@dataclass(frozen=True)
class Difference:
    """A file that is not what would be built: told at its first line that differs, and as a diff."""

    fault: Fault
    diff: str


def plan(specs: Sequence[str], folder: Path, level: int | None) -> list[Job]:
    """A job for each spec; without any, one for each module in the folder, at the level it says it has."""
    if specs:
        return [Job(find_spec(spec), DEFAULT if level is None else level) for spec in specs]
    jobs = []
    for path in sorted(folder.glob("*.py")):
        with told_of(path):
            made = path.is_file() and _HEADER.match(path.read_text("utf-8", errors="replace"))
        if made:
            name = made[2]
            if name not in shipped_specs():
                raise GraphgenError(f"{path} was made from {name}.yaml, which is not shipped: name its spec")
            jobs.append(Job(find_spec(name), int(made[1]) if level is None else level))
    if not jobs:
        raise GraphgenError(f"there are no generated modules in {folder}; name a spec to build")
    return jobs


def compile_all(jobs: Sequence[Job]) -> Modules:
    """Every module, or the faults of every spec: nothing is written before all of them are compiled."""
    modules: dict[str, str] = {}
    faults: list[Fault] = []
    for job in jobs:
        try:
            done = compile_file(job.spec, job.level)
        except SpecError as error:
            faults += error.faults
            continue
        file = f"{done.cell.name}.py"
        if file in modules:
            raise GraphgenError(f"two of the specs make {file}")
        modules[file] = done.source
    if faults:
        raise SpecError(*faults)
    return modules


def change(modules: Modules, folder: Path, clean: bool) -> Change:
    """What is to be done to a folder; to clean it, every listed file that is not built again is stale."""
    listed = manifest.read(folder)
    stale = tuple(file for file in sorted(listed) if file not in modules) if clean else ()
    return Change(folder, modules, stale, listed)


def differences(change: Change) -> list[Difference]:
    """What differs in each file, the manifest last, that is not what would be built."""
    texts = {**change.modules, manifest.NAME: manifest.show(change.done)}
    found = [_difference(change.folder / file, text) for file, text in texts.items()]
    return [difference for difference in found if difference.diff]


def _difference(path: Path, text: str) -> Difference:
    with told_of(path):
        old = path.read_text("utf-8", errors="replace") if path.exists() else ""
    lines, new = old.splitlines(keepends=True), text.splitlines(keepends=True)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines, new)))
    place = Position(str(path), alike + 1, 1, 1, "".join(lines[alike : alike + 1]).rstrip())
    fault = Fault("stale", f"{path.name} is not what is built now", place)
    return Difference(fault, "".join(difflib.unified_diff(lines, new, str(path), "as built now")))


def write_all(modules: Modules, folder: Path, force: bool, clean: bool) -> Change:
    """Write the modules and, to clean, remove the stale ones, each file whole or not at all.

    A file that graphgen did not write, or that was edited by hand, is an error before any is written, unless forced.
    """
    with alone_in(folder):
        todo = change(modules, folder, clean)
        if not force:
            _protect(todo)
        write_whole(folder / manifest.NAME, manifest.show(todo.under_way))
        for file, text in modules.items():
            write_whole(folder / file, text)
        for file in todo.stale:
            remove(folder / file)
        write_whole(folder / manifest.NAME, manifest.show(todo.done))
    return todo


def _protect(todo: Change) -> None:
    """Refuse to replace or remove what is not ours as we wrote it."""
    objections = [
        manifest.objection(todo.folder / file, todo.listed.get(file, set()), todo.new.get(file, set()))
        for file in [*todo.modules, *todo.stale]
    ]
    told = [objection for objection in objections if objection]
    if told:
        cure = "nothing was written; move what you want to keep away, or lose it with --force"
        raise GraphgenError("\n".join([*told, f"  {cure}"]))
