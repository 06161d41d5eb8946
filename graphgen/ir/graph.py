"""Graphs of nodes, what is noted beside them, and the ways to walk and rebuild them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from graphgen.ir.node import Node, again

if TYPE_CHECKING:
    import networkx as nx


class Note(NamedTuple):
    """What is known of a node beside its value; kept beside nodes, so that sharing them loses nothing."""

    name: str = ""  # the user's name for it
    equation: int | None = None  # the equation it came from, counted from 0
    rule: str = ""  # the junction rule that made it
    cotangent_of: Node | None = None
    part: bool = False  # one of several contributions to that cotangent
    stands_for: Node | None = None  # the value in a loop that this is, in another loop or outside
    steps: bool = False  # of every step at once, by a pass that took it out of the loop
    called: str = ""  # a name from a pass, to be taken if it is free
    place: str = ""  # why a pass put it where it stands


NOTHING = Note()
Change = Callable[[Node, Node], Node | None]  # what a node becomes, given it and the same on its new operands


@dataclass(frozen=True, eq=False)
class Graph:
    """Named leaves, named results, and notes.  The notes' order is the order in which a reader meets the nodes."""

    inputs: dict[str, Node]
    outputs: dict[str, Node]
    notes: dict[Node, Note] = field(default_factory=dict)

    @cached_property
    def results(self) -> list[Node]:
        """The results alone; a scan's items are numbered as its body's."""
        return list(self.outputs.values())

    @cached_property
    def order(self) -> list[Node]:
        """Every node that the results need, operands before users, otherwise as the notes have them."""
        return self.order_of(self.results)

    def order_of(self, results: Iterable[Node]) -> list[Node]:
        """The same for other results."""
        roots = list(results)
        live = below(roots)
        return walk([node for node in self.notes if node in live] + roots)

    def view(self) -> nx.MultiDiGraph[Node]:
        """The graph for networkx: an edge from operand to user, keyed by the operand's position.

        A MultiDiGraph, since `x * x` has two edges from the same operand.
        """
        import networkx as nx

        view: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
        for node in self.order:
            view.add_node(node, op=node.op.name)
            for position, operand in enumerate(node.inputs):
                view.add_edge(operand, node, key=position)
        return view

    def changed(self, change: Mapping[Node, Node]) -> Graph:
        """The graph with nodes changed as a mapping of all of them says; notes move along."""
        outputs = {name: change[node] for name, node in self.outputs.items()}
        return replace(self, outputs=outputs, notes=move_notes(self.notes, change))


def move_notes(notes: Mapping[Node, Note], change: Mapping[Node, Node]) -> dict[Node, Note]:
    """The notes of nodes that were changed; of two notes that meet on one node the first stays."""
    moved: dict[Node, Note] = {}
    for node, note in notes.items():
        of = note.cotangent_of
        if of is not None and change.get(of, of) is not of:
            note = note._replace(cotangent_of=change[of])
        moved.setdefault(change.get(node, node), note)
    return moved


def walk(roots: Iterable[Node]) -> list[Node]:
    """Every node the roots need, operands before users, depth first (without recursion: graphs get deep)."""
    opened: set[Node] = set()
    done: dict[Node, None] = {}
    stack = list(roots)[::-1]
    while stack:
        node = stack[-1]
        if node in opened:  # and so are its operands, which stood above it
            done[stack.pop()] = None
        else:
            opened.add(node)
            stack += node.inputs[::-1]
    return list(done)


def below(roots: Iterable[Node]) -> set[Node]:
    """Every node the roots need, themselves among them."""
    found = set(roots)
    stack = list(found)
    while stack:
        for operand in stack.pop().inputs:
            if operand not in found:
                found.add(operand)
                stack.append(operand)
    return found


def depending(
    order: Iterable[Node], on: Iterable[Node], through: Callable[[Node], bool] = lambda node: True
) -> set[Node]:
    """The nodes of an order that are, or are computed from, some of them by way of nodes that let it through."""
    found = set(on)
    for node in order:
        if not found.isdisjoint(node.inputs) and through(node):
            found.add(node)
    return found


def rebuild(order: Iterable[Node], change: Change) -> dict[Node, Node]:
    """Every node of an order, operands before users, mapped to what it becomes.

    `change(old, new)` gets a node and the same on its new operands; what it returns stands for it, or `new` if None.
    """
    became: dict[Node, Node] = {}
    changed: set[Node] = set()
    for node in order:
        new = node
        if not changed.isdisjoint(node.inputs):
            new = again(node, tuple([became[operand] for operand in node.inputs]))
        became[node] = change(node, new) or new
        if became[node] is not node:
            changed.add(node)
    return became
