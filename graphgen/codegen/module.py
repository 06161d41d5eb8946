"""A cell's whole module: records, set-up functions, and the functions of a step and of a sequence."""

from __future__ import annotations

import hashlib
import inspect
import re
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from graphgen import __version__
from graphgen.codegen import runtime, tracing, usage
from graphgen.codegen.debug import trace_nan
from graphgen.codegen.functions import Pair, Spoken, array_type
from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import ForwardNames
from graphgen.codegen.program import Block, Field, Function, Line, Program, Record
from graphgen.codegen.text import call, codes, names_in, tidy
from graphgen.contract import HELPER_NAMES, MODULE_NAMES, PREVIOUS
from graphgen.ir.graph import Graph
from graphgen.ir.node import Node
from graphgen.ir.op import OPS, shape_text
from graphgen.ir.shape import ONE, Dim, Shape
from graphgen.ir.step import Step
from graphgen.ops import helpers
from graphgen.ops.function import Function as Defined
from graphgen.ops.function import body_graph
from graphgen.spec.model import Cell, Init, Variable


def lower(cell: Cell, step: Step, sequence: Step | None, length: Dim, level: int) -> Program:
    """The module of a cell; `sequence` is its step over time, if it has a state."""
    dims = {**cell.dims, **({str(length): "steps"} if sequence else {})}
    targets = [equation.target for equation in cell.equations]
    previous = [state.name + PREVIOUS for state in cell.states]
    taken = {*MODULE_NAMES, *HELPER_NAMES, *dims, cell.name, *cell.names, *previous}
    names = ForwardNames(targets, taken)
    spoken = Spoken([equation.text for equation in cell.equations], dims, bool(cell.states))
    pairs = [Pair(step, names, spoken)]
    if sequence:
        in_place = level > 1  # where the values of a step are other arrays than those of the function of one step
        names = ForwardNames(targets, taken) if in_place else names
        pairs.append(Pair(sequence, names, spoken, length, in_place))
    functions = [*_setup(cell), *(function for pair in pairs for function in (pair.forward, pair.backward))]
    functions.append(trace_nan(cell.name, pairs[0], pairs[1] if sequence else None))
    defined = _defined([graph for pair in pairs for graph in (pair.step.forward, pair.step.backward)])
    called = _helpers([*defined, *functions])
    return Program(
        header=_header(cell, level),
        doc=_doc(cell),
        records=(*_records(cell, step.forward), *(pair.record for pair in pairs)),
        types=tuple(source for name, source in called.items() if name == runtime.Workspace.__name__),
        helpers=tuple(source for name, source in called.items() if name != runtime.Workspace.__name__),
        checks=tuple(check for pair in pairs for check in pair.checks),
        functions=(*defined, *functions),
    )


def _header(cell: Cell, level: int) -> tuple[str, ...]:
    digest = hashlib.sha256(cell.source_file.text.encode()).hexdigest()[:16]
    file = re.sub(r"[^\w.-]", "_", Path(cell.source_file.file).name)  # it stands in a comment: one line, no more
    made = f"Made by graphgen {__version__} -O{level} from {file} (sha256 {digest})."
    return (made, "Do not edit: change the spec and build again.")


def _doc(cell: Cell) -> tuple[str, ...]:
    paragraphs = [cell.doc or f"The cell {cell.name}.", f"Source: {cell.source}" if cell.source else ""]
    lines = [line for p in paragraphs if p for line in (*textwrap.wrap(p, 100), "")]
    lines += ["Sizes:", *(f"    {name}: {doc}" for name, doc in cell.dims.items())] if cell.dims else []
    return tuple(lines)


def _records(cell: Cell, graph: Graph) -> tuple[Record, ...]:
    results = {name: graph.outputs[f"outputs.{name}"] for name, _ in cell.outputs}
    outputs = {name: array_type(node.shape, node.dtype) for name, node in results.items()}
    groups = [
        ("Parameters", "What the cell learns; as gradients, one for each.", _types(cell.parameters)),
        ("Inputs", "What a step reads; as gradients, one for each.", _types(cell.inputs)),
        ("State", "What a step hands on to the next; as cotangents, one for each, or None.", _types(cell.states)),
        ("Outputs", "What a step computes; as cotangents, one for each, or None.", outputs),
    ]
    records = [
        Record(name, doc, tuple(Field(field, text) for field, text in types.items()))
        for name, doc, types in groups
        if name != "State" or cell.states
    ]
    fields = {"parameters": "Parameters", "inputs": "Inputs", **({"state": "State"} if cell.states else {})}
    gradients = tuple(Field(name, record) for name, record in fields.items())
    return (*records, Record("Gradients", "What a backward function returns.", gradients))


