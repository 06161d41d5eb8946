"""The reverse sweep: every node hands its cotangent to its operands, by its operation's junction rule."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import islice

from graphgen.autodiff import loop
from graphgen.autodiff.accumulate import accumulate, unbroadcast
from graphgen.autodiff.residuals import choose
from graphgen.ir.graph import NOTHING, Graph, Note, depending, move_notes
from graphgen.ir.node import Node, fresh, make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step

Polish = Callable[[Step], Step]  # rewrites a step before its residuals are chosen


def differentiate(
    graph: Graph, polish: Polish = lambda step: step, average_over: Dim | None = None, frugal: bool = False
) -> Step:
    """The vector-Jacobian product of a graph, as a step.

    The backward graph's results are named as the forward graph's leaves; one that no cotangent reaches is zero.
    With `average_over` the cotangents of leaves named "parameters.…" are divided by that dim: the cost is then
    the mean over it of what the cotangents that are handed in belong to.  If `frugal`, loops count their states as
    kept, and compute again what follows from those element by element.
    """
    leaves = {key: leaf for key, leaf in graph.inputs.items() if leaf.dtype == "float"}
    seeded = [key for key, node in graph.outputs.items() if node.dtype == "float"]
    step = sweep(graph, leaves, seeded, polish, frugal)
    outputs, notes = {}, dict(step.backward.notes)
    for key, leaf in leaves.items():
        gradient = step.backward.outputs.get(key) or make.zeros(shape=leaf.shape)
        if average_over is not None and key.startswith("parameters."):
            mean = gradient / make.size(dim=average_over)
            notes = _renote(notes, gradient, mean, f"1/{average_over}: the cost is a mean", leaf)
            gradient = mean
        outputs[key] = gradient
        notes.setdefault(gradient, Note(cotangent_of=leaf))
    step = polish(replace(step, backward=replace(step.backward, outputs=outputs, notes=notes)))
    return replace(step, residuals=choose(step.forward, step.backward))


def sweep(graph: Graph, leaves: Collection[str], seeded: Collection[str], polish: Polish, frugal: bool) -> Step:
    """The reverse sweep from the seeded results to some leaves; leaves that no cotangent reaches are left out."""
    order = graph.order
    active = depending(order, [graph.inputs[key] for key in leaves], lets_through)
    work = _Sweep(graph, order, active, polish, frugal)
    inputs, cotangents = dict(graph.inputs), {}
    for key in seeded:
        name = cotangents[key] = fresh(f"d_{key}", inputs)  # a backward graph has leaves of such names already
        inputs[name] = work.seed(name, graph.outputs[key])
    for node in reversed(order):
        work.visit(node)
    gradients = {key: work.total[graph.inputs[key]] for key in leaves if graph.inputs[key] in work.total}
    step = Step(graph, Graph(inputs, gradients, work.notes), loops=tuple(work.loops), cotangents=cotangents)
    return _extend_loops(step, work.extended)


def lets_through(node: Node) -> bool:
    """Whether a cotangent of the node's result goes on to its operands."""
    return node.op.differentiable and any(result.dtype == "float" for result in node.results)


