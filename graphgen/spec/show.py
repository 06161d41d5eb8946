"""A spec as it was read."""

from __future__ import annotations

from graphgen.ir.shape import show
from graphgen.spec.model import Cell


def show_cell(cell: Cell) -> str:
    """Names with their shapes, and the numbered equations."""
    lines = [f"cell {cell.name}"]
    lines += [f"dim {name}: {doc}" for name, doc in cell.dims.items()]
    lines += [f"use {use.name}: {use.told}" for use in cell.uses]
    for kind, variables in (("parameter", cell.parameters), ("input", cell.inputs), ("state", cell.states)):
        lines += [f"{kind} {variable.name}: {show(variable.shape)}" for variable in variables]
    lines += [f"constant {name} = {value}" for name, value in cell.constants.items()]
    lines += [f"function {f.name}({', '.join(f.arguments)}) = {f.body.text.strip()}" for f in cell.functions]
    lines += [f"{number}. {equation.text}" for number, equation in enumerate(cell.equations, start=1)]
    lines += [f"output {name}" for name, _ in cell.outputs]
    lines += [f"average over {cell.average_over}"] if cell.average_over is not None else []
    lines += [] if cell.backward else ["no backward pass"]
    return "\n".join(lines) + "\n"