def _types(variables: Iterable[Variable]) -> dict[str, str]:
    return {variable.name: array_type(variable.shape, variable.dtype) for variable in variables}


def _setup(cell: Cell) -> list[Function]:
    """`init_parameters` and `zero_state`."""
    values = {p.name: _initial(p.shape, p.init or _default_init(p.shape)) for p in cell.parameters}
    functions = [
        Function(
            "init_parameters",
            ("rng: np.random.Generator", *_sizes(cell.parameters, cell)),
            "Parameters",
            ("Fresh parameters, drawn from a random generator.",),
            (),
            call("return Parameters", values, 4),
        )
    ]
    if cell.states:
        zeros = {state.name: f"np.zeros({tidy(shape_text(state.shape))}, dtype)" for state in cell.states}
        arguments = tuple(_sizes(cell.states, cell))
        doc = ("A state of zeros.",)
        functions.append(Function("zero_state", arguments, "State", doc, (), call("return State", zeros, 4)))
    return functions


def _sizes(variables: Iterable[Variable], cell: Cell) -> list[str]:
    """The arguments that give the sizes in some shapes, and the dtype."""
    symbols = {symbol for variable in variables for dim in variable.shape for symbol in dim.symbols}
    return ["*", *(f"{name}: int" for name in cell.dims if name in symbols), "dtype: type = np.float64"]


def _default_init(shape: Shape) -> Init:
    """Matrices are drawn, vectors (one axis longer than 1) start at zero."""
    return Init("glorot" if sum(dim != ONE for dim in shape) > 1 else "zeros")


def _initial(shape: Shape, init: Init) -> str:
    """The expression that fills a parameter."""
    dims = tidy(shape_text(shape))
    return {
        "zeros": f"np.zeros({dims}, dtype)",
        "ones": f"np.ones({dims}, dtype)",
        "constant": f"np.full({dims}, {init.value!r}, dtype)",
        "normal": f"_normal(rng, {init.value!r}, {dims}, dtype)",
        "glorot": f"_glorot(rng, {dims}, dtype)",
        "orthogonal": f"_orthogonal(rng, {dims}, dtype)",
    }[init.kind]


def _defined(graphs: Iterable[Graph]) -> list[Function]:
    """The spec's own functions and the derivatives of them that are called."""
    found: dict[Defined, None] = {}
    for node in _every_node(graphs):
        if node.op is OPS["apply"]:
            found.setdefault(node.attrs["function"])
    return [_defined_function(function) for function in found]


def _every_node(graphs: Iterable[Graph]) -> Iterable[Node]:
    for graph in graphs:
        for node in graph.order():
            yield node
            if node.op is OPS["scan"]:
                yield from _every_node([node.attrs["body"]])


def _defined_function(function: Defined) -> Function:
    graph = body_graph(function)
    texts = {leaf: name for name, leaf in graph.inputs.items()}
    result = graph.outputs["result"]
    lowering = Lowering(graph, texts, [result], ForwardNames((), function.arguments), str)
    blocks, body = lowering.run(), lowering.text(result)
    about = f"The derivative of {function.partial_of}." if function.partial_of else "As the spec defines it."
    arguments = tuple(f"{argument}: np.ndarray" for argument in function.arguments)
    dtype = Line(f"dtype = _dtype([{', '.join(function.arguments)}])")
    if "dtype" in names_in([*codes(blocks), body]):
        blocks = (Block("", (dtype,)), *blocks)
    return Function(function.name, arguments, "np.ndarray", (about,), blocks, f"return {body}")


def _helpers(functions: Iterable[Function]) -> dict[str, str]:
    """The source of every helper that is called, by a function or by another helper."""
    known = _sources()
    waiting = ["_Shapes()"]
    waiting += [*(code for f in functions for code in codes(f.blocks))]
    waiting += [textwrap.dedent(f"def _():\n    {f.returns}") for f in functions if f.returns]
    called: set[str] = set()
    while waiting:
        new = (names_in(waiting) & set(known)) - called
        called |= new
        waiting = [known[name] for name in new]
    return {name: source for name, source in known.items() if name in called}


@cache
def _sources() -> dict[str, str]:
    """The source of every helper there is."""
    return {
        name: inspect.getsource(helper)
        for room in (runtime, usage, tracing, helpers)
        for name, helper in vars(room).items()
        if (inspect.isfunction(helper) or inspect.isclass(helper)) and helper.__module__ == room.__name__
    }
