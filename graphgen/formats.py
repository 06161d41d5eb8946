"""Faults as text for people, as JSON for editors, as annotations for GitHub."""

from __future__ import annotations

import json
from collections.abc import Sequence

from graphgen.errors import Fault
from graphgen.faults import KINDS


def as_text(faults: Sequence[Fault]) -> str:
    """Each with its line, carets and cure."""
    return "\n".join(map(str, faults))


def as_json(faults: Sequence[Fault]) -> str:
    """A list of objects; lines and columns count from 1, `end_column` is behind the last character."""
    return json.dumps([_fields(fault) for fault in faults], indent=2, ensure_ascii=False)


def as_github(faults: Sequence[Fault]) -> str:
    """A workflow command each, which GitHub shows beside the line."""
    return "\n".join(map(_command, faults))


FORMATS = {"text": as_text, "json": as_json, "github": as_github}


def _fields(fault: Fault) -> dict[str, str | int]:
    place = fault.position
    return {
        "code": fault.code,
        "message": fault.message,
        "expected": KINDS[fault.code].expected,
        "cure": fault.cure,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_column": place.end,
    }


def _command(fault: Fault) -> str:
    place = fault.position
    file = _escaped(place.file).replace(":", "%3A").replace(",", "%2C")
    where = f"file={file},line={place.line},col={place.column},endColumn={place.end}"
    message = _escaped(f"{fault.message}\n{fault.cure}")
    return f"::error {where},title={fault.code}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
