"""A plain NumPy interpreter of graphs: the reference that generated code is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from graphgen.ir.bind import sizes
from graphgen.ir.graph import Graph, Node
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

    done: dict[Node, Any] = {leaf: arrays[key] for key, leaf in graph.inputs.items()}
    for node in graph.order():
        if node not in done:
            done[node] = _compute(node, [done[operand] for operand in node.inputs], scope)
    return {key: done[node] for key, node in graph.outputs.items()}


def _compute(node: Node, operands: Sequence[Any], scope: dict[str, Any]) -> Any:
    if node.op.name == "scan":
        return _loop(node, operands, scope)
    if node.op.name == "item":
        return operands[0][node.attrs["at"]]
    if (body := node.op.inner(**node.attrs)) is not None:
        return _apply(body, operands, scope)
    places = [f"_{i}" for i in range(len(operands))]
    value = eval(_code(node.op.spell(node, places)), {**scope, **dict(zip(places, operands))})
    return float(value) if node.weak else value


@lru_cache(maxsize=4096)
def _code(text: str) -> CodeType:
    return compile(text, "<op>", "eval")


def _apply(graph: Graph, operands: Sequence[Any], scope: dict[str, Any]) -> Any:
    """A graph of one result on its operands."""
    done = dict(zip(graph.inputs.values(), operands))
    for node in graph.order():
        if node not in done:
            done[node] = _compute(node, [done[operand] for operand in node.inputs], scope)
    (result,) = graph.outputs.values()
    return done[result]


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
    leaves, order = list(body.inputs.values()), body.order()
    for t in reversed(range(steps)) if node.attrs["reverse"] else range(steps):
        done = dict(zip(leaves, [*carry, *(x[t] for x in sliced), *constants]))
        for inner in order:
            if inner not in done:
                done[inner] = _compute(inner, [done[i] for i in inner.inputs], scope)
        results = [done[result] for result in body.outputs.values()]
        carry = results[:carries]
        for sequence, value in zip(stacked, results[carries:]):
            sequence[t] = value
    return [*carry, *stacked]
