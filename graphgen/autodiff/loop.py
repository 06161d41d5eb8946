"""The backward of a scan: a scan the other way over the backward of its body.

What the body's backward reads of the forward pass is kept for every step as one more result of the forward scan,
except for what was handed in anyway.  Cotangents of the carry are the carry of the new scan; cotangents of the
constants are summed over the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from graphgen.ir.graph import Graph, Note, below, rebuild, walk
from graphgen.ir.node import Node, fresh, make, variable
from graphgen.ir.step import Step

BodyStep = Callable[[Graph, Collection[str], Collection[str], int], Step]


def backward(
    scan: Node, cotangents: Sequence[Node | None], wanted: Sequence[bool], body_step: BodyStep
) -> tuple[Graph, list[Node | None]]:
    """The scan's body with residuals added, and the cotangent of each operand that is wanted and reached."""
    body: Graph = scan.attrs["body"]
    carries, sequences = scan.attrs["carries"], scan.attrs["sequences"]
    into, out = list(body.inputs), list(body.outputs)
    leaves, seeded = _reach(body, carries, cotangents, wanted)
    step = body_step(body, leaves, seeded, carries)
    gradient = step.backward.outputs

    new = _Backward(scan, step)
    for key, result, initial in list(zip(into, out, cotangents))[:carries]:
        if result in seeded:
            new.carry(key, step.backward.inputs[step.cotangents[result]], initial)
    for key in into[carries + sequences :]:
        if key in gradient:
            new.total(key, gradient[key])
    for result, every in list(zip(out, cotangents))[carries:]:
        if every is not None:
            new.sliced.append((step.backward.inputs[step.cotangents[result]], every))
    for key in into[carries : carries + sequences]:
        if key in gradient:
            new.every(key, gradient[key])
    return new.keep_residuals(), new.cotangents()


def _reach(
    body: Graph, carries: int, cotangents: Sequence[Node | None], wanted: Sequence[bool]
) -> tuple[list[str], list[str]]:
    """The body's leaves that a cotangent may be wanted for, and the results that one arrives at.

    A carry takes part from step to step, so both sets grow until they are closed.
    """
    into, out = list(body.inputs), list(body.outputs)
    reads = {key: below([node]) for key, node in body.outputs.items()}
    leaves = {key for key, want in zip(into, wanted) if want}
    seeded = {key for key, result in zip(out, cotangents) if result is not None}
    for _ in range(carries + 1):
        leaves |= {a for a, b in list(zip(into, out))[:carries] if any(body.inputs[k] in reads[b] for k in leaves)}
        seeded |= {b for a, b in list(zip(into, out))[:carries] if any(body.inputs[a] in reads[k] for k in seeded)}
    return [key for key in into if key in leaves], [key for key in out if key in seeded]


class _Backward:
    """The scan of the backward, put together operand by operand."""

    def __init__(self, scan: Node, step: Step) -> None:
        self.scan, self.step = scan, step
        self.body: Graph = scan.attrs["body"]
        self.carried: list[tuple[Node, Node, Node]] = []  # leaf, initial value, next value
        self.sliced: list[tuple[Node, Node]] = []  # leaf, sequence
        self.constant: list[tuple[Node, Node]] = []  # leaf, operand
        self.results: list[Node] = []  # of every step
        self.where: dict[str, int] = {}  # the result of the new scan that is the cotangent of a leaf of the body
        self.kept: dict[Node, Node] = {}  # residual of the body -> leaf of the new body
        self.notes = dict(step.backward.notes)
        self.sums: dict[Node, Note] = {}  # the leaf of each sum over the steps
        self.totals: dict[Node, Node] = {}  # what a step adds to a sum over the steps -> the sum after the step
        self.names = set(step.backward.inputs)

    def leaf(self, name: str, like: Node) -> Node:
        """A leaf of the new body under a name that is free."""
        name = fresh(name, self.names)
        self.names.add(name)
        return variable(name, like.shape, like.dtype)

    def carry(self, key: str, leaf: Node, initial: Node | None) -> None:
        """Carry the cotangent of a state from step to step."""
        zeros = make.zeros(shape=leaf.shape)
        following = self.step.backward.outputs.get(key, zeros)
        self.where[key] = len(self.carried)
        self.carried.append((leaf, zeros if initial is None else initial, following))

    def total(self, key: str, part: Node) -> None:
        """Sum the cotangent of a constant over the steps."""
        leaf = self.leaf(f"total.{key}", part)
        following = leaf + part
        self.totals.setdefault(part, following)
        self.sums[leaf] = Note(cotangent_of=self.body.inputs[key])
        self.where[key] = len(self.carried)
        self.carried.append((leaf, make.zeros(shape=part.shape), following))

    def every(self, key: str, part: Node) -> None:
        """Return the cotangent of an input for every step."""
        self.where[key] = len(self.carried) + len(self.results)
        self.results.append(part)

    def keep_residuals(self) -> Graph:
        """The body with its residuals as results; the new scan reads them, or the operand they came from."""
        carries, sequences = self.scan.attrs["carries"], self.scan.attrs["sequences"]
        forward = self.step.forward
        place = {leaf: at for at, leaf in enumerate(self.body.inputs.values())}
        at_hand = {node: at for at, node in enumerate(forward.outputs.values()) if at >= carries}
        more: dict[str, Node] = {}
        sequence = []
        for node in self.step.residuals:
            at = place.get(node, -1)
            if at >= carries + sequences:
                self.constant.append((node, self.scan.inputs[at]))
            elif at >= carries:
                self.sliced.append((node, self.scan.inputs[at]))
            else:
                if node not in at_hand:
                    at_hand[node] = len(forward.outputs) + len(more)
                    more[fresh(f"residuals.{len(more)}", forward.outputs)] = node
                sequence.append(node)
        extended = replace(forward, outputs={**forward.outputs, **more})
        longer = make.scan(*self.scan.inputs, **{**self.scan.attrs, "body": extended})
        for node in sequence:
            leaf = self.kept[node] = self.leaf(f"residual.{len(self.kept)}", node)
            self.notes[leaf] = Note(stands_for=node)
            self.sliced.append((leaf, make.item(longer, at=at_hand[node])))
        return extended

    def cotangents(self) -> list[Node | None]:
        """The cotangent of each operand of the scan."""
        leaves = [leaf for leaf, *_ in (*self.carried, *self.sliced, *self.constant)]
        results = [*(following for _, _, following in self.carried), *self.results]
        change = rebuild(walk(results), lambda node, _: self.kept.get(node))
        notes = dict(reversed(self.sums.items()))
        notes |= {self.totals.get(node, node): note for node, note in self.notes.items()}
        body = Graph(
            {leaf.attrs["name"]: leaf for leaf in leaves},
            {f"result.{at}": change[node] for at, node in enumerate(results)},
            {change.get(node, node): note for node, note in notes.items()},
        )
        scan = make.scan(
            *(initial for _, initial, _ in self.carried),
            *(operand for _, operand in (*self.sliced, *self.constant)),
            body=body,
            carries=len(self.carried),
            sequences=len(self.sliced),
            length=self.scan.attrs["length"],
            reverse=not self.scan.attrs["reverse"],
        )
        places = [self.where.get(key) for key in self.body.inputs]
        return [None if at is None else make.item(scan, at=at) for at in places]
