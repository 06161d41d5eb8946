"""The forward and backward functions of a module, lowered from one step or from one sequence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphgen.codegen.lower import Lowering
from graphgen.codegen.names import BackwardNames, ForwardNames, Naming
from graphgen.codegen.program import Block, Field, Function, Line, Record
from graphgen.codegen.prologue import Source, prologue
from graphgen.codegen.records import construct, with_inner
from graphgen.codegen.storage import Stored
from graphgen.codegen.text import call, codes, enclose, names_in, tidy, wrapped
from graphgen.contract import RECORDS
from graphgen.ir.graph import Graph, Note, walk
from graphgen.ir.node import Node
from graphgen.ir.op import shape_text
from graphgen.ir.shape import Dim, show
from graphgen.ir.step import Step

WORKSPACE = "workspace: Workspace | None = None"


@dataclass(frozen=True)
class Spoken:
    """What the functions say of the cell: its equations, those of what it uses, and what its dims count."""

    equations: Sequence[str]
    used: Sequence[str]
    dims: dict[str, str]
    has_state: bool

    def heading(self, number: int) -> str:
        """The heading of what an equation came to."""
        own = len(self.equations)
        return f"{number + 1}. {self.equations[number]}" if number < own else self.used[number - own]


def members(graph: Graph | Iterable[str], group: str) -> list[str]:
    """The names of one group of keys "group.name"."""
    keys = graph.inputs if isinstance(graph, Graph) else graph
    return [key.split(".", 1)[1] for key in keys if key.startswith(f"{group}.")]


class Pair:
    """A forward and a backward function, and the record that goes from the one to the other."""

    def __init__(
        self, step: Step, names: ForwardNames, spoken: Spoken, length: Dim | None = None, in_place: bool = False
    ) -> None:
        self.in_place = in_place
        self.step, self.names, self.spoken, self.length = step, names, spoken, length
        self.suffix = "_sequence" if length is not None else ""
        self.record_name = "SequenceResiduals" if length is not None else "Residuals"
        self.final = "d_final" if length is not None else "d_state"
        self.given = [group for group in ("parameters", "inputs", "state") if group != "state" or spoken.has_state]
        parameters = {step.forward.inputs[f"parameters.{name}"] for name in members(step.forward, "parameters")}
        self.residuals = [node for node in step.residuals if node not in parameters]
        names.learn(step.forward)
        self.backward, self.sizes = self._backward()
        self.forward = self._forward()

    @property
    def record(self) -> Record:
        """The residuals' record."""
        arrays = [Field(self.names.name(node), "np.ndarray", show(node.shape)) for node in self.residuals]
        sizes = [Field(size, "int", self.spoken.dims[size]) for size in self.sizes]
        what = "every step" if self.length is not None else "one step"
        return Record(self.record_name, f"What the backward pass reads of {what}.", (*arrays, *sizes))

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

        kept_values = {self.names.name(node): lowering.text(node) for node in self.residuals}
        residuals = call(self.record_name, {**kept_values, **{size: size for size in self.sizes}}, 8)
        results = [result(group) for group in ("outputs", "state") if group == "outputs" or self.spoken.has_state]
        returns = enclose("return ", [*results, residuals], "", 4)
        if "\n" in returns:
            returns = enclose("return (", [*results, residuals], ")", 4)

        used = names_in([*codes(blocks), *(f"_({value})" for value in [*results, residuals])])
        begin, unbound = self._begin(sources, used, self.given)
        arguments = [f"{group}: {RECORDS[group]}" for group in self.given]
        arguments += [WORKSPACE] if "workspace" in used else []
        arguments += ["*", *(f"{size}: int" for size in unbound)] if unbound else []
        records = [RECORDS[group] for group in ("outputs", "state") if group == "outputs" or self.spoken.has_state]
        result_type = f"tuple[{', '.join([*records, self.record_name])}]"
        doc = self._forward_doc()
        return Function(f"forward{self.suffix}", tuple(arguments), result_type, doc, (*begin, *blocks), returns)

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

        shared = set(graph.inputs.values())  # what was handed in, and the gradients so far

        def own(node: Node | None) -> str:
            """A gradient's text; an array that is another gradient too, or was handed in, is copied."""
            if node is None:
                return "None"
            text = f"{lowering.text(node)}.copy()" if node in shared else lowering.text(node)
            shared.add(node)
            return text

        def result(group: str) -> str:
            names = members(self.step.forward, group)
            return construct(group, {name: own(graph.outputs.get(f"{group}.{name}")) for name in names}, 8)

        results = [result(group) for group in self.given]
        returns = enclose("return Gradients(", results, ")", 4)
        used = names_in([*codes(blocks), *(f"_({value})" for value in results)])
        handed = {"d_outputs": "outputs", self.final: "state"}
        handed = {name: group for name, group in handed.items() if group == "outputs" or self.spoken.has_state}
        begin, unbound = self._begin([*residuals, *parameters], used, ["parameters", "residuals", *handed])
        told = [Line(f"{size} = residuals.{size}", self.spoken.dims[size]) for size in unbound]
        defaults = [Line(self._default(name, group)) for name, group in handed.items()]
        begin = (Block("", (*defaults, *told, *(item for block in begin for item in block.items))),)
        arguments = ["parameters: Parameters", f"residuals: {self.record_name}"]
        arguments += [f"{name}: {RECORDS[group]} | None = None" for name, group in handed.items()]
        arguments += [WORKSPACE] if "workspace" in used else []
        doc = self._backward_doc()
        name = f"backward{self.suffix}"
        return Function(name, tuple(arguments), "Gradients", doc, (*begin, *blocks), returns), unbound

    def _lowering(
        self, graph: Graph, texts: dict[Node, str], kept: Iterable[Node], naming: Naming, function: str
    ) -> Lowering:
        if self.in_place:
            return Stored(graph, texts, kept, naming, self.spoken.heading, function)
        return Lowering(graph, texts, kept, naming, self.spoken.heading)

    def _seeds(self, graph: Graph, naming: BackwardNames, texts: dict[Node, str]) -> list[Block]:
        """The cotangents that are handed in, under their names."""
        live = set(walk(graph.outputs.values()))
        lines = []
        for key, leaf in graph.inputs.items():
            if not key.startswith("d_") or leaf not in live:
                continue
            texts[leaf] = naming.name(leaf, graph.notes.get(leaf, Note()))
            group, name = key.split(".", 1)
            given = f"{group if group == 'd_outputs' else self.final}.{name}"
            shape = shape_text(leaf.shape)
            lines.append(Line(f'{texts[leaf]} = _cotangent("{given}", {given}, {tidy(shape)}, dtype)'))
        return [Block("the cotangents handed in; None counts as zero", tuple(lines))] if lines else []

    def _default(self, name: str, group: str) -> str:
        fields = members(self.step.forward.outputs, group)
        nones = ", ".join(["None"] * len(fields))
        return f"{name} = {RECORDS[group]}({nones}) if {name} is None else {name}"

    def _begin(
        self, sources: Sequence[Source], used: set[str], groups: Sequence[str]
    ) -> tuple[tuple[Block, ...], list[str]]:
        """The prologue as a block, and the sizes it cannot tell."""
        lines, unbound = prologue(sources, used, self.spoken.dims)
        if "workspace" in used:
            lines.append(Line("workspace = Workspace() if workspace is None else workspace"))
        if "dtype" in used:
            records = [r for group in groups for r in with_inner(group, members(self.step.forward, group))]
            lines.append(Line(f"dtype = {enclose('_dtype(', records, ')', 4)}"))
        return ((Block("", tuple(lines)),) if lines else ()), unbound

    def _forward_doc(self) -> tuple[str, ...]:
        if self.length is None:
            results = (
                "the outputs, the next state and the residuals"
                if self.spoken.has_state
                else "the outputs and the residuals"
            )
            headings = [self.spoken.heading(number) for number in range(len(self.spoken.equations))]
            return (f"One step: {results}.", "", *(line for text in headings for line in wrapped(text)))
        return (
            f"{self.length} steps: the outputs of every step, the final state and the residuals.",
            "",
            f"Every input has a leading axis of {self.length} steps, and so has every output.",
        )

    def _backward_doc(self) -> tuple[str, ...]:
        if self.length is None:
            return (
                "The gradients of one step, from the cotangents of its results.",
                "",
                "A cotangent that is None counts as zero.",
            )
        return (
            f"Backpropagation through {self.length} steps: the gradients of parameters, inputs and initial state.",
            "",
            f"The cotangents in d_outputs have a leading axis of {self.length} steps, and so have the gradients of",
            "the inputs; d_final is for the final state.  A cotangent that is None counts as zero.",
        )
