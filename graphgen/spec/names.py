"""Which names a spec may give: what Python allows, less what the generated module needs for itself."""

from __future__ import annotations

import builtins
import keyword
import re

from graphgen.contract import HELPER_NAMES, MODULE_NAMES
from graphgen.spec.source import Part

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def check_name(part: Part, what: str) -> str:
    """The name in a scalar, or a SpecError that says why it cannot be one."""
    name = part.text(f"the name of {what}")
    objection = object_to(name)
    if objection:
        raise part.fail(*objection)
    return name


def object_to(name: str) -> tuple[str, str, str] | None:
    """Why a name cannot be one: the fault's code, what is wrong, a cure; None if it can."""
    free = f"another name, such as {name}_1, is free"
    if not IDENTIFIER.fullmatch(name):
        return "name-form", f"{name!r} is no name", "a name is a letter, then letters, digits and _"
    if keyword.iskeyword(name) or hasattr(builtins, name):
        return "name-of-python", f"'{name}' already means something in Python", free
    if name in MODULE_NAMES or name in HELPER_NAMES:
        return "name-of-module", f"the generated module needs the name '{name}' itself", free
    return None
