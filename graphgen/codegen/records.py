"""The records of a module: what a spec uses has a record of its own within that of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from graphgen.codegen.program import Field, Record
from graphgen.codegen.text import call
from graphgen.contract import record_name
from graphgen.spec.model import Cell

T = TypeVar("T")
DOCS = {
    "parameters": "What the cell learns; as gradients, one for each.",
    "inputs": "What a step reads; as gradients, one for each.",
    "state": "What a step hands on to the next; as cotangents, one for each, or None.",
    "outputs": "What a step computes; as cotangents, one for each, or None.",
}
FORWARD_DOCS = {
    "parameters": "What is set once and for all steps.",
    "inputs": "What a step reads.",
    "state": "What a step hands on to the next.",
    "outputs": "What a step computes.",
}


def construct(group: str, values: Mapping[str, str], indent: int = 0, path: str = "") -> str:
    """The call that makes a record; a value "encoder.W_g" belongs in a record within it."""
    own, within = _apart(values)
    inner = {use: construct(group, rest, indent + 4, f"{path}{use}.") for use, rest in within.items()}
    return call(record_name(group, path.removesuffix(".")), {**own, **inner}, indent)


def definitions(group: str, types: Mapping[str, str], cell: Cell, path: str = "") -> Iterator[Record]:
    """The record of a group, after those within it."""
    own, within = _apart(types)
    for use, rest in within.items():
        used = next(one.cell for one in cell.uses if one.name == use)
        yield from definitions(group, rest, used, f"{path}{use}.")
    fields = [Field(name, text) for name, text in own.items()]
    fields += [Field(use, record_name(group, path + use)) for use in within]
    docs = DOCS if cell.backward else FORWARD_DOCS
    doc = f"What {path.removesuffix('.')}, which is {cell.name}, learns." if path else docs[group]
    yield Record(record_name(group, path.removesuffix(".")), doc, tuple(fields))


def _apart(values: Mapping[str, T]) -> tuple[dict[str, T], dict[str, dict[str, T]]]:
    """The values by name, and those of each record within by the rest of their paths."""
    own: dict[str, T] = {}
    within: dict[str, dict[str, T]] = {}
    for path, value in values.items():
        use, _, rest = path.partition(".")
        if rest:
            within.setdefault(use, {})[rest] = value
        else:
            own[path] = value
    return own, within
