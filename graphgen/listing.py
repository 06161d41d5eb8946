"""What there is: the shipped specs and the operations."""

from __future__ import annotations

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.elaborate.arguments import usage
from graphgen.ir.op import OPS
from graphgen.resources import folder, shipped_specs
from graphgen.spec.reader import read


def cells() -> str:
    """Each shipped spec's name and what it is, by folder."""
    lines, group = [], ""
    for name, path in shipped_specs().items():
        if path.parent.name != group:
            group = path.parent.name
            lines.append(f"{group}:")
        lines.append(f"  {name:24}{_first_sentence(read(path).doc)}")
    return "\n".join(lines) + f"\n\nin {folder('specs')}\n"


def ops() -> str:
    """Each operation's usage and what it is."""
    public = sorted((op for op in OPS.values() if op.public), key=lambda op: op.name)
    return "".join(f"{usage(op):44}{_first_sentence(op.__doc__ or '')}\n" for op in public)


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).split(". ")[0].rstrip(".")
