"""A cell's whole module: records, set-up functions, and the functions of a step and of a sequence."""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from graphgen import __version__
from graphgen.codegen import runtime, tracing, usage
from graphgen.codegen.debug import trace_nan
from graphgen.codegen.functions import Pair, array_type, members
from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import ForwardNames
from graphgen.codegen.program import Block, Field, Function, Line, Program, Record
from graphgen.codegen.records import construct, definitions
from graphgen.codegen.spoken import Spoken
from graphgen.codegen.text import codes, names_in, tidy
from graphgen.contract import HELPER_NAMES, MODULE_NAMES, PREVIOUS, RECORDS
from graphgen.ir.graph import Graph
from graphgen.ir.op import OPS, shape_text
from graphgen.ir.shape import ONE, Dim, Shape
from graphgen.ir.step import Step
from graphgen.ops import helpers
from graphgen.ops.function import Function as Defined
from graphgen.ops.function import body_graph
from graphgen.ops.scan import has_loops, with_bodies
from graphgen.spec.model import Cell, Init, Variable


def lower(cell: Cell, step: Step, sequence: Step | None, length: Dim, level: int) -> Program:
    """The module of a cell; `sequence` is its step over time, if it has a state."""
    dims = {**cell.dims, **({str(length): "steps"} if sequence else {})}
    targets = [(path + equation.target).replace(".", "_") for path, equation in cell.written_out]
    previous = [state.name + PREVIOUS for state in cell.states]
    taken = {*dir(builtins), *MODULE_NAMES, *HELPER_NAMES, *dims, cell.name, *cell.names, *previous}
    names = ForwardNames(targets, taken)
    used = [f"{path.removesuffix('.')}: {equation.text}" for path, equation in cell.written_out if path]
    own = [equation.text for equation in cell.equations]
    spoken = Spoken(own, used, dims, bool(cell.states), cell.backward)
    in_place = level > 1
    pairs = [Pair(step, names, spoken, in_place=in_place and has_loops(step.forward))]
    if sequence:  # written in place, its values are other arrays than those of the function of one step
        names = ForwardNames(targets, taken) if in_place else names
        pairs.append(Pair(sequence, names, spoken, length, in_place))
    functions = [
        *_setup(cell, step.forward),
        *(function for pair in pairs for function in pair.functions),
        trace_nan(cell.name, pairs[0], pairs[1] if sequence else None),
    ]
    defined = _defined([graph for pair in pairs for graph in (pair.step.forward, pair.step.backward)])
    called = _helpers([*defined, *functions])
    return Program(
        header=_header(cell, level),
        doc=_doc(cell),
        records=(*_records(cell, step.forward), *(record for pair in pairs for record in pair.records)),
        imports=("import sys",) if runtime.Workspace.__name__ in called else (),
        types=tuple(source for name, source in called.items() if name == runtime.Workspace.__name__),
        helpers=tuple(source for name, source in called.items() if name != runtime.Workspace.__name__),
        checks=tuple(check for pair in pairs for check in pair.checks),
        functions=(*defined, *functions),
    )


def _header(cell: Cell, level: int) -> tuple[str, ...]:
    digest = hashlib.sha256("".join(source.text for source in cell.sources).encode()).hexdigest()[:16]
    file = re.sub(r"[^\w.-]", "_", Path(cell.source_file.file).name)  # it stands in a comment: one line, no more
    made = f"Made by graphgen {__version__} -O{level} from {file} (sha256 {digest})."
    return (made, "Do not edit: change the spec and build again.")


def _doc(cell: Cell) -> tuple[str, ...]:
    paragraphs = [cell.doc or f"The cell {cell.name}.", f"Source: {cell.source}" if cell.source else ""]
    lines = [line for p in paragraphs if p for line in (*textwrap.wrap(p, 100), "")]
    lines += ["Uses:", *(f"    {use.name}: {use.cell.name}" for use in cell.uses), ""] if cell.uses else []
    lines += ["Sizes:", *(f"    {name}: {doc}" for name, doc in cell.dims.items())] if cell.dims else []
    return tuple(lines)


