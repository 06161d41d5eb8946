"""Functions of values that are only read in parts: of each part by itself.

`gate = sigmoid(z)` of which only `gate[:n]` and `gate[n:]` are read becomes `sigmoid(z[:n])` and `sigmoid(z[n:])`.
What is kept of every step then lies in one piece for each: a slice between others costs several times as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations

from graphgen.ir.graph import Note, depending, rebuild
from graphgen.ir.node import Node, build, make
from graphgen.ir.op import OPS
from graphgen.ir.step import Step
from graphgen.ops.scan import Loop
from graphgen.passes.loops import change_bodies


def split_functions(step: Step) -> Step:
    """The pass."""
    return change_bodies(step, _change)


def _change(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    carried = depending(order, [carry.leaf for carry in loop.carried])
    readers: dict[Node, list[Node]] = defaultdict(list)
    for node in order:
        for operand in node.inputs:
            readers[operand].append(node)
    functions = [node for node in order if node in carried and _is_function(node) and node not in loop.results]
    parts = {node: readers[node] for node in functions if _apart(readers[node])}
    loop.notes = _noted(loop.notes, parts)
    slices = {part for slices in parts.values() for part in slices}

    def change(old: Node, new: Node) -> Node | None:
        if old not in slices:
            return None
        whole = new.inputs[0]
        return build(whole.op, make.slice(whole.inputs[0], **old.attrs), **whole.attrs)

    return rebuild(order, change)


def _noted(notes: Mapping[Node, Note], parts: Mapping[Node, list[Node]]) -> dict[Node, Note]:
    """The notes, those of the parts in the place of the whole's: the parts of `gate` are called gate_1, gate_2."""
    found: dict[Node, Note] = {}
    for node, note in notes.items():
        if node not in parts:
            found.setdefault(node, note)
        for number, part in enumerate(parts.get(node, []), 1):
            found[part] = Note(called=f"{note.name}_{number}" if note.name else "", equation=note.equation)
    return found


def _is_function(node: Node) -> bool:
    """Whether it is a function of each element of one array: worth to be computed into a place of its own."""
    return node.op.elementwise and len(node.inputs) == 1


def _apart(parts: list[Node]) -> bool:
    """Whether they are several slices along one axis, none of which reads what another one reads."""
    if len(parts) < 2 or any(part.op is not OPS["slice"] or part.attrs["step"] > 1 for part in parts):
        return False
    places = [part.attrs for part in parts]
    apart = (a["start"].at_least(b["stop"]) or b["start"].at_least(a["stop"]) for a, b in combinations(places, 2))
    return len({place["axis"] for place in places}) == 1 and all(apart)
