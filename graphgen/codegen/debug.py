"""The function of a module that finds the operation which makes a NaN: it runs the functions of one step again."""

from __future__ import annotations

from graphgen.codegen.functions import WORKSPACE, Pair
from graphgen.codegen.program import Block, Function, Line, Loop
from graphgen.codegen.text import enclose
from graphgen.contract import RECORDS

ABOUT = (
    "The traceback ends at the operation under its equation; the message tells the element, and what it was made of."
)
INDENT = 8  # of the statements, at most
GRADIENTS = "Then the same for the gradients, if cotangents are given."


def trace_nan(cell: str, step: Pair, sequence: Pair | None) -> Function:
    """`trace_nan` of a cell, which takes what `forward_sequence` takes, or `forward` if there are no states."""
    whole = sequence or step
    arguments = [f"{group}: {RECORDS[group]}" for group in whole.given]
    arguments += [f"{name}: {record} | None = None" for name, record in whole.handed.items()]
    arguments += ["*", *(f"{size}: int" for size in whole.unbound)] if whole.unbound else []
    check = Line(f"_FORWARD{whole.suffix.upper()}.check({', '.join([*whole.given, *_told(whole)])})")
    back = _back(cell, step) if sequence else _back_once(cell, step)
    back = (*_given(whole), *back) if whole.handed else ()
    if sequence:
        what = (
            f"Run {sequence.length} steps one by one: FloatingPointError from the operation that makes the first NaN."
        )
        blocks = (*_forth(cell, step, sequence, check), *([Block("", back)] if back else []))
    else:
        what = "Run one step: FloatingPointError from the operation that makes the first NaN."
        handed = (*step.given, *_told(step), *_watched(step.functions[0]))
        run = _traced("_, residuals = " if back else "", f'"{cell}.forward"', "forward", *handed)
        blocks = (Block("", (check, run, *back)),)
    doc = (what, "", ABOUT, *([GRADIENTS] if back else []))
    return Function("trace_nan", tuple(arguments), "None", doc, blocks, "")


def _forth(cell: str, step: Pair, sequence: Pair, check: Line) -> tuple[Block, ...]:
    records = "zip(*inputs)" if sequence.reads_inputs else f"[()] * {sequence.length}"
    where = Line(f'where = f"{cell}.forward at step {{t}}"')
    handed = ("parameters", "Inputs(*step)", "state", *_told(step), *_watched(step.functions[0]))
    run = _traced("_, state, residuals = " if sequence.handed else "_, state = ", "where", "forward", *handed)
    if not sequence.handed:
        return (Block("", (check, Loop(f"for t, step in enumerate({records}):", (Block("", (where, run)),)))),)
    body = Block("", (where, run, Line("kept.append(residuals)")))
    return (
        Block("", (check, Line("kept = []"))),
        Block("", (Loop(f"for t, step in enumerate({records}):", (body,)),)),
    )


def _given(whole: Pair) -> list[Line | Loop]:
    """The end without cotangents, else records of them."""
    enough = Line(f"if {' and '.join(f'{name} is None' for name in whole.handed)}:\n    return")
    return [enough, *(Line(whole.default(name, record)) for name, record in whole.handed.items())]


def _back_once(cell: str, step: Pair) -> tuple[Line | Loop, ...]:
    handed = ("parameters", "residuals", *step.handed, *_watched(step.functions[-1]))
    return (_traced("", f'"{cell}.backward"', "backward", *handed),)


def _back(cell: str, step: Pair) -> tuple[Line | Loop, ...]:
    cotangents = Line("d_step = Outputs(*(None if d is None else d[t] for d in d_outputs))")
    where = Line(f'where = f"{cell}.backward at step {{t}}"')
    handed = ("parameters", "kept[t]", "d_step", "d_final", *_watched(step.functions[-1]))
    run = _traced("d_final = ", "where", "backward", *handed, end=".state")
    return (Loop("for t in reversed(range(len(kept))):", (Block("", (where, cotangents, run)),)),)


def _told(pair: Pair) -> list[str]:
    """The sizes that no array tells, handed on."""
    return [f"{size}={size}" for size in pair.unbound]


def _watched(function: Function) -> list[str]:
    """The room of a function that is written in place: what stands in it is watched too."""
    return ["workspace=_WatchedWorkspace()"] if WORKSPACE in function.arguments else []


def _traced(begin: str, where: str, function: str, *arguments: str, end: str = "") -> Line:
    """A call that traces another, wrapped so that it fits inside of a loop too."""
    text = enclose(f"{begin}_traced(", [where, function, *arguments], f"){end}", INDENT)
    return Line(text.replace("\n" + " " * INDENT, "\n"))
