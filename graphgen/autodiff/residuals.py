"""Which forward values the backward pass needs, worked out from the two graphs.

Kept is the smallest set of forward values from which everything else that backward reads is computed again at
little cost: a minimum cut between what exists only in the forward pass and what meets a cotangent.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping

from graphgen.ir.graph import NOTHING, Graph, Note, below, depending, walk
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import count
from graphgen.ir.step import Step

NOMINAL = 64  # the size of every dim when arrays of symbolic shapes are weighed
SOURCE, SINK = "source", "sink"
CHEAP = ("add", "subtract", "multiply", "negative")  # to compute again, beside views, which cost nothing


def choose(forward: Graph, backward: Graph, at_hand: Collection[Node] = ()) -> tuple[Node, ...]:
    """The residuals, in the order of the forward pass; parameters among them cost nothing to keep.

    Nor do values that are at hand in any case, and a function of their elements is computed again.
    """
    order = walk([*forward.outputs.values(), *backward.outputs.values()])
    in_forward = below([*forward.outputs.values(), *forward.inputs.values()])
    in_forward |= {node for node in order if node.op is OPS["item"] and node.inputs[0] in in_forward}
    cotangents = {leaf for key, leaf in backward.inputs.items() if key not in forward.inputs}
    late = depending(order, cotangents)
    held = depending(order, {node for node in order if node.op in (OPS["input"], OPS["scan"])})

    reads = _reads(backward, late) & held  # what is made of numbers and sizes alone costs nothing
    again = {node for node in in_forward if is_cheap(node) or (at_hand and _only_reads(node, at_hand, held))}
    dear = (in_forward - again) | (in_forward & set(at_hand))
    needed = _needed(reads, dear, held)
    forced = reads & dear
    doubtful = depending((node for node in order if node in needed), needed & dear - forced, lambda n: n not in dear)
    weights = {
        node: _weight(node, forward.notes.get(node, NOTHING), at_hand) if node in in_forward else None
        for node in order
        if node in doubtful
    }
    kept = forced | (_cut(weights, doubtful & dear, doubtful & reads) if weights else set())
    return tuple(dict.fromkeys(n for n in (*forward.inputs.values(), *forward.order, *order) if n in kept))


def computed_again(step: Step) -> list[Node]:
    """The forward values that the backward graph computes again, in the order of the forward pass."""
    forward, backward = step.forward, step.backward
    order = step.order
    late = depending(order, [leaf for key, leaf in backward.inputs.items() if key not in forward.inputs])
    found, stack = set(), list(_reads(backward, late))
    while stack:
        node = stack.pop()
        if node not in found and node not in step.residuals and node.inputs and not node.weak:
            found.add(node)
            stack.extend(node.inputs)
    return [node for node in order if node in found]


def _needed(reads: set[Node], dear: set[Node], held: set[Node]) -> set[Node]:
    """What is read, and what it may be computed again from: whatever is dear is not computed again."""
    needed, stack = set(reads), list(reads)
    while stack:
        node = stack.pop()
        more = (set(node.inputs) & held) - needed if node not in dear else set()
        needed |= more
        stack += more
    return needed


def _cut(weights: Mapping[Node, int | None], begin: set[Node], end: set[Node]) -> set[Node]:
    """The lightest nodes that part the beginning from the end; those without a weight cannot be among them."""
    import networkx as nx
    from networkx.algorithms.flow import shortest_augmenting_path

    network: nx.DiGraph[Hashable] = nx.DiGraph()
    for node, weight in weights.items():
        enter, leave = (node, "enter"), (node, "leave")
        network.add_edge(enter, leave, **({} if weight is None else {"capacity": weight}))
        if node in begin:
            network.add_edge(SOURCE, enter)
        else:
            network.add_edges_from(((operand, "leave"), enter) for operand in node.inputs if operand in weights)
        if node in end:
            network.add_edge(leave, SINK)
    _, (before, _) = nx.minimum_cut(network, SOURCE, SINK, flow_func=shortest_augmenting_path)
    return {node for node in weights if (node, "enter") in before and (node, "leave") not in before}


def _reads(backward: Graph, late: set[Node]) -> set[Node]:
    """What meets a cotangent, or is itself a result, without depending on one."""
    operands = {operand for node in late for operand in node.inputs}
    return (operands | set(backward.outputs.values())) - late


def is_cheap(node: Node) -> bool:
    """Whether a value costs next to nothing to compute again: a view, a sum or a product."""
    return node.op.view or node.op.name in CHEAP


def _only_reads(node: Node, at_hand: Collection[Node], held: set[Node]) -> bool:
    """Whether a node is a function, element by element, of values at hand."""
    return node.op.elementwise and all(operand in at_hand for operand in node.inputs if operand in held)


def _weight(node: Node, note: Note, at_hand: Collection[Node]) -> int:
    """The elements to keep; of equals the one that the user named, and parameters for nothing."""
    if node in at_hand or node.attrs.get("name", "").startswith("parameters."):
        return 0
    elements = count(node.shape)
    return 2 * elements.evaluate(dict.fromkeys(elements.symbols, NOMINAL)) + (0 if note.name else 1)
