"""Values of every step that are laid side by side after a loop: the loop lays them side by side itself.

Each is then computed where it belongs, and there is no array of every step for the parts beside one for the whole.
"""

from __future__ import annotations

from collections import defaultdict

from graphgen.ir.graph import Note
from graphgen.ir.node import Node, make
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.scan import Loop
from graphgen.passes.loops import change_loops


def join_inside(step: Step) -> Step:
    """The pass."""
    joined: dict[Node, list[Node]] = defaultdict(list)
    for node in step.order:
        scan = _source(node)
        if scan is not None:
            joined[scan].append(node)

    def change(loop: Loop) -> tuple[list[Node], dict[Node, Note]]:
        return _join(loop, joined.get(loop.origin, []))

    return change_loops(step, change)


def _source(node: Node) -> Node | None:
    """The loop that all parts of a concat are values of every step of."""
    if node.op is not OPS["concat"] or any(part.op is not OPS["item"] for part in node.inputs):
        return None
    (scan, *others) = {part.inputs[0] for part in node.inputs}
    every = all(part.attrs["at"] >= scan.attrs["carries"] for part in node.inputs)
    return scan if every and not others and node.attrs["axis"] != (-len(node.shape),) else None


def _join(loop: Loop, wholes: list[Node]) -> tuple[list[Node], dict[Node, Note]]:
    carries, results = len(loop.carried), loop.results
    for whole in wholes:
        parts = [results[part.attrs["at"]] for part in whole.inputs]
        loop.every[f"joined.{len(loop.every)}"] = make.concat(*parts, axis=whole.attrs["axis"])
    before = list(loop.every)[: len(results) - carries]
    slices: dict[int, tuple[str, Node, Dim]] = {}
    for whole, key in zip(wholes, list(loop.every)[len(before) :]):
        start = Dim.of(0)
        for part in whole.inputs:
            slices.setdefault(part.attrs["at"], (key, whole, start))
            start = start + part.shape[whole.attrs["axis"][0]]
    for at in slices:
        del loop.every[before[at - carries]]
    keys = [*(carry.key for carry in loop.carried), *loop.every]
    items = dict(zip(keys, loop.items()))
    found = [items[carry.key] for carry in loop.carried]
    for at, key in enumerate(before, start=carries):
        found.append(items[key] if at not in slices else _slice(items, *slices[at], results[at]))
    return found, {}


def _slice(items: dict[str, Node], key: str, whole: Node, start: Dim, part: Node) -> Node:
    axis = whole.attrs["axis"]
    return make.slice(items[key], axis=axis, start=start, stop=start + part.shape[axis[0]])
