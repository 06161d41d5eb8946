"""`scan(encoder, x=…)` in an equation: a used spec run along a leading axis, as one loop."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from graphgen.contract import PREVIOUS
from graphgen.elaborate.sizes import find_sizes
from graphgen.elaborate.uses import Argument, Record, arguments, returned
from graphgen.errors import SpecError
from graphgen.ir.graph import Graph, Note, walk
from graphgen.ir.node import Node, make, variable
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, Shape, show
from graphgen.spec.model import Variable

if TYPE_CHECKING:
    from graphgen.elaborate.expression import Elaborator, Value
    from graphgen.elaborate.place import Place

OPTIONS = ("reverse", "lengths")
FINAL = "final"


def scan(at: Elaborator, tree: ast.Call) -> Value:
    """A record of every step's outputs and, of a cell, the final state; of a plain spec's one output, that itself."""
    place = _place(at, tree)
    options = {str(k.arg): k.value for k in tree.keywords if k.arg in OPTIONS}
    given = arguments(at, tree, place, OPTIONS)
    _check_names(at, tree, place)
    length, sliced = _along(at, tree, place, given)
    shapes = [(a.variable, a.node.shape[1:] if name in sliced else a.node.shape, a.tree) for name, a in given.items()]
    sizes = find_sizes(at, tree, place, shapes)
    loop = _Loop(at, tree, place, length, sizes)
    loop.take(given, sliced)
    if "lengths" in options:
        loop.stop_at(options["lengths"])
    return loop.run(_flag(at, options.get("reverse")))


def _place(at: Elaborator, tree: ast.Call) -> Place:
    name = tree.args[0].id if len(tree.args) == 1 and isinstance(tree.args[0], ast.Name) else ""
    if name in at.unknown:
        raise SpecError
    if name not in at.uses:
        known = ", ".join(at.uses) or "none is declared under uses:"
        message = "scan runs one used spec, with its inputs by name"
        raise at.fail("scan-form", message, tree, f"scan(name, x=…), of {known}")
    return at.uses[name]


def _check_names(at: Elaborator, tree: ast.Call, place: Place) -> None:
    """The names that a scan has for itself are not those of the spec."""
    names = {variable.name for variable in place.cell.inputs} & set(OPTIONS)
    names |= {name for name, _ in place.cell.outputs if name == FINAL}
    for name in names:
        message = f"scan needs the name '{name}' itself, and {place.cell.name} has it"
        raise at.fail("scan-form", message, tree, "rename it there")


def _flag(at: Elaborator, tree: ast.expr | None) -> bool:
    value = at.value(tree) if tree else False
    if tree and not isinstance(value, bool):
        raise at.fail("argument-kind", "reverse is True or False", tree)
    return bool(value)


def _along(at: Elaborator, tree: ast.Call, place: Place, given: Mapping[str, Argument]) -> tuple[Dim, set[str]]:
    """How many steps there are, and which inputs have one for each: those with an axis more than declared."""
    inputs = {variable.name: variable for variable in place.cell.inputs}
    sliced = {name: given[name] for name, v in inputs.items() if len(given[name].node.shape) == len(v.shape) + 1}
    lengths = {name: argument.node.shape[0] for name, argument in sliced.items()}
    if place.use and place.use.stack is not None:
        lengths = {"": place.use.stack.put({k: v for k, v in at.names.items() if isinstance(v, Dim)}), **lengths}
    if not lengths:
        first = ", ".join(f"{name}: [T, {show(v.shape)[1:]}" for name, v in inputs.items()) or "none has any"
        message = f"no input of {place.name} has an axis of steps"
        raise at.fail("scan-steps", message, tree, f"a leading axis more: {first}")
    first, *others = lengths
    for name in others:
        if lengths[name] != lengths[first]:
            than = f"'{first}' has" if first else "the stack is of"
            message = f"'{name}' has {lengths[name]} steps, and {than} {lengths[first]}"
            raise at.fail("scan-steps", message, given[name].tree)
    return lengths[first], set(sliced)


class _Loop:
    """The scan of a used spec as it is put together."""

    def __init__(self, at: Elaborator, tree: ast.Call, place: Place, length: Dim, sizes: dict[str, Dim]) -> None:
        self.at, self.tree, self.place, self.length, self.sizes = at, tree, place, length, sizes
        self.leaves: dict[str, Node] = {}  # of the body, for the states and inputs by name
        self.operands: dict[Node, Node] = {}  # what each leaf starts from, is a step of, or is at every step
        self.sliced: list[Node] = []
        self.notes: dict[Node, Note] = {}
        self.mask: Node | None = None  # whether an example goes on at a step
        self.batch = ""  # the dim of the used spec that counts the examples

    def take(self, given: Mapping[str, Argument], sliced: set[str]) -> None:
        """Take over the initial state, zero where none is given, and the inputs."""
        for state in self.place.cell.states:
            shape = tuple(dim.put(self.sizes) for dim in state.shape)
            initial = given[state.name].node if state.name in given else make.zeros(shape=shape)
            self.at.note(initial)
            self.leaves[state.name] = self._leaf("state", state.name + PREVIOUS, initial, shape, "float")
        for entry in self.place.cell.inputs:
            node = given[entry.name].node
            shape = node.shape[1:] if entry.name in sliced else node.shape
            leaf = self.leaves[entry.name] = self._leaf("inputs", entry.name, node, shape, entry.dtype)
            self.sliced += [leaf] if entry.name in sliced else []

    def _leaf(self, group: str, name: str, operand: Node, shape: Shape, dtype: str) -> Node:
        printed = self.place.model.printed(self.place.path + name)
        leaf = variable(f"{group}.{printed}", shape, dtype)
        self.operands[leaf] = operand
        self.notes[leaf] = Note(name=printed)
        return leaf

    def stop_at(self, tree: ast.expr) -> None:
        """Hold the state, and return zeros, at steps past the end of each example."""
        lengths = self.at.array(tree, "lengths")
        if lengths.dtype != "int" or len(lengths.shape) != 1:
            message = "lengths are integers, one for each example"
            raise self.at.fail("scan-lengths", message, tree, "as in {shape: [m], dtype: int}")
        self.batch = self._batch(lengths.shape[0], tree)
        goes_on = make.before_end(lengths, n=self.length)
        if goes_on not in self.at.notes:
            called = self.place.model.printed("goes_on_steps")
            self.at.notes[goes_on] = Note(equation=self.at.number, called=called)
        self.mask = self._leaf("inputs", "goes_on", goes_on, lengths.shape, "bool")
        self.sliced.append(self.mask)

    def _batch(self, size: Dim, tree: ast.expr) -> str:
        """The dim that counts the examples: of the size of the lengths, and in every state."""
        cell = self.place.cell
        dims = [name for name in cell.dims if self.sizes[name] == size]
        found = [name for name in dims if all(state.shape.count(Dim.of(name)) == 1 for state in cell.states)]
        if len(found) != 1 or not cell.states:
            what = f"both {' and '.join(found)} are" if found else "no dim is"
            told = ", ".join(f"{name} = {self.sizes[name]}" for name in cell.dims)
            message = f"{what} of the size {size} in every state of {self.place.name}"
            raise self.at.fail("scan-lengths", message, tree, f"its dims are {told}")
        return found[0]

    def run(self, reverse: bool) -> Value:
        """The loop, and its results by name."""
        place = self.place
        results = place.step(self.at, self.tree, self.leaves, self.sizes, self.notes)
        outputs = {name: results[name] for name, _ in place.cell.outputs}
        states = {state.name: results[state.name] for state in place.cell.states}
        if self.mask:
            outputs = {name: self._zero_past_end(name, node) for name, node in outputs.items()}
            states = {state.name: self._held(state, states[state.name]) for state in place.cell.states}
        prefix = place.path.replace(".", "_")
        keyed = {f"state.{prefix}{name}": node for name, node in states.items()}
        keyed |= {f"outputs.{prefix}{name}": node for name, node in outputs.items()}
        loop = self._scan(keyed, reverse)
        items = [make.item(loop, at=number) for number in range(len(keyed))]
        for item in items:
            self.at.note(item)
        final = {FINAL: Record(place.name, dict(zip(states, items)))} if states else None
        return returned(place, dict(zip(outputs, items[len(states) :])), final)

    def _held(self, state: Variable, new: Node) -> Node:
        """A state: past the end of an example the old one."""
        axis = state.shape.index(Dim.of(self.batch)) - len(state.shape)
        return self._where_on(axis, new, self.leaves[state.name], f"{state.name}_held")

    def _zero_past_end(self, name: str, node: Node) -> Node:
        """An output: zero past the end of an example."""
        axes = [axis for axis in range(-len(node.shape), 0) if node.shape[axis] == self.sizes[self.batch]]
        if len(axes) != 1:
            message = (
                f"the output '{name}' is {show(node.shape)}: not one axis is of {self.sizes[self.batch]} examples"
            )
            cure = "lengths are for outputs of each example on its own"
            raise self.at.fail("scan-lengths", message, self.tree, cure)
        return self._where_on(axes[0], node, 0.0, f"{name}_to_end")

    def _where_on(self, axis: int, new: Node, old: Node | float, name: str) -> Node:
        assert self.mask is not None
        mask = make.expand_dims(self.mask, axis=tuple(range(1, -axis))) if axis < -1 else self.mask
        node = make.where(mask, new, old)
        called = self.place.model.printed(self.place.path + name)
        self.notes.setdefault(node, Note(equation=self.at.number, called=called))
        return node

    def _scan(self, results: dict[str, Node], reverse: bool) -> Node:
        """The loop, with the parameters that its body reads: of a stack each step has its own."""
        for leaf in walk(results.values()):
            if leaf.op is OPS["input"] and leaf not in self.operands:
                self._take_parameter(leaf)
        carried = [self.leaves[state.name] for state in self.place.cell.states]
        alike = [leaf for leaf in self.operands if leaf not in carried and leaf not in self.sliced]
        leaves = [*carried, *self.sliced, *alike]
        return make.scan(
            *(self.operands[leaf] for leaf in leaves),
            body=Graph({str(leaf.attrs["name"]): leaf for leaf in leaves}, results, self.notes),
            carries=len(carried),
            sequences=len(self.sliced),
            length=self.length,
            reverse=reverse,
        )

    def _take_parameter(self, leaf: Node) -> None:
        place, model = self.place, self.place.model
        self.operands[leaf] = leaf
        if place.use and place.use.stack is not None:
            self.operands[leaf] = model.stack(leaf, self.length)
            self.sliced.append(leaf)
            self.notes[leaf] = Note(name=model.names[leaf])
