"""Which forward values the backward pass needs, worked out from the two graphs.

Kept is the smallest set of forward values from which everything else that backward reads is computed again at
little cost: a minimum cut between what exists only in the forward pass and what meets a cotangent.
"""

from __future__ import annotations

from graphgen.ir.graph import Graph, Note, depending, walk
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import count

NOMINAL = 64  # the size of every dim when arrays of symbolic shapes are weighed
SOURCE, SINK = -1, -2
CHEAP = ("add", "subtract", "multiply", "negative")  # to compute again, beside views, which cost nothing


def choose(forward: Graph, backward: Graph) -> tuple[Node, ...]:
    """The residuals, in the order of the forward pass; parameters among them cost nothing to keep."""
    import networkx as nx

    order = walk([*forward.outputs.values(), *backward.outputs.values()])
    in_forward = set(walk(forward.outputs.values())) | set(forward.inputs.values())
    in_forward |= {node for node in order if node.op is OPS["item"] and node.inputs[0] in in_forward}
    cotangents = {leaf for key, leaf in backward.inputs.items() if key not in forward.inputs}
    late = depending(walk(backward.outputs.values()), cotangents)
    held = depending(order, {node for node in order if node.op in (OPS["input"], OPS["scan"])})

    number = {node: at for at, node in enumerate(order)}
    network: nx.DiGraph[int] = nx.DiGraph()
    network.add_nodes_from([SOURCE, SINK])
    waiting = [node for node in _reads(backward, late) if node in held]
    for node in waiting:
        network.add_edge(2 * number[node] + 1, SINK)
    seen = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        enter, leave = 2 * number[node], 2 * number[node] + 1
        if node in in_forward:
            network.add_edge(enter, leave, capacity=_weight(node, forward.notes.get(node, Note())))
        else:
            network.add_edge(enter, leave)
        if node in in_forward and not (node.op.view or node.op.name in CHEAP):
            network.add_edge(SOURCE, enter)
            continue
        for operand in node.inputs:
            if operand in held:  # what is made of numbers and sizes alone costs nothing
                network.add_edge(2 * number[operand] + 1, enter)
                waiting.append(operand)
    _, (reached, _) = nx.minimum_cut(network, SOURCE, SINK)
    ordered = [node for node in (*forward.inputs.values(), *forward.order(), *order) if node in seen]
    kept = [node for node in ordered if 2 * number[node] in reached and 2 * number[node] + 1 not in reached]
    return tuple(dict.fromkeys(kept))


def _reads(backward: Graph, late: set[Node]) -> list[Node]:
    """What meets a cotangent, or is itself a result, without depending on one."""
    reads: dict[Node, None] = {}
    for node in walk(backward.outputs.values()):
        if node in late:
            reads.update((operand, None) for operand in node.inputs if operand not in late)
    reads.update((node, None) for node in backward.outputs.values() if node not in late)
    return list(reads)


def _weight(node: Node, note: Note) -> int:
    """The elements to keep; of equals the one that the user named, and parameters for nothing."""
    if node.attrs.get("name", "").startswith("parameters."):
        return 0
    elements = count(node.shape)
    return 2 * elements.evaluate(dict.fromkeys(elements.symbols, NOMINAL)) + (0 if note.name else 1)
