"""The forward and backward functions of a module, lowered from one step or from one sequence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import BackwardNames, ForwardNames, Naming
from graphgen.codegen.program import Array, Block, Field, Function, Line, Record
from graphgen.codegen.prologue import Source, prologue
from graphgen.codegen.records import construct
from graphgen.codegen.spoken import Spoken
from graphgen.codegen.storage import Stored
from graphgen.codegen.text import call, codes, enclose, names_read, remarked, tidy
from graphgen.codegen.views import overlap, storage_of
from graphgen.contract import RECORDS
from graphgen.ir.graph import NOTHING, Graph, below
from graphgen.ir.node import Node
from graphgen.ir.op import shape_text
from graphgen.ir.shape import Dim, Shape, show
from graphgen.ir.step import Step

WORKSPACE = "workspace: Workspace | None = None"


def members(graph: Graph | Iterable[str], group: str) -> list[str]:
    """The names of one group of keys "group.name"."""
    keys = graph.inputs if isinstance(graph, Graph) else graph
    return [key.split(".", 1)[1] for key in keys if key.startswith(f"{group}.")]


def array_type(shape: Shape, dtype: str) -> str:
    """The annotation of an array: its shape, with the kind of its numbers before it if they are no floats."""
    return f'Annotated[np.ndarray, "{"" if dtype == "float" else dtype}{show(shape)}"]'


class Pair:
    """A forward and a backward function, and the record that goes from the one to the other; or forward alone."""

    def __init__(
        self, step: Step, names: ForwardNames, spoken: Spoken, length: Dim | None = None, in_place: bool = False
    ) -> None:
        self.in_place = in_place
        self.step, self.names, self.spoken, self.length = step, names, spoken, length
        self.suffix = "_sequence" if length is not None else ""
        self.record_name = "SequenceResiduals" if length is not None else "Residuals"
        self.final = "d_final" if length is not None else "d_state"
        states = ["state"] if spoken.has_state else []
        self.given, self.returned = ["parameters", "inputs", *states], ["outputs", *states]
        parameters = {step.forward.inputs[f"parameters.{name}"] for name in members(step.forward, "parameters")}
        self.residuals = [node for node in step.residuals if node not in parameters]
        names.learn(step.forward)
        backward, self.sizes = self._backward() if spoken.has_backward else (None, [])
        self.functions = [self._forward(), *([backward] if backward else [])]

    @property
    def records(self) -> list[Record]:
        """The residuals' record, where something reads it."""
        return [self._record()] if self.spoken.has_backward else []

    def _record(self) -> Record:
        arrays = [Field(self.names.name(node), array_type(node.shape, node.dtype)) for node in self.residuals]
        sizes = [Field(size, "int", self.spoken.dims[size]) for size in self.sizes]
        what = "every step" if self.length is not None else "one step"
        return Record(self.record_name, f"What the backward pass reads of {what}.", (*arrays, *sizes))

    @property
    def checks(self) -> list[str]:
        """The statements that make what the functions check their arguments with."""
        handed = {"FORWARD": {group: RECORDS[group] for group in self.given}}
        if self.spoken.has_backward:
            handed["BACKWARD"] = {"parameters": "Parameters", "residuals": self.record_name, **self.handed}
        steps = [] if self.length is None else [f'"{self.length}"']
        return [
            enclose(
                f"_{name}{self.suffix.upper()} = _Shapes(", [*steps, *(f"{k}={v}" for k, v in records.items())], ")"
            )
            for name, records in handed.items()
        ]

    @property
    def reads_inputs(self) -> bool:
        """Whether the cell has any inputs."""
        return bool(members(self.step.forward, "inputs"))

    @property
    def handed(self) -> dict[str, str]:
        """The arguments that hold cotangents, with their records."""
        names = ("d_outputs", self.final) if self.spoken.has_backward else ()
        return {name: RECORDS[group] for name, group in zip(names, self.returned)}

    def _sources(self, graph: Graph, groups: Sequence[str]) -> list[Source]:
        """The arrays in some arguments.  A sequence's inputs are read from their record, a step at a time."""
        sources = []
        for group in groups:
            for name in members(graph, group):
                leaf = graph.inputs[f"{group}.{name}"]
                whole = self.length is not None and group in ("inputs", "state")[: 2 if self.in_place else 1]
                record, _, field = f"{group}.{name}".rpartition(".")
                text = f"{group}.{name}" if whole else self.names.name(leaf)
                sources.append(Source(record, field, text, leaf.shape))
        return sources

    def _forward(self) -> Function:
        graph = self.step.forward
        sources = self._sources(graph, self.given)
        texts = {graph.inputs[source.whole]: source.text for source in sources}
        kept = [*graph.outputs.values(), *self.residuals]
        lowering = self._lowering(graph, texts, kept, self.names, "forward")
        blocks = lowering.run()

        def result(group: str) -> str:
            nodes = {name: graph.outputs[f"{group}.{name}"] for name in members(graph.outputs, group)}
            return construct(group, {name: lowering.text(node) for name, node in nodes.items()}, 8)

        results = {RECORDS[group]: result(group) for group in self.returned}
        if self.spoken.has_backward:
            kept_values = {self.names.name(node): lowering.text(node) for node in self.residuals}
            sizes = {size: size for size in self.sizes}
            results[self.record_name] = call(self.record_name, {**kept_values, **sizes}, 8)

        used = names_read([*codes(blocks), *(f"_({value})" for value in results.values())])
        begin, self.unbound = self._begin("FORWARD", self.given, sources, used)
        arguments = [f"{group}: {RECORDS[group]}" for group in self.given]
        arguments += [WORKSPACE] if "workspace" in used else []
        arguments += ["*", *(f"{size}: int" for size in self.unbound)] if self.unbound else []
        result_type = f"tuple[{', '.join(results)}]" if len(results) > 1 else next(iter(results))
        returns, doc = _returns(list(results.values())), self.spoken.forward_doc(self.length)
        name, written = f"forward{self.suffix}", self._written((Block("", tuple(begin)), *blocks), used)
        return Function(name, tuple(arguments), result_type, doc, written, returns, _arrays(lowering))

    def _backward(self) -> tuple[Function, list[str]]:
        graph = self.step.backward
        parameters = self._sources(graph, ["parameters"])
        kept = [(self.names.name(node), node.shape) for node in self.residuals]
        residuals = [Source("residuals", name, name, shape) for name, shape in kept]
        texts = {graph.inputs[source.whole]: source.text for source in parameters}
        texts |= {node: source.text for node, source in zip(self.residuals, residuals)}
        naming = BackwardNames(self.names, texts.values())
        seeds = self._seeds(graph, naming, texts)
        lowering = self._lowering(graph, texts, graph.outputs.values(), naming, "backward")
        blocks = (*seeds, *lowering.run())

        handed_in = set(graph.inputs.values())
        given: list[Node] = []  # the gradients so far

        def own(node: Node | None) -> str:
            """A gradient's text; what was handed in, or is in the memory of another gradient, is copied."""
            if node is None:
                return "None"
            shared = storage_of(node) in handed_in or any(overlap(node, other) for other in given)
            given.append(node)
            return f"{lowering.text(node)}.copy()" if shared else lowering.text(node)

        def result(group: str) -> str:
            names = members(self.step.forward, group)
            return construct(group, {name: own(graph.outputs.get(f"{group}.{name}")) for name in names}, 8)

        results = [result(group) for group in self.given]
        returns = enclose("return Gradients(", results, ")", 4)
        used = names_read([*codes(blocks), *(f"_({value})" for value in results)])
        groups = ["parameters", "residuals", *self.handed]
        begin, unbound = self._begin("BACKWARD", groups, [*residuals, *parameters], used)
        defaults = [Line(self.default(name, record)) for name, record in self.handed.items()]
        arguments = ["parameters: Parameters", f"residuals: {self.record_name}"]
        arguments += [f"{name}: {record} | None = None" for name, record in self.handed.items()]
        arguments += [WORKSPACE] if "workspace" in used else []
        doc = self.spoken.backward_doc(self.length)
        name, written = f"backward{self.suffix}", self._written((Block("", (*defaults, *begin)), *blocks), used)
        function = Function(name, tuple(arguments), "Gradients", doc, written, returns, _arrays(lowering))
        return function, unbound

    def _written(self, blocks: tuple[Block, ...], used: set[str]) -> tuple[Block, ...]:
        """The blocks as they are laid out."""
        return remarked(blocks, used) if self.in_place else blocks

    def _lowering(
        self, graph: Graph, texts: dict[Node, str], kept: Iterable[Node], naming: Naming, function: str
    ) -> Lowering:
        if self.in_place:
            return Stored(graph, texts, kept, naming, self.spoken.heading, function + self.suffix)
        return Lowering(graph, texts, kept, naming, self.spoken.heading)

    def _seeds(self, graph: Graph, naming: BackwardNames, texts: dict[Node, str]) -> list[Block]:
        """The cotangents that are handed in, under their names."""
        live = below(graph.outputs.values())
        lines = []
        for key, leaf in graph.inputs.items():
            if not key.startswith("d_") or leaf not in live:
                continue
            texts[leaf] = naming.name(leaf, graph.notes.get(leaf, NOTHING))
            group, name = key.split(".", 1)
            given = f"{group if group == 'd_outputs' else self.final}.{name}"
            lines.append(Line(f"{texts[leaf]} = _cotangent({given}, {tidy(shape_text(leaf.shape))}, dtype)"))
        return [Block("the cotangents handed in; None counts as zero", tuple(lines))] if lines else []

    def default(self, name: str, record: str) -> str:
        """The statement that puts a record of None in the place of no record."""
        fields = members(self.step.forward.outputs, "outputs" if name == "d_outputs" else "state")
        nones = ", ".join(["None"] * len(fields))
        return f"{name} = {record}({nones}) if {name} is None else {name}"

    def _begin(
        self, shapes: str, groups: Sequence[str], sources: Sequence[Source], used: set[str]
    ) -> tuple[list[Line], list[str]]:
        """The check of what is handed in, then the prologue; and the sizes that no array tells."""
        lines, unbound = prologue(sources, used, self.spoken.dims)
        backward = shapes == "BACKWARD"
        told = [] if backward else [f"{size}={size}" for size in unbound]
        check = f"_{shapes}{self.suffix.upper()}.check({', '.join([*groups, *told])})"
        before = [Line(f"dtype = {check}" if "dtype" in used else check)]
        before += [Line(f"{size} = residuals.{size}", self.spoken.dims[size]) for size in unbound if backward]
        if "workspace" in used:
            lines.append(Line("workspace = Workspace() if workspace is None else workspace"))
        return [*before, *lines], unbound


def _arrays(lowering: Lowering) -> tuple[Array, ...]:
    return tuple(lowering.arrays) if isinstance(lowering, Stored) else ()


def _returns(results: Sequence[str]) -> str:
    """The statement that returns a record, or several."""
    if len(results) == 1:
        return f"return {results[0]}"
    returns = enclose("return ", results, "", 4)
    return returns if "\n" not in returns else enclose("return (", results, ")", 4)
