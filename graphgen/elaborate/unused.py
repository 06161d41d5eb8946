"""Names that a spec gives and never reads."""

from __future__ import annotations

from collections.abc import Iterator

from graphgen.errors import Fault, Faults
from graphgen.ir.shape import Dim
from graphgen.spec.model import Cell


def check_used(cell: Cell, faults: Faults) -> None:
    """Every name is read somewhere: one that is not is a slip of the pen."""
    expressions = [equation.expression for equation in cell.equations]
    bodies = [function.body for function in cell.functions]
    read = {name for expression in expressions for name in expression.names}
    called = {name for expression in (*expressions, *bodies) for name in expression.calls}
    uses = {
        "parameter": read,
        "input": read,
        "equation": read | {name for name, _ in cell.outputs} | {state.name for state in cell.states},
        "function": called,
        "dim": read | {symbol for dim in (*_declared(cell), *_told(cell)) for symbol in dim.symbols},
        "use": read | called,
        "constant": read | {name for body in bodies for name in body.names},
    }
    given = [("parameter", v.name, v.part.position) for v in cell.parameters]
    given += [("input", v.name, v.part.position) for v in cell.inputs]
    given += [("equation", equation.target, equation.place) for equation in cell.equations]
    given += [("function", function.name, function.part.position) for function in cell.functions]
    given += [("use", use.name, use.part.position) for use in cell.uses]
    given += [(kind, name, part.position) for kind, name, part in cell.declared]
    for kind, name, place in given:
        if name not in uses[kind]:
            what = f"'{name}'" if kind == "equation" else f"the {kind} '{name}'"
            verb = {"function": "called", "use": "called", "dim": "used", "constant": "used"}.get(kind, "read")
            cure = "list it under outputs" if kind == "equation" else "use it"
            faults.found.append(Fault("unused", f"{what} is never {verb}", place, f"{cure} or take it out"))


def _declared(cell: Cell) -> Iterator[Dim]:
    """The dims in declared shapes."""
    for variable in (*cell.parameters, *cell.inputs, *cell.states):
        yield from variable.shape


def _told(cell: Cell) -> Iterator[Dim]:
    """The dims that uses are told, or may take because they have dims of the same names."""
    for use in cell.uses:
        yield from map(Dim.of, use.cell.dims)
        yield from use.dims.values()
        if use.stack is not None:
            yield use.stack
