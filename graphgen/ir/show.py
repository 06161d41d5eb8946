"""Graphs as text, one node a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphgen.ir.graph import Graph
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, show


def show_graph(graph: Graph) -> str:
    """Every node with its operands, shape, and what is noted of it."""
    return "\n".join(_lines(graph, "")) + "\n"


def _lines(graph: Graph, indent: str) -> Iterator[str]:
    labels = {leaf: key for key, leaf in graph.inputs.items()}
    for key, leaf in graph.inputs.items():
        yield f"{indent}input {key}: {show(leaf.shape)}"
    for node in graph.order:
        if node in labels:
            continue
        if node.op.name in ("const", "size"):
            labels[node] = node.op.spell(node, [])
            continue
        labels[node] = f"%{len(labels)}"
        operands = [labels[operand] for operand in node.inputs]
        attrs = [f"{k}={_value(v)}" for k, v in node.attrs.items() if not isinstance(v, Graph)]
        shapes = ", ".join(show(result.shape) for result in node.results)
        line = f"{indent}{labels[node]} = {node.op.name}({', '.join(operands + attrs)}): {shapes}"
        yield line + _comment(node, graph)
        if node.op is OPS["scan"]:
            yield from _lines(node.attrs["body"], indent + "    ")
    for key, node in graph.outputs.items():
        yield f"{indent}output {key} = {labels[node]}"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))})"
    return str(value) if isinstance(value, Dim | int | float) else str(getattr(value, "name", value))


def _comment(node: Node, graph: Graph) -> str:
    note = graph.notes.get(node)
    parts = [note.name, note.rule] if note else []
    if note and note.equation is not None:
        parts.append(f"equation {note.equation + 1}")
    text = ", ".join(part for part in parts if part)
    return f"  # {text}" if text else ""
