"""Work on parts that is done on the whole at once.

Products that share an operand become one product with their weights packed side by side, and the sums of its slices
one sum: four gates written each with a matrix of its own cost what one product costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial, reduce
from itertools import takewhile
from operator import add

from graphgen.ir.graph import NOTHING, Note, depending, rebuild, walk
from graphgen.ir.node import Node, make
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.linear import is_swap, swap
from graphgen.ops.scan import Loop
from graphgen.passes.loops import change_bodies, spoken


def pack_products(step: Step) -> Step:
    """The pass: one product for all that share an operand."""
    return change_bodies(step, _pack_products)


def pack_sums(step: Step) -> Step:
    """The pass: one sum for all that add to neighbouring slices of the same array."""
    return change_bodies(step, _pack_sums)


def gather_sums(step: Step) -> Step:
    """The pass: in a sum what does not read the carry is added up first, and so can leave the loop as one."""
    return change_bodies(step, _gather_sums)


def _varying(loop: Loop, order: list[Node]) -> set[Node]:
    return depending(order, [carry.leaf for carry in loop.carried] + [leaf for leaf, _ in loop.sliced])


def _pack_products(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    varying = _varying(loop, order)
    sharing: dict[tuple[Node, int], list[Node]] = defaultdict(list)
    for node in order:
        if node.op is OPS["matmul"]:
            for at, operand in enumerate(node.inputs):
                weight = node.inputs[1 - at]
                if operand in varying and weight not in varying and len(weight.shape) == 2:
                    sharing[operand, at].append(node)
    groups = {node: tuple(nodes) for nodes in sharing.values() if len(nodes) > 1 for node in nodes}
    packed: dict[tuple[Node, ...], Node] = {}

    def change(old: Node, new: Node) -> Node | None:
        group = groups.get(old)
        if group is None:
            return None
        at = 0 if old.inputs[0] in varying else 1
        weights = [node.inputs[1 - at] for node in group]
        axis = -1 if at == 0 or len(new.inputs[1].shape) == 1 else -2
        if group not in packed:
            shared, weight = new.inputs[at], _joined(loop, weights, -1 if at == 0 else -2)
            product = packed[group] = shared @ weight if at == 0 else weight @ shared
            loop.notes[product] = Note(called=f"{spoken(loop, old.inputs[at])}_{_common(loop, weights)}".strip("_"))
        place = group.index(old)
        start = reduce(add, (weight.shape[-1 if at == 0 else -2] for weight in weights[:place]), Dim.of(0))
        return make.slice(packed[group], axis=axis, start=start, stop=start + old.shape[axis])

    return rebuild(walk(loop.results), change)


def _joined(loop: Loop, parts: list[Node], axis: int) -> Node:
    """Weights side by side; transposed ones as the transpose of what lies side by side."""
    turned = len(parts[0].shape) == 2 and all(map(is_swap, parts))
    joined = make.concat(*map(swap, parts), axis=-3 - axis) if turned else make.concat(*parts, axis=axis)
    loop.notes[joined] = Note(called=f"{_common(loop, parts) or 'weights'}_packed")
    return swap(joined) if turned else joined


def _common(loop: Loop, parts: list[Node]) -> str:
    """The beginning of the names of all parts, or the name of the first."""
    names = [spoken(loop, part) for part in parts]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names))
    return "".join(letters[0] for letters in alike).rstrip("_") or names[0]


def _pack_sums(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    """Again and again, since the sums of sums of slices are sums of slices."""
    became = {node: node for node in order}
    order = walk(loop.results)
    while packed := _packed_sums(loop, order):
        new = rebuild(order, partial(_replaced, packed))
        became = {node: new.get(now, now) for node, now in became.items()}
        order = walk(became[node] for node in loop.results)
    return became


def _replaced(packed: Mapping[Node, Node], old: Node, _: Node) -> Node | None:
    return packed.get(old)


def _packed_sums(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    """Every sum of a slice that has a neighbour, and the slice of the packed sum that it becomes."""
    varying = _varying(loop, order)
    sums: dict[tuple[Node, object], list[tuple[Node, Node, Node]]] = defaultdict(list)  # node, slice, other operand
    for node in order:
        if node.op is OPS["add"]:
            for at, one in enumerate(node.inputs):
                if one.op is OPS["slice"] and one.attrs["step"] == 1 and one.shape == node.shape:
                    sums[one.inputs[0], _source(node.inputs[1 - at], one, varying)].append(
                        (node, one, node.inputs[1 - at])
                    )
                    break
    readers: dict[Node, list[Node]] = defaultdict(list)
    for node in order:
        for operand in node.inputs:
            readers[operand].append(node)
    became: dict[Node, Node] = {}
    for (whole, source), terms in sums.items():
        for run in _runs(terms) if source is not None else []:
            became |= _pack(loop, whole, source, run, readers)
    return became


def _source(other: Node, one: Node, varying: set[Node]) -> object:
    """What the other operands of sums must have in common to be packed: the array they are slices of, or nothing."""
    (axis,) = one.attrs["axis"]
    if other.op is OPS["slice"] and other.shape == one.shape and other.attrs["axis"] == (axis,) and other in varying:
        return other.inputs[0], one.attrs["start"] - other.attrs["start"], axis
    tiles = other not in varying and not other.weak and len(other.shape) >= -axis
    if tiles and other.shape[axis] == one.shape[axis]:
        return other.shape[:axis], other.shape[axis + 1 :] if axis != -1 else (), axis
    return None


def _runs(terms: list[tuple[Node, Node, Node]]) -> list[list[tuple[Node, Node, Node]]]:
    """Neighbouring slices, at least two at a time."""
    by_start = {one.attrs["start"]: (node, one, other) for node, one, other in terms}
    followers = {one.attrs["stop"] for _, one, _ in by_start.values()}
    runs = []
    for start in by_start:
        if start in followers:
            continue
        run = []
        while start in by_start:
            run.append(by_start[start])
            start = run[-1][1].attrs["stop"]
        runs.append(run)
    return [run for run in runs if len(run) > 1]


def _target(loop: Loop, node: Node, readers: Mapping[Node, list[Node]]) -> str:
    """The name of the value that a nameless one leads to."""
    while not loop.notes.get(node, NOTHING).name:
        if len(readers[node]) != 1:
            return ""
        (node,) = readers[node]
    return loop.notes[node].name


def _pack(
    loop: Loop,
    whole: Node,
    source: object,
    run: list[tuple[Node, Node, Node]],
    readers: Mapping[Node, list[Node]],
) -> dict[Node, Node]:
    """The packed sum of a run, sliced."""
    axis, first, last = run[0][1].attrs["axis"], run[0][1].attrs["start"], run[-1][1].attrs["stop"]
    others = [other for _, _, other in run]
    if others[0].op is OPS["slice"] and isinstance(source[0], Node):  # type: ignore[index]
        start, stop = others[0].attrs["start"], others[-1].attrs["stop"]
        added = _slice(others[0].inputs[0], axis, start, stop)
    else:
        added = _joined(loop, others, axis[0])
    packed = _slice(whole, axis, first, last) + added
    names = [_target(loop, node, readers) for node, _, _ in run]
    loop.notes[packed] = Note(called="_".join([*filter(None, names), "sums"]))
    return {
        node: make.slice(packed, axis=axis, start=one.attrs["start"] - first, stop=one.attrs["stop"] - first)
        for node, one, _ in run
    }


def _slice(x: Node, axis: tuple[int], start: Dim, stop: Dim) -> Node:
    return x if x.shape[axis[0]] == stop - start else make.slice(x, axis=axis, start=start, stop=stop)


def _gather_sums(loop: Loop, order: list[Node]) -> dict[Node, Node]:
    carried = depending(order, [carry.leaf for carry in loop.carried])
    readers: dict[Node, int] = defaultdict(int)
    for node in order:
        for operand in node.inputs:
            readers[operand] += 1
    results = set(loop.results)

    def terms(node: Node) -> list[Node]:
        """The terms of a sum, those of sums that only it reads among them."""
        found, waiting = [], [node]
        while waiting:
            term = waiting.pop()
            inner = term.op is OPS["add"] and (term is node or (readers[term] == 1 and term not in results))
            if inner and term.shape == node.shape:
                waiting.extend(term.inputs[::-1])
            else:
                found.append(term)
        return found

    new: dict[Node, Node] = {}

    def change(old: Node, _: Node) -> Node | None:
        if old.op is not OPS["add"] or old not in carried:
            return None
        parts = terms(old)
        outside = [part for part in parts if part not in carried]
        if not outside or len(parts) < 3:
            return None
        inside = [part for part in parts if part in carried]
        first = reduce(add, [new[part] for part in outside])
        if len(outside) == 2:
            loop.notes.setdefault(first, Note(called=_plus(*(spoken(loop, part) for part in outside))))
        return first + reduce(add, [new[part] for part in inside])

    def remember(old: Node, now: Node) -> Node | None:
        better = change(old, now)
        new[old] = better or now
        return better

    return rebuild(walk(loop.results), remember)


def _plus(a: str, b: str) -> str:
    return f"{a}_plus_{b.removesuffix('_packed')}" if a and b else ""
