"""Out of the loop and after it: what no later step reads.

Outputs that do not feed the carry run once for all steps; a gradient that is only summed over the steps becomes one
product of arrays of every step, or one sum.
"""

from __future__ import annotations

from collections import Counter
from functools import reduce
from operator import add

from graphgen.ir.graph import NOTHING, Note, below, rebuild, walk
from graphgen.ir.node import Node, make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim
from graphgen.ir.step import Step
from graphgen.ops.linear import swap
from graphgen.ops.scan import Carry, Loop
from graphgen.passes.lift import Outer, is_bulky, lift, outside
from graphgen.passes.loops import change_loops
from graphgen.passes.sum_products import sum_of_products

AFTER = "for every step at once: no later step reads it"
PRODUCTS = ("matmul", "outer")  # for these alone a loop returns what it would not keep otherwise
SAME_ELEMENTS = ("transpose", "reshape", "expand_dims", "squeeze")


def after_the_loop(step: Step) -> Step:
    """The pass."""
    return change_loops(step, lambda loop: _After(loop).run())


class _After:
    """One loop, and what of it is known for every step."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.order = walk(loop.results)
        self.readers = Counter(operand for node in self.order for operand in set(node.inputs))
        self.totals = [carry for carry in loop.carried if self._only_grows(carry)]
        kept = [carry.following for carry in loop.carried if carry not in self.totals]
        self.inside = below(kept)
        self.waiting: dict[Node, Node] = {}  # what the loop returns of every step -> a leaf until it does
        self.returned = set(loop.every.values())
        self.known: dict[Node, Outer] = outside(loop, [node for node in self.order if not node.inputs])
        self.placed: dict[Node, Note] = {}

    def run(self) -> tuple[list[Node], dict[Node, Note]]:
        """The results, and notes of what was moved."""
        adding = {carry.following for carry in self.totals}
        for node in self.order:
            if node in self.known or node in adding:
                continue
            stays = node in self.inside or (bool(node.inputs) and not self.move(node))
            if stays and node in self.returned and not (node.op.view and self.move(node)):
                self.give_back(node)
        parts = {carry.key: carry.following.inputs[1] for carry in self.totals}
        products_first = sorted(parts, key=lambda key: not _has_product(parts[key]))
        sums = {key: self.summed(parts[key]) for key in products_first}
        return self.results({key: node for key, node in sums.items() if node is not None})

    def _only_grows(self, carry: Carry) -> bool:
        """Whether a carry starts at zero and is only ever added to."""
        adds = carry.following.op is OPS["add"] and carry.following.inputs[0] is carry.leaf
        return adds and self.readers[carry.leaf] == 1 and carry.initial.op is OPS["zeros"]

    def give_back(self, node: Node) -> None:
        """Let the loop return a value of every step."""
        leaf = variable(f"waiting.{len(self.waiting)}", (self.loop.length, *node.shape), node.dtype)
        self.waiting[node] = leaf
        self.known[node] = leaf, True
        start = Dim.of(0)
        for part in node.inputs if node.op is OPS["concat"] else ():
            stop = start + part.shape[node.attrs["axis"][0]]
            self.known.setdefault(part, (make.slice(leaf, axis=node.attrs["axis"], start=start, stop=stop), True))
            start = stop

    def export(self, node: Node) -> None:
        """Make a value of the loop known for every step, by what it is a view of where it is one."""
        if node in self.known:
            return
        if node.op.name in SAME_ELEMENTS:
            self.export(node.inputs[0])
            if self.move(node):
                return
        self.give_back(node)

    def move(self, node: Node) -> bool:
        """Whether a node can be moved out: its operands are known outside, or are made so for a product."""
        missing = [operand for operand in node.inputs if operand not in self.known]
        if missing and node.op.name not in PRODUCTS:
            return False
        free = node.op.name in PRODUCTS or node.op.view
        bulky = not free and any(map(is_bulky, (node, *node.inputs)))
        if node.op is OPS["input"] or bulky:
            return False
        for operand in missing:
            self.export(operand)
        operands, lifted = zip(*(self.known[operand] for operand in node.inputs))
        lifting = lift(node, operands, lifted, self.loop.length)
        if lifting is None:
            return False
        self.known[node] = lifting, any(lifted)
        return True

    def summed(self, part: Node) -> Node | None:
        """The sum of a value over the steps, worked out outside of the loop; None if it has to grow in the loop."""
        sums = [self._summed_term(term) for term in _terms(part)]
        known = [term for term in sums if term is not None]
        return reduce(add, known) if len(known) == len(sums) else None

    def _summed_term(self, part: Node) -> Node | None:
        name, operands = part.op.name, part.inputs
        if name in ("transpose", "negative"):
            inner = self.summed(operands[0])
            return None if inner is None else make.transpose(inner, **part.attrs) if part.attrs else -inner
        if name in PRODUCTS:
            product = self._summed_product(part)
            if product is not None:
                return product
        if name == "sum" and operands[0] in self.known and self.known[operands[0]][1]:
            return self._summed_sum(part)
        if part in self.known and self.known[part][1]:
            return make.sum(self.known[part][0], axis=0, keepdims=False)
        return None

    def _summed_product(self, part: Node) -> Node | None:
        """Products of every step as one product over all steps, if both operands differ from step to step."""
        for operand in part.inputs:
            self.export(operand)
        (a, a_lifted), (b, b_lifted) = (self.known[operand] for operand in part.inputs)
        if not (a_lifted and b_lifted):
            return None
        if part.op is OPS["outer"]:
            return swap(a) @ b if len(a.shape) == len(b.shape) == 2 else None
        if not (len(a.shape) == len(b.shape) == 3):
            return None
        return sum_of_products(a, b)

    def _summed_sum(self, part: Node) -> Node:
        x = self.known[part.inputs[0]][0]
        axis, keepdims = part.attrs["axis"], part.attrs["keepdims"]
        total = make.sum(x, axis=(-len(x.shape), *axis), keepdims=False)
        return make.expand_dims(total, axis=axis) if keepdims else total

    def results(self, sums: dict[str, Node]) -> tuple[list[Node], dict[Node, Note]]:
        """Put the loop together without what was moved, and name what stands for each of its results."""
        loop = self.loop
        results = {**{carry.key: carry.following for carry in loop.carried}, **loop.every}
        outer = {**sums, **{key: self.known[node][0] for key, node in loop.every.items() if self._moved(node)}}
        needed = below(outer.values())
        loop.carried = [carry for carry in loop.carried if carry.key not in sums]
        loop.every = {key: node for key, node in loop.every.items() if key not in outer}
        for node, leaf in self.waiting.items():
            if node not in self.returned and leaf in needed:
                loop.every[f"every.{len(loop.every)}"] = node

        at = dict(zip([*(carry.key for carry in loop.carried), *loop.every], loop.items()))
        leaves = {self.waiting[node]: at[key] for key, node in loop.every.items() if node in self.waiting}
        became = rebuild(walk(outer.values()), lambda node, _: leaves.get(node))
        self._note(results, outer, became)
        return [became[outer[key]] if key in outer else at[key] for key in results], self.placed

    def _moved(self, node: Node) -> bool:
        return node not in self.waiting and node in self.known and self.known[node][1]

    def _note(self, results: dict[str, Node], outer: dict[str, Node], became: dict[Node, Node]) -> None:
        """Take over what was noted of the nodes that were moved."""
        notes = self.loop.notes
        for key, node in outer.items():
            self.placed[became[node]] = notes.get(results[key], NOTHING)._replace(place=AFTER)
        for node, (lifting, lifted) in self.known.items():
            if lifted and lifting in became and node in notes and node.inputs:
                note = notes[node]._replace(name="", stands_for=node, steps=True, place=AFTER)
                self.placed.setdefault(became[lifting], note)
        operands = [operand for _, operand in (*self.loop.sliced, *self.loop.constant)]
        before = below([*operands, *(carry.initial for carry in self.loop.carried)])
        for node in walk(became[root] for root in outer.values()):
            if node not in before and node.op not in (OPS["scan"], OPS["item"]):
                self.placed.setdefault(node, Note(place=AFTER))


def _terms(part: Node) -> list[Node]:
    """What is added up to a value, without recursion: as many as a spec has equations."""
    terms, waiting = [], [part]
    while waiting:
        node = waiting.pop()
        if node.op is OPS["add"] and all(operand.shape == part.shape for operand in node.inputs):
            waiting += reversed(node.inputs)
        else:
            terms.append(node)
    return terms


def _has_product(part: Node) -> bool:
    """Whether a sum over the steps makes the loop return arrays of every step, which others may then read."""
    seen, waiting = set(), [part]
    while waiting:
        node = waiting.pop()
        if node not in seen and node.op.name in ("add", "transpose", "negative"):
            waiting += node.inputs
        seen.add(node)
    return any(node.op.name in PRODUCTS for node in seen)
