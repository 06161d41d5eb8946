"""Results on disk: the command, the machine, and every sample."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.measure import Result
from benchmarks.problem import Shape
from graphgen.files import write_whole

DIGITS = 5


@dataclass(frozen=True)
class Results:
    """One run of the benchmarks; in a file, each result is a line."""

    command: str
    machine: dict[str, str]
    results: list[Result]

    def write(self, path: Path) -> None:
        """Write JSON; the medians are there for its readers only."""
        records = [asdict(result) | {"medians": result.medians} for result in self.results]
        head = json.dumps({"command": self.command, "machine": self.machine}, indent=1).removesuffix("\n}")
        lines = ",\n".join(f"  {json.dumps(rounded(record))}" for record in records)
        write_whole(path, f'{head},\n "results": [\n{lines}\n ]\n}}\n')


def read(path: Path) -> Results:
    """The results in a file."""
    content = json.loads(path.read_text("utf-8"))
    return Results(content["command"], content["machine"], [result(record) for record in content["results"]])


def result(record: dict[str, Any]) -> Result:
    """A result from what was written of it."""
    known = {field.name: record[field.name] for field in fields(Result)}
    shape = known["shape"] and Shape(*known["shape"])
    return Result(**known | {"shape": shape, "absent": tuple(known["absent"])})


def rounded(value: object) -> object:
    """Numbers with as many digits as mean something."""
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: rounded(item) for key, item in value.items()}
        case list():
            return [rounded(item) for item in value]
    return value
