"""The backward of a scan: a scan the other way over the backward of its body.

What the body's backward reads of the forward pass is kept for every step as one more result of the forward scan,
except for what was handed in anyway.  Cotangents of the carry are the carry of the new scan; cotangents of the
constants are summed over the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from graphgen.ir.graph import Graph, Node, Note, make, rebuild, variable, walk
from graphgen.ir.step import Step

BodyStep = Callable[[Graph, Collection[str], Collection[str]], Step]


def backward(
    scan: Node, cotangents: Sequence[Node | None], wanted: Sequence[bool], body_step: BodyStep
) -> tuple[Graph, list[Node | None]]:
    """The scan's body with residuals added, and the cotangent of each operand that is wanted and reached."""
    body, carries, sequences = (scan.attrs[k] for k in ("body", "carries", "sequences"))
    leaves, seeded = _reach(body, carries, cotangents, wanted)
    step = body_step(body, leaves, seeded)

    new = _Backward(scan, step)
    for key, result in list(zip(body.outputs, cotangents))[:carries]:
        if key in seeded:
            new.carry(
                f"d_{key}",
                result,
                step.backward.outputs.get(list(body.inputs)[list(body.outputs).index(key)]),
            )
    for place, key in enumerate(body.inputs):
        if key in step.backward.outputs and place >= carries + sequences:
            new.total(key, step.backward.outputs[key])
    for key, result in list(zip(body.outputs, cotangents))[carries:]:
        if key in seeded and result is not None:
            new.sequence(step.backward.inputs[f"d_{key}"], result)
    for key in list(body.inputs)[carries : carries + sequences]:
        if key in step.backward.outputs:
            new.every(key, step.backward.outputs[key])
    extended = new.keep_residuals()
    return extended, new.cotangents()


def _reach(
    body: Graph, carries: int, cotangents: Sequence[Node | None], wanted: Sequence[bool]
) -> tuple[list[str], list[str]]:
    """The body's leaves that a cotangent may be wanted for, and the results that one arrives at.

    A carry takes part from step to step, so both sets grow until they are closed.
    """
    into, out = list(body.inputs), list(body.outputs)
    below = {key: set(walk([node])) for key, node in body.outputs.items()}
    leaves = {key for key, want in zip(into, wanted) if want}
    seeded = {key for key, result in zip(out, cotangents) if result is not None}
    for _ in range(carries + 1):
        leaves |= {a for a, b in list(zip(into, out))[:carries] if any(body.inputs[k] in below[b] for k in leaves)}
        seeded |= {b for a, b in list(zip(into, out))[:carries] if any(body.inputs[a] in below[k] for k in seeded)}
    return [key for key in into if key in leaves], [key for key in out if key in seeded]


class _Backward:
    """The scan of the backward, put together operand by operand."""

    def __init__(self, scan: Node, step: Step) -> None:
        self.scan, self.step = scan, step
        self.body: Graph = scan.attrs["body"]
        self.carried: list[tuple[Node, Node, Node]] = []  # leaf, initial value, next value
        self.sliced: list[tuple[Node, Node]] = []  # leaf, operand
        self.constant: list[tuple[Node, Node]] = []
        self.results: list[Node] = []
        self.where: dict[str, int] = {}  # the result of the new scan that is a leaf's cotangent
        self.leaf: dict[Node, Node] = {}  # residual of the body -> leaf of the new body
        self.notes = dict(step.backward.notes)

    def carry(self, key: str, initial: Node | None, following: Node | None) -> None:
        """Carry the cotangent of a state from step to step."""
        leaf = self.step.backward.inputs[key]
        zeros = make.zeros(shape=leaf.shape)
        body_input = list(self.body.inputs)[list(self.body.outputs).index(key.removeprefix("d_"))]
        self.where[body_input] = len(self.carried)
        self.carried.append((leaf, zeros if initial is None else initial, zeros if following is None else following))

    def total(self, key: str, part: Node) -> None:
        """Sum the cotangent of a constant over the steps."""
        leaf = variable(f"total.{key}", part.shape)
        following = leaf + part
        handed_on = {following if node is part else node: note for node, note in self.notes.items()}
        self.notes = {leaf: Note(cotangent_of=self.body.inputs[key]), **handed_on}
        self.where[key] = len(self.carried)
        self.carried.append((leaf, make.zeros(shape=part.shape), following))

    def sequence(self, leaf: Node, operand: Node) -> None:
        """Read one slice of a sequence a step."""
        self.sliced.append((leaf, operand))

    def every(self, key: str, part: Node) -> None:
        """Return the cotangent of an input for every step."""
        self.where[key] = len(self.carried) + len(self.results)
        self.results.append(part)

    def keep_residuals(self) -> Graph:
        """The body with its residuals as results; the new scan reads them, or the operand they came from."""
        carries, sequences = self.scan.attrs["carries"], self.scan.attrs["sequences"]
        place = {leaf: at for at, leaf in enumerate(self.body.inputs.values())}
        results = list(self.step.forward.outputs.values())
        returned = {node: at for at, node in enumerate(results) if at >= carries}
        kept: dict[str, Node] = {}
        for node in self.step.residuals:
            at = place.get(node, -1)
            if at >= carries + sequences:
                self.constant.append((node, self.scan.inputs[at]))
            elif at >= carries:
                self.sequence(node, self.scan.inputs[at])
            else:
                returned.setdefault(node, len(results) + len(kept))
                if returned[node] >= len(results):
                    kept[f"residuals.{len(kept)}"] = node
        forward = self.step.forward
        extended = replace(forward, outputs={**forward.outputs, **kept})
        longer = make.scan(*self.scan.inputs, **{**self.scan.attrs, "body": extended})
        for node in self.step.residuals:
            if place.get(node, -1) < carries:
                at = returned[node]
                self.leaf[node] = variable(f"residuals.{at}", node.shape, node.dtype)
                self.notes[self.leaf[node]] = Note(stands_for=node)
                self.sequence(self.leaf[node], make.item(longer, at=at))
        return extended

    def cotangents(self) -> list[Node | None]:
        """The cotangent of each operand of the scan."""
        leaves = [leaf for leaf, *_ in (*self.carried, *self.sliced, *self.constant)]
        following = [following for _, _, following in self.carried]
        change = rebuild([*following, *self.results], lambda node, _: self.leaf.get(node))
        outputs = {f"result.{at}": change[node] for at, node in enumerate([*following, *self.results])}
        notes = {change.get(node, node): note for node, note in self.notes.items()}
        body = Graph({leaf.attrs["name"]: leaf for leaf in leaves}, outputs, notes)
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
