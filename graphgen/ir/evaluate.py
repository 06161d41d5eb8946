"""A plain NumPy interpreter of graphs: the reference that generated code is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from graphgen.ir.bind import sizes
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node
from graphgen.ir.shape import Dim


def evaluate(
    graph: Graph, values: Mapping[str, Any], names: Mapping[str, Any], dims: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The graph's results for arrays named as its leaves.

    `names` are the functions that spellings call; `dims` the sizes that no array has.
    """
    arrays = {key: np.asarray(values[key]) for key in graph.inputs}
    shapes = {key: leaf.shape for key, leaf in graph.inputs.items()}
    bound = {**(dims or {}), **sizes(shapes, {key: array.shape for key, array in arrays.items()})}
    floats = [a.dtype for a in arrays.values() if a.dtype.kind in "fc"]
    scope = {**names, "np": np, "dtype": np.result_type(*floats) if floats else np.dtype(float), **bound}

    results = _run(graph, graph.order, [arrays[key] for key in graph.inputs], scope)
    return dict(zip(graph.outputs, results))


def _run(graph: Graph, order: Sequence[Node], values: Sequence[Any], scope: dict[str, Any]) -> list[Any]:
    """The results of a graph for the values of its leaves, both in order."""
    done = dict(zip(graph.inputs.values(), values))
    for node in order:
        if node not in done:
            done[node] = _compute(node, [done[operand] for operand in node.inputs], scope)
    return [done[node] for node in graph.outputs.values()]


def _compute(node: Node, operands: Sequence[Any], scope: dict[str, Any]) -> Any:
    if node.op.name == "scan":
        return _loop(node, operands, scope)
    if node.op.name == "item":
        return operands[0][node.attrs["at"]]
    if (body := node.op.inner(**node.attrs)) is not None:
        return _run(body, body.order, operands, scope)[0]
    places = [f"_{i}" for i in range(len(operands))]
    value = eval(_code(node.op.spell(node, places)), {**scope, **dict(zip(places, operands))})
    return float(value) if node.weak else value


@lru_cache(maxsize=4096)
def _code(text: str) -> CodeType:
    return compile(text, "<op>", "eval")


def _loop(node: Node, operands: Sequence[Any], scope: dict[str, Any]) -> list[Any]:
    body, carries, sequences = (node.attrs[k] for k in ("body", "carries", "sequences"))
    length: Dim = node.attrs["length"]
    steps = length.evaluate({k: v for k, v in scope.items() if isinstance(v, int)})
    carry, sliced = list(operands[:carries]), operands[carries : carries + sequences]
    constants = operands[carries + sequences :]
    dtypes = {"float": scope["dtype"], "int": int, "bool": bool}
    stacked = [
        np.zeros((steps, *(dim.evaluate(scope) for dim in result.shape)), dtypes[result.dtype])
        for result in list(body.outputs.values())[carries:]
    ]
    order = body.order
    for t in reversed(range(steps)) if node.attrs["reverse"] else range(steps):
        results = _run(body, order, [*carry, *(x[t] for x in sliced), *constants], scope)
        carry = results[:carries]
        for sequence, value in zip(stacked, results[carries:]):
            sequence[t] = value
    return [*carry, *stacked]