class _Sweep:
    """The cotangents on their way: contributions that wait at each node, and totals of nodes already visited."""

    def __init__(self, graph: Graph, order: list[Node], active: set[Node], polish: Polish, frugal: bool) -> None:
        self.forward_notes, self.active, self.polish, self.frugal = graph.notes, active, polish, frugal
        self.forward = set(order)
        self.waiting: dict[Node, list[Node]] = {}
        self.total: dict[Node, Node] = {}
        self.notes: dict[Node, Note] = {}
        self.loops: list[Step] = []
        self.extended: dict[Node, Graph] = {}  # each scan that must keep residuals, and its new body

    def seed(self, name: str, node: Node) -> Node:
        """The leaf of a given name for a result's cotangent."""
        leaf = variable(name, node.shape)
        self.send(node, leaf, Note(cotangent_of=node, part=True))
        return leaf

    def send(self, node: Node, part: Node, note: Note) -> None:
        """Let a contribution wait at a node, unless no leaf is behind it."""
        if node in self.active:
            self.waiting.setdefault(node, []).append(part)
            self.notes.setdefault(part, note)

    def visit(self, node: Node) -> None:
        """Add up what waits at a node and pass it on."""
        if node.op is OPS["scan"]:
            self.visit_scan(node)
            return
        parts = self.waiting.pop(node, [])
        if not parts:
            return
        dz = self.total[node] = self.split(node, parts)
        if not node.inputs or node.op is OPS["item"]:
            return
        for operand, part in zip(node.inputs, node.op.vjp(dz, node, *node.inputs, **node.attrs)):
            if part is not None:
                self.pass_on(node, operand, part)

    def split(self, node: Node, parts: list[Node]) -> Node:
        """The split junction; its note says where the value was read."""
        dz = accumulate(parts)
        if len(parts) == 1:
            note = self.notes[dz]
            if note.cotangent_of is node:
                self.notes[dz] = note._replace(part=False)
            return dz
        rule = "split: side by side" if dz.op.name == "concat" else "split: the sum over its uses"
        equation = self.forward_notes.get(node, NOTHING).equation
        self.notes.setdefault(dz, Note(rule=rule, equation=equation, cotangent_of=node))
        return dz

    def pass_on(self, node: Node, operand: Node, part: Node) -> None:
        """Send one operand its part, summed down to the operand's shape."""
        whole = unbroadcast(part, operand.shape)
        rule = node.op.junction + (", summed where it was broadcast" if whole is not part else "")
        equation = self.forward_notes.get(node, NOTHING).equation
        if operand in self.active:
            self.note_inner(whole, equation)
        self.send(operand, whole, Note(rule=rule, equation=equation, cotangent_of=operand, part=True))

    def note_inner(self, part: Node, equation: int | None) -> None:
        """Note of what lies between a junction rule's operands and its result which equation it came from."""
        stack = list(part.inputs)
        while stack:
            node = stack.pop()
            if node not in self.notes and node not in self.forward and node.inputs:
                self.notes[node] = Note(equation=equation)
                stack.extend(node.inputs)

    def visit_scan(self, scan: Node) -> None:
        """Pass the cotangents of a scan's items through its body's backward, run the other way."""
        items = [make.item(scan, at=at) for at in range(len(scan.results))]
        cotangents = [self.total.get(item) for item in items]
        if scan not in self.active or not any(cotangents):
            return
        wanted = [operand in self.active for operand in scan.inputs]
        body, parts = loop.backward(scan, cotangents, wanted, self.body_step)
        self.extended[scan] = body
        for operand, part in zip(scan.inputs, parts):
            if part is not None:
                self.pass_on(scan, operand, part)

    def body_step(self, body: Graph, leaves: Collection[str], seeded: Collection[str], carries: int) -> Step:
        """The finished step of a loop's body."""
        step = self.polish(sweep(body, leaves, seeded, self.polish, self.frugal))
        states = [*islice(step.forward.inputs.values(), carries), *islice(step.forward.outputs.values(), carries)]
        residuals = choose(step.forward, step.backward, states if self.frugal else ())
        self.loops.append(replace(step, residuals=residuals))
        return self.loops[-1]


def _extend_loops(step: Step, extended: dict[Node, Graph]) -> Step:
    """Put the scans that keep residuals in the place of those that do not, in both graphs."""
    if not extended:
        return step

    def change(node: Node, new: Node) -> Node | None:
        if node not in extended:
            return None
        return make.scan(*new.inputs, **{**node.attrs, "body": extended[node]})

    return step.rebuilt(change)


def _renote(notes: dict[Node, Note], old: Node, new: Node, rule: str, leaf: Node) -> dict[Node, Note]:
    """The notes with those of one node handed on to the node that wraps it."""
    known = old in notes and notes[old].rule and old.op is not OPS["item"]
    rules = [notes[old].rule] if known else []
    note = notes.get(old, NOTHING)._replace(rule="; ".join([*rules, rule]), cotangent_of=leaf, part=False)
    moved = move_notes(notes, {old: new})
    return {**moved, new: note}
