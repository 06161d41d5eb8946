"""What there is: the shipped specs and the operations."""

from __future__ import annotations

import sys

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.elaborate.arguments import usage
from graphgen.ir.op import OPS, Op
from graphgen.ops.composite import Composite, FormulaComposite
from graphgen.ops.declare import Elementwise
from graphgen.resources import folder, shipped_specs
from graphgen.spec.reader import read


def cells() -> str:
    """Each shipped spec's name and what it is, by folder."""
    lines, group = [], ""
    for name, path in shipped_specs().items():
        if path.parent.name != group:
            group = path.parent.name
            lines.append(f"{group}:")
        lines.append(f"  {name:28}{_first_sentence(read(path).doc)}")
    return "\n".join(lines) + f"\n\nin {folder('specs')}\n"


def ops() -> str:
    """Each operation's usage and what it is."""
    public = sorted((op for op in OPS.values() if op.public), key=lambda op: op.name)
    return "".join(f"{usage(op):44}{_first_sentence(op.__doc__ or '')}\n" for op in public)


def reference() -> str:
    """The operations as `docs/ops.md` has them: room by room, each with its rule and an example."""
    rooms: dict[str, list[Op]] = {}
    for op in OPS.values():
        if op.public or op.samples:
            rooms.setdefault(_room(op), []).append(op)
    lines = [INTRODUCTION]
    for room in sorted(rooms):
        title = (sys.modules[f"graphgen.ops.{room}"].__doc__ or "").strip().split("\n")[0].rstrip(".")
        lines.append(f"## {title}\n")
        lines += [_entry(op) for op in rooms[room]]
    return "\n".join(lines)


INTRODUCTION = """\
# The operations

Written from the registry by `graphgen list ops --reference`; CI proves it fresh.  In a rule `dz` is the cotangent of
the result, `y` the result, and what an operand was broadcast along is summed at the end, everywhere.  A sign such as
`+` or `@` is the operation's usual spelling in a spec; its name works too.
"""


def _room(op: Op) -> str:
    return op.room.rsplit(".", 1)[1]


def _entry(op: Op) -> str:
    doc = " ".join((op.__doc__ or "").split())
    text = [f"### `{usage(op)}`\n", f"{doc}\n"]
    if isinstance(op, Elementwise) and op.differentiable:
        rules = ", ".join(f"`d{name} = {rule}`" for name, rule in zip(op.operands, op.rules) if rule)
        text.append(f"Junction rule: {rules}.\n")
    if isinstance(op, FormulaComposite):
        text.append(f"Written out as `{op.text}`.\n")
    elif isinstance(op, Composite):
        text.append("Written out in simpler operations, whose rules apply.\n")
    if op.samples:
        shapes = ", ".join(f"{name} {list(shape)}" for name, shape in op.samples[0].shapes.items())
        text.append(f"Example: `{op.samples[0].text}`" + (f" with {shapes}.\n" if shapes else ".\n"))
    return "\n".join(text)


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).split(". ")[0].rstrip(".")
