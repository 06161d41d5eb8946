"""What there is: the shipped specs, the operations, and what can be wrong."""

from __future__ import annotations

import sys

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.elaborate import elaborate
from graphgen.elaborate.arguments import usage
from graphgen.errors import MOST, DefectError, SpecError
from graphgen.faults import EXAMPLE, KINDS, ROOMS, Kind
from graphgen.ir.op import OPS, Op
from graphgen.ops.composite import Composite, FormulaComposite
from graphgen.ops.declare import Elementwise
from graphgen.resources import folder, shipped_specs
from graphgen.spec.reader import draft_bytes, read


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


def faults() -> str:
    """Each kind of fault and what the language expects."""
    return "".join(f"{code:20}{kind.expected}\n" for code, kind in sorted(KINDS.items()))


def faults_reference() -> str:
    """The kinds of faults as `docs/errors.md` has them, each with an example and what it prints."""
    lines = [FAULTS_INTRODUCTION]
    for room, kinds in ROOMS.items():
        lines.append(f"## {room}\n")
        base = kinds[0].base
        lines += [f"Here the spec is this one:\n\n```yaml\n{base}```\n"] if base != EXAMPLE else []
        lines += [_fault_entry(kind) for kind in kinds]
    return "\n".join(lines)


FAULTS_INTRODUCTION = f"""\
# What can be wrong with a spec

Written from the table of faults by `graphgen list errors --reference`; CI proves it fresh.  Every fault has a code
that stays, a place, and a cure.  Those of one spec that do not hang on each other are told together, the first {MOST}
in the order of the file; nothing is said about what reads a name whose own line is faulty.

`graphgen check` and `graphgen build` tell them as text, with `--format json` as a list of objects (`code`, `message`,
`expected`, `cure`, `file`, `line`, `column`, `end_column`) for editors, and with `--format github` as annotations.

Each example below is this spec with one change:

```yaml
{EXAMPLE}```
"""


def _fault_entry(kind: Kind) -> str:
    return f"### `{kind.code}`\n\n{kind.expected}\n\n{_change(kind)}\n\n```text\n{_told(kind)}\n```\n"


def _change(kind: Kind) -> str:
    if not kind.new:
        return "With nothing in its place." if kind.old == EXAMPLE else f"Without `{_quoted(kind.old)}`."
    return f"With `{_quoted(kind.new)}` in place of `{_quoted(kind.old)}`."


def _quoted(text: str) -> str:
    """A change on one line; of a long one, its beginning."""
    line = text.strip().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    line = line.replace("\n", "\\n").replace("\x07", "\\x07")
    return line if len(line) <= 100 else f"{line[:60]}…"


def _told(kind: Kind) -> str:
    """What the example prints."""
    try:
        elaborate(draft_bytes(kind.example, "demo.yaml"))
    except SpecError as error:
        return str(error).replace(str(folder("specs")), "specs")
    raise DefectError(f"the example of {kind.code} has no fault")


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
