"""One namespace names everything printed, and gives no name twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from graphgen.ir.graph import NOTHING, Graph, Note
from graphgen.ir.node import Node
from graphgen.ir.op import OPS
from graphgen.ops.scan import with_bodies

WORDS = {"slice": "part", "sum": "total"}  # for what would be named like a builtin of Python
VIEWS = {"reshape": "_rows", "transpose": "_T", "expand_dims": "_wide", "squeeze": "_flat"}  # behind the name


class Names:
    """The names of one function; a name in use is refused and the next free one is given."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.numbers: Counter[str] = Counter()  # the last one given to each name: no number before it is free

    def claim(self, preferred: str) -> str:
        """The name itself if it is free, or with the first free number behind it."""
        name = preferred
        while name in self.taken:
            self.numbers[preferred] += 1
            name = f"{preferred}_{self.numbers[preferred] + 1}"
        self.taken.add(name)
        return name


class Naming(Protocol):
    """Gives the values of one function their names."""

    def name(self, node: Node, note: Note, dying: Collection[str]) -> str:
        """The name for a value; a name among `dying` belongs to a value that is not read again."""

    def free(self, name: str) -> str:
        """A free name like one that is taken."""

    def claim(self, preferred: str) -> str:
        """A name for something that is no value of the graph: the preferred one, or the next that is free."""

    def index(self, depth: int) -> str:
        """The name of the step in a loop within `depth` others."""


class ForwardNames:
    """The names of forward values, the same in every function of a module: the user's, or derived from them."""

    def __init__(self, targets: Sequence[str], taken: Iterable[str]) -> None:
        self.targets = targets  # the name that each equation assigns
        self.names = Names(taken)
        self.of: dict[Node, str] = {}
        self.notes: dict[Node, Note] = {}
        self.slices: Counter[str] = Counter()
        self.indices: list[str] = []

    def learn(self, graph: Graph) -> None:
        """Take over the user's names from a forward graph and the bodies of its loops."""
        graphs = list(with_bodies(graph))
        for node, note in ((node, note) for one in graphs for node, note in one.notes.items()):
            self.notes.setdefault(node, note)
            if note.name:
                self.of.setdefault(node, note.name)
                self.names.taken.add(note.name)
        for node in (node for one in graphs for node in one.order):
            if node.op is OPS["slice"]:
                self.name(node)  # now, so that they are numbered in the order of the equations

    def name(self, node: Node, note: Note = NOTHING, dying: Collection[str] = ()) -> str:
        """The one name of a forward value."""
        if node not in self.of:
            self.of[node] = self.names.claim(self._describe(node))
        return self.of[node]

    def free(self, name: str) -> str:
        """The name with a number."""
        self.names.taken.add(name)
        return self.names.claim(name)

    def claim(self, preferred: str) -> str:
        """The name, or with a number."""
        return self.names.claim(preferred)

    def index(self, depth: int) -> str:
        """`t`, and the like for loops within loops."""
        while len(self.indices) <= depth:
            self.indices.append(self.names.claim("t"))
        return self.indices[depth]

    def _base(self, node: Node) -> str:
        """The name of what a value is a view of."""
        while node.op.view and node not in self.of:
            node = node.inputs[0]
        return _word(node.attrs["name"]) if node.op is OPS["input"] else self.name(node)

    def _describe(self, node: Node) -> str:
        """A name for a value that the user gave none: `tanh_c`, `gate_1`, `gate_add`, `a_steps`."""
        note = self.notes.get(node, NOTHING)
        if note.stands_for:
            return over_steps(self.name(note.stands_for)) if note.steps else self.name(note.stands_for)
        if note.called:
            return note.called
        if node.op is OPS["item"]:
            loop, at = node.inputs[0].attrs, node.attrs["at"]
            name = self.name(loop["body"].results[at])
            return f"{name}_final" if at < loop["carries"] else over_steps(name)
        if node.op is OPS["input"]:
            name = _word(node.attrs["name"])
            return f"{name}_steps" if node.attrs["name"].startswith("inputs.") else name
        named = [self.of[operand] for operand in node.inputs if operand in self.of]
        if node.op is OPS["slice"] and named:
            self.slices[named[0]] += 1
            return f"{named[0]}_{self.slices[named[0]]}"
        if node.op.name in VIEWS:
            return self._base(node) + VIEWS[node.op.name]
        if len(node.inputs) == 1 and named and node.op.elementwise:
            return f"{node.op.name}_{named[0]}"
        if note.equation is None:
            return WORDS.get(node.op.name, node.op.name)
        return f"{self.targets[note.equation]}_{node.op.name}"


def over_steps(name: str) -> str:
    """The name of the values that a value has at every step."""
    return name if name.endswith("_steps") else f"{name}_steps"


class BackwardNames:
    """The names within one backward function: `dc` for the cotangent of c, `dc_a` for the part that a sends."""

    def __init__(self, forward: ForwardNames, taken: Iterable[str]) -> None:
        self.forward, self.names, self.learned = forward, Names(taken), 0
        self._learn()

    def _learn(self) -> None:
        """Take over the names of forward values, of which there may be more than there were."""
        known = self.forward.names.taken
        if len(known) > self.learned:
            self.names.taken |= known
            self.learned = len(known)

    def name(self, node: Node, note: Note, dying: Collection[str] = ()) -> str:
        """A name that is free, or that a dying value leaves."""
        preferred = self._preferred(node, note)
        if not preferred and note.stands_for and note.steps:
            return self.names.claim(over_steps(self.forward.name(note.stands_for)))
        if not preferred:
            return self.forward.name(note.stands_for or node)
        preferred = over_steps(preferred) if note.steps else preferred
        return preferred if preferred in dying else self.names.claim(preferred)

    def free(self, name: str) -> str:
        """The name with a number."""
        self.names.taken.add(name)
        return self.claim(name)

    def claim(self, preferred: str) -> str:
        """The name, or with a number."""
        self._learn()
        return self.names.claim(preferred)

    def index(self, depth: int) -> str:
        """The forward loops' name for the step."""
        return self.forward.index(depth)

    def _preferred(self, node: Node, note: Note) -> str:
        if node.op is OPS["input"] and node.attrs["name"].startswith("d_"):
            return _handed_in(node.attrs["name"], note)
        if note.cotangent_of is None:
            if note.equation is None or node in self.forward.notes:
                return ""
            return f"d{self.forward.targets[note.equation]}_{node.op.name}"
        if node.op is OPS["item"]:
            body, at = node.inputs[0].attrs["body"], node.attrs["at"]
            result = body.results[at]
            return over_steps(self._preferred(result, body.notes.get(result, note)))
        name = "d" + self.forward.name(note.cotangent_of)
        sender = note.equation if note.part else None
        return name if sender is None else f"{name}_{self.forward.targets[sender]}"


def _word(key: str) -> str:
    """What a leaf is called: `x` of `inputs.x`, `residual` of `residual.0`."""
    return next(part for part in reversed(key.split(".")) if part.isidentifier())


def _handed_in(key: str, note: Note) -> str:
    """The name of a result's cotangent: `da_output` and `da_state` where a is both, `da_steps` of a sequence."""
    group, name = key.split(".", 1)
    result = note.cotangent_of
    while result and result.op.view:
        result = result.inputs[0]
    if group == "d_outputs" and result and result.op is OPS["item"]:
        return f"d{name}_steps"
    return f"d{name}{'_output' if group == 'd_outputs' else '_state'}" if note.part else f"d{name}"
