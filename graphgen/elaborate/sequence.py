"""A step's graph run over time: one `scan`, whose backward is backpropagation through time."""

from __future__ import annotations

from graphgen.ir.graph import Graph
from graphgen.ir.node import make, variable
from graphgen.ir.shape import Dim


def over_time(step: Graph, length: Dim) -> Graph:
    """The graph of a whole sequence: every input and output has a leading axis of the given length."""
    groups: dict[str, list[str]] = {"state": [], "inputs": [], "parameters": []}
    for key in step.inputs:
        groups[key.split(".")[0]].append(key)
    body_inputs = {key: step.inputs[key] for group in groups.values() for key in group}
    outputs = {key: node for key, node in step.outputs.items() if key.startswith("outputs.")}
    body = Graph(body_inputs, {**{key: step.outputs[key] for key in groups["state"]}, **outputs}, step.notes)

    leaves = {
        key: variable(key, (length, *leaf.shape), leaf.dtype) if key in groups["inputs"] else leaf
        for key, leaf in body_inputs.items()
    }
    carries, sequences = len(groups["state"]), len(groups["inputs"])
    scan = make.scan(*leaves.values(), body=body, carries=carries, sequences=sequences, length=length, reverse=False)
    results = {key: make.item(scan, at=at) for at, key in enumerate(body.outputs)}
    notes = {leaves[key]: step.notes[leaf] for key, leaf in body_inputs.items() if leaves[key] is leaf}
    ordered = {
        **{k: v for k, v in results.items() if k in outputs},
        **{k: results[k] for k in groups["state"]},
    }
    return Graph({key: leaves[key] for key in step.inputs}, ordered, notes)
