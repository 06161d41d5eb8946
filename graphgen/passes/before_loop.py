"""Out of the loop and before it: what does not read what is carried from step to step.

What depends on the step's inputs runs once for all steps, on arrays with a leading axis of steps; what does not even
depend on them runs once.
"""

from __future__ import annotations

from functools import partial

from graphgen.ir.graph import NOTHING, Note, below, depending, rebuild, walk
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.scan import Loop
from graphgen.passes.lift import Outer, is_bulky, outside
from graphgen.passes.loops import change_loops

EVERY_STEP = "for every step at once: does not read the state"
ONCE = "once for all steps: the same at each"


def all_steps_at_once(step: Step) -> Step:
    """The pass: whatever does not read the carry."""
    return change_loops(step, partial(_move, once=False))


def _stays(node: Node) -> bool:
    """Whether a value that differs from step to step is better made at its step, of what it is made of."""
    return node.op.view or (is_bulky(node) and node.op is not OPS["matmul"])


def invariants(step: Step) -> Step:
    """The pass: what is the same at every step.

    In a backward loop this is all that moves: what depends on the residuals of a step is little work in the loop,
    and arrays of every step to keep if it is done before.
    """
    return change_loops(step, partial(_move, once=True))


def _move(loop: Loop, once: bool) -> tuple[list[Node], dict[Node, Note]]:
    order = walk(loop.results)
    carried = depending(order, [carry.leaf for carry in loop.carried])
    staying = carried | depending(order, [leaf for leaf, _ in loop.sliced]) if once else carried
    known = outside(loop, [node for node in order if node not in staying])
    leaves: dict[Node, Node] = {}
    placed: dict[Node, Note] = {}
    inside = {outer: node for node, (outer, _) in known.items()}
    at_hand = below([operand for _, operand in (*loop.sliced, *loop.constant)])
    moving = _moving([*_read(loop, order, carried)], known)
    for node in _in_parts(moving, loop.results, known):
        outer, lifted = known[node]
        note = loop.notes.get(node, NOTHING)
        leaf = loop.leaf("moved", node.shape, node.dtype)
        (loop.sliced if lifted else loop.constant).append((leaf, outer))
        leaves[node] = leaf
        for inner in walk([outer]):
            if inner not in at_hand:
                said = loop.notes.get(inside[inner], NOTHING) if inner in inside else NOTHING
                placed.setdefault(inner, Note(called=said.called, place=EVERY_STEP if lifted else ONCE))
        loop.notes = {leaf: Note(note.name, note.equation, stands_for=node, called=note.called), **loop.notes}
        place, of = EVERY_STEP if lifted else ONCE, None if outer is node else node
        placed[outer] = Note("", note.equation, note.rule, None, False, of, lifted, note.called, place)
    loop.change(rebuild(order, lambda node, _: leaves.get(node)))
    return loop.items(), placed


def _read(loop: Loop, order: list[Node], carried: set[Node]) -> dict[Node, None]:
    """What is read in the loop beside the carried values, or handed on to the next step."""
    read = {operand: None for node in order if node in carried for operand in node.inputs}
    read |= {carry.following: None for carry in loop.carried}
    return {node: None for node in read if node not in carried}


def _moving(read: list[Node], known: dict[Node, Outer]) -> list[Node]:
    """The nodes that move: those read, or where they had better stay what they are made of."""
    moving: dict[Node, None] = {}
    waiting, seen = read[::-1], set[Node]()
    while waiting:
        node = waiting.pop()
        if not node.inputs or node.weak or node in seen:
            continue
        seen.add(node)
        if node in known and not (known[node][1] and _stays(node)):
            moving[node] = None
        else:
            waiting.extend(node.inputs[::-1])
    return list(moving)


def _in_parts(moving: list[Node], results: list[Node], known: dict[Node, Outer]) -> list[Node]:
    """What moves, or the slices of it where they are all that the loop reads: the rest is no business of the loop."""
    readers: dict[Node, list[Node]] = {node: [] for node in moving}
    waiting, seen = results[::-1], set[Node]()
    while waiting:
        node = waiting.pop()
        if node in seen or node in readers:
            continue
        seen.add(node)
        for operand in dict.fromkeys(node.inputs):
            waiting.append(operand)
            readers.get(operand, []).append(node)
    whole = {node for node in moving if node in results or not _are_parts(node, readers[node], known)}
    return [part for node in moving for part in ([node] if node in whole else readers[node])]


def _are_parts(node: Node, readers: list[Node], known: dict[Node, Outer]) -> bool:
    """Whether the readers of a value are slices, and not of all of it."""
    if not readers or any(reader.op is not OPS["slice"] or reader not in known for reader in readers):
        return False
    sizes = [reader.shape[reader.attrs["axis"][0]] for reader in readers]
    return all(node.shape[reader.attrs["axis"][0]] != sum(sizes, Dim(())) for reader in readers)
