"""What a backward pass reads of its forward pass, what it computes again, and the room that both take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from graphgen.autodiff.residuals import computed_again, is_cheap
from graphgen.codegen.program import Function
from graphgen.compiler import Compilation
from graphgen.ir.graph import NOTHING, Graph
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, count, show
from graphgen.ir.step import Step
from graphgen.ops.scan import Loop

OBJECTS = 8_000  # bytes: the views, records and remembered shapes of a first run, measured on lstm, gru and rnn


@dataclass(frozen=True)
class Room:
    """The numbers, 4 bytes each in float32 and 8 in float64, that a forward and a backward function take room for."""

    forward: Dim
    backward: Dim
    passing: Dim  # of forward's, what goes when it returns

    @property
    def peak(self) -> Dim:
        """The most that there is at a time when backward follows forward, with one workspace for both."""
        return self.forward - self.passing + self.backward

    @staticmethod
    def of(done: Compilation) -> Room | None:
        """The room for a sequence, or a step with loops; None where nothing is written in place but left to NumPy."""
        functions = {function.name: function for function in done.program.functions}
        suffix = "_sequence" if done.sequence else ""
        forward, backward = functions["forward" + suffix], functions.get("backward" + suffix)
        if backward is None or not forward.arrays:
            return None
        return Room(_total(forward), _total(backward), _total(forward, "local"))


def report(done: Compilation) -> str:
    """What is kept and why, what is computed again and why, and what a run takes room for."""
    step, suffix = (done.sequence, "_sequence") if done.sequence else (done.step, "")
    names = _residuals(done, step)
    lines = [f"forward{suffix} keeps for backward{suffix}:", *_table(_kept(names, step)), ""]
    again = list(_again(names, step))
    lines += [f"backward{suffix} computes again:", *_table(again), ""] if again else []
    room = Room.of(done)
    if room:
        lines.append("in numbers, 4 bytes each in float32 and 8 in float64, beside what is handed in:")
        rows = [(f"forward{suffix} takes", room.forward), (f"backward{suffix} takes", room.backward)]
        rows.append(("both, with one workspace, at most", room.peak))
        lines += [*_table([(what, str(dim)) for what, dim in rows]), ""]
        lines += [f"Python's own objects add some {OBJECTS // 1000} kB, whatever the sizes", ""]
        lines += ["results that you hold while the next call runs come on top; a workspace keeps their room too", ""]
    return "\n".join(lines)


def _residuals(done: Compilation, step: Step) -> dict[Node, str]:
    """What is kept, but for parameters, which backward is handed anyway, and its name in the module."""
    name = "SequenceResiduals" if done.sequence else "Residuals"
    fields = next(record.fields for record in done.program.records if record.name == name)
    parameters = {leaf for key, leaf in step.forward.inputs.items() if key.startswith("parameters.")}
    return {node: f.name for node, f in zip((n for n in step.residuals if n not in parameters), fields)}


def _kept(names: Mapping[Node, str], step: Step) -> Iterable[tuple[str, ...]]:
    lengths = {node.attrs["length"] for node in step.forward.order if node.op is OPS["scan"]}
    yield "", "shape", "numbers", ""
    for node, name in names.items():
        numbers = count(node.shape)
        a_step = [numbers.divided_by(length) for length in lengths]
        text = next((f"{dim} a step" for dim in a_step if dim is not None), f"{numbers}")
        yield name, show(node.shape), text, _why(node, step.forward)


def _why(node: Node, forward: Graph) -> str:
    """Why a value is kept rather than computed again."""
    while node.op.view and node not in forward.inputs.values():
        node = node.inputs[0]
    if node.op is OPS["input"]:
        return f"handed in: {node.attrs['name']}"
    if node.op is not OPS["item"]:
        return _reason(node)
    loop, at = Loop.of(node.inputs[0]), node.attrs["at"]
    inner = loop.results[at]
    if any(inner in (carry.leaf, carry.following) for carry in loop.carried):
        return "a state"
    if list(node.inputs[0].attrs["body"].outputs)[at].startswith("outputs."):
        return "an output"
    return _reason(inner)


def _reason(node: Node) -> str:
    return "less than what it is computed from" if is_cheap(node) else f"dear to compute again: {node.op.name}"


def _again(names: Mapping[Node, str], step: Step) -> Iterable[tuple[str, ...]]:
    for part in (*step.loops, step):
        inside = set(part.forward.order)
        for node in computed_again(part):
            if node in inside and not node.op.view:
                equation = part.forward.notes.get(node, NOTHING).equation
                why = "a sum or a product" if is_cheap(node) else "follows from a state, element by element"
                yield _text(node, part.forward, names), "" if equation is None else f"in equation {equation + 1}", why


def _text(node: Node, graph: Graph, names: Mapping[Node, str]) -> str:
    """A value's name, or how it is computed."""
    name = names.get(node) or graph.notes.get(node, NOTHING).name
    if name or node.op is OPS["input"]:
        return name or str(node.attrs["name"]).split(".")[-1]
    return node.op.spell(node, [_text(operand, graph, names) for operand in node.inputs])


def _total(function: Function, kind: str = "") -> Dim:
    sizes = (array.size for array in function.arrays if kind in ("", array.kind))
    return reduce(add, sizes, Dim(()))


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The rows in columns as wide as they need to be."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
