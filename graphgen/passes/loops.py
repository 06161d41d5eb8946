"""Applying a change to every loop of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graphgen.ir.graph import NOTHING, Graph, Note
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.step import Step
from graphgen.ops.scan import Loop

# What stands for each result of the loop, and notes of what was put outside of it.
Change = Callable[[Loop], tuple[list[Node], dict[Node, Note]]]


def change_loops(step: Step, change: Change) -> Step:
    """The step with every loop changed, in both graphs alike."""
    if all(node.op is not OPS["scan"] for node in step.order):
        return step
    results: dict[Node, list[Node]] = {}
    placed: dict[Node, Note] = {}

    def visit(old: Node, new: Node) -> Node | None:
        if old.op is OPS["scan"]:
            results[old], notes = change(replace(Loop.of(new), origin=old))
            placed.update(notes)
        return results[old.inputs[0]][old.attrs["at"]] if old.op is OPS["item"] else None

    new = step.rebuilt(visit)
    return replace(new, forward=_placed(new.forward, placed), backward=_placed(new.backward, placed))


def _placed(graph: Graph, placed: dict[Node, Note]) -> Graph:
    """The graph with notes of nodes that were put in a new place; what else is noted of them stays."""
    notes = dict(graph.notes)
    for node, note in placed.items():
        known = notes.get(node)
        notes[node] = known._replace(equation=note.equation, rule=note.rule, place=note.place) if known else note
    return replace(graph, notes=notes)


def change_bodies(step: Step, change: Callable[[Loop, list[Node]], dict[Node, Node]]) -> Step:
    """The step with other nodes put in the place of some in the bodies of its loops.

    `change` gets a loop and its body's nodes, operands first, and says what becomes of them.
    """

    def visit(loop: Loop) -> tuple[list[Node], dict[Node, Note]]:
        loop.change(change(loop, Graph({}, {}, loop.notes).order_of(loop.results)))
        return loop.items(), {}

    return change_loops(step, visit)


def spoken(loop: Loop, node: Node) -> str:
    """What a value of a loop's body may be called: as it is named, or what it is a view of is."""
    while True:
        note = loop.notes.get(node, NOTHING)
        if note.name or note.called:
            return note.name or note.called
        if node.op is OPS["input"]:
            return str(node.attrs["name"]).split(".")[-1]
        if not node.op.view:
            return ""
        node = node.inputs[0]