def _records(cell: Cell, graph: Graph) -> Iterator[Record]:
    for group in _groups(cell, "parameters", "inputs", "state", "outputs"):
        nodes = graph.outputs if group == "outputs" else graph.inputs
        found = {name: nodes[f"{group}.{name}"] for name in members(nodes, group)}
        types = {name: array_type(node.shape, node.dtype) for name, node in found.items()}
        yield from definitions(group, types, cell)
    if not cell.backward:
        return
    fields = tuple(Field(group, RECORDS[group]) for group in _groups(cell, "parameters", "inputs", "state"))
    yield Record("Gradients", "What a backward function returns.", fields)


def _groups(cell: Cell, *groups: str) -> list[str]:
    return [group for group in groups if group != "state" or cell.states]


def _setup(cell: Cell, graph: Graph) -> list[Function]:
    """`init_parameters` and `zero_state`."""
    shapes = {path: graph.inputs[f"parameters.{path}"].shape for path, _ in cell.learned}
    values = {path: _fill(shapes[path], parameter) for path, parameter in cell.learned}
    functions = [
        Function(
            "init_parameters",
            ("rng: np.random.Generator", *_sizes(shapes.values(), cell)),
            "Parameters",
            ("Fresh parameters, drawn from a random generator.",),
            (),
            f"return {construct('parameters', values, 4)}",
        )
    ]
    if cell.states:
        zeros = {state.name: f"np.zeros({tidy(shape_text(state.shape))}, dtype)" for state in cell.states}
        arguments = tuple(_sizes([state.shape for state in cell.states], cell))
        doc = ("A state of zeros.",)
        functions.append(
            Function("zero_state", arguments, "State", doc, (), f"return {construct('state', zeros, 4)}")
        )
    return functions


def _sizes(shapes: Iterable[Shape], cell: Cell) -> list[str]:
    """The arguments that give the sizes in some shapes, and the dtype."""
    symbols = {symbol for shape in shapes for dim in shape for symbol in dim.symbols}
    return ["*", *(f"{name}: int" for name in cell.dims if name in symbols), "dtype: type = np.float64"]


def _fill(shape: Shape, parameter: Variable) -> str:
    """The expression that fills a parameter, or a stack of them one by one."""
    lead = len(shape) - len(parameter.shape)
    text = _initial(shape[lead:], parameter.init or _default_init(shape[lead:]))
    for number in reversed(shape[:lead]):
        text = f"np.stack([{text} for _ in range({number})])"
    return text


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
    for node in (node for graph in graphs for one in with_bodies(graph) for node in one.order):
        if node.op is OPS["apply"]:
            found.setdefault(node.attrs["function"])
    return [_defined_function(function) for function in found]


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
    written = ["_Shapes()", *(code for f in functions for code in codes(f.blocks))]
    written += [textwrap.dedent(f"def _():\n    {f.returns}") for f in functions if f.returns]
    calls, waiting = _calls(), names_in(written)
    called: set[str] = set()
    while waiting := (waiting & calls.keys()) - called:
        called |= waiting
        waiting = {name for caller in waiting for name in calls[caller]}
    return {name: source for name, source in _sources().items() if name in called}


@cache
def _sources() -> dict[str, str]:
    """The source of every helper there is."""
    return {
        name: inspect.getsource(helper)
        for room in (runtime, usage, tracing, helpers)
        for name, helper in vars(room).items()
        if (inspect.isfunction(helper) or inspect.isclass(helper)) and helper.__module__ == room.__name__
    }


@cache
def _calls() -> dict[str, set[str]]:
    """The names that the source of each helper mentions."""
    trees = {name: ast.walk(ast.parse(source)) for name, source in _sources().items()}
    return {name: {node.id for node in tree if isinstance(node, ast.Name)} for name, tree in trees.items()}
