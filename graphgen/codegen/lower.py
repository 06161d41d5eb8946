"""A graph as statements: what gets a line and a name of its own, and what is written within another line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from graphgen.codegen.names import Naming
from graphgen.codegen.program import Block, Line, Loop
from graphgen.codegen.text import line_of, tidy
from graphgen.codegen.views import is_copy
from graphgen.errors import DefectError
from graphgen.ir.graph import NOTHING, Graph, Note
from graphgen.ir.node import Node
from graphgen.ir.op import OPS, shape_text

AT_END = "of this step: what is kept, and what the next one starts from"
MANY = 30  # values in one expression: with the signs between them they cannot fit a line


class Lowering:
    """Writes one graph into one function, or into the body of a loop within it."""

    def __init__(
        self,
        graph: Graph,
        texts: dict[Node, str],
        kept: Iterable[Node],
        naming: Naming,
        heading: Callable[[int], str],
        depth: int = 0,
    ) -> None:
        """`texts` spells the values at hand, `kept` must get names, `heading` tells of an equation."""
        self.graph, self.texts, self.kept, self.naming = graph, texts, dict.fromkeys(kept), naming
        self.heading, self.depth = heading, depth
        self.assigned = set(texts.values())
        self.order = self._needed()
        self.reads, self.stated = self._stated()
        self.totals: dict[Node, str] = {}  # sums that grow in place: the name they grow under
        self.lasting: set[Node] = set()  # what every turn of a loop reads again
        self.current = ""  # the last heading
        self.written: list[tuple[str, list[Line | Loop]]] = []  # statements by heading

    def _needed(self) -> list[Node]:
        """The nodes to compute: what is kept and everything below it that is not at hand."""
        needed, stack = set(), list(self.kept)
        while stack:
            node = stack.pop()
            if node not in needed and node not in self.texts:
                needed.add(node)
                stack.extend(node.inputs)
        return [node for node in self.graph.order_of(self.kept) if node in needed]

    def note(self, node: Node) -> Note:
        """What is noted of a node."""
        return self.graph.notes.get(node, NOTHING)

    def _stated(self) -> tuple[Counter[Node], set[Node]]:
        """How often each node is read, and which get a line: what is named, kept, or read more than once."""
        reads: Counter[Node] = Counter(self.kept.keys())
        stated = set()
        for node in reversed(self.order):
            expressible = node.inputs and not node.weak and node.op not in (OPS["item"], OPS["scan"])
            if expressible and self.deserves_line(node, reads[node]):
                stated.add(node)
            for operand in node.inputs:
                reads[operand] += 1 if node in stated else reads[node]
        return reads, stated

    def deserves_line(self, node: Node, reads: int) -> bool:
        """Whether a node is named, kept, or read more than once."""
        note = self.note(node)
        computed = not node.op.view or is_copy(node)
        return bool(note.name or note.cotangent_of or node in self.kept or (reads > 1 and computed))

    def run(self) -> tuple[Block, ...]:
        """Write every statement; the blocks, each under the heading of its equation."""
        for node in self.order:
            if node.op is OPS["scan"]:
                self.loop(node)
            elif node in self.stated and node not in self.texts:
                self.state(node)
        return tuple(Block(heading, tuple(items)) for heading, items in self.written)

    def write(self, item: Line | Loop, note: Note = NOTHING) -> None:
        """Append a statement under the heading of its place or its equation; without one it joins those before it."""
        heading = note.place or ("" if note.equation is None else self.heading(note.equation))
        if not self.written or (heading and heading != self.current):
            self.written.append((heading, []))
            self.current = heading
        elif isinstance(self.written[-1][1][-1], Loop):
            self.written.append(("", []))
        self.written[-1][1].append(item)

    def state(self, node: Node) -> None:
        """Write the line of one node."""
        total, note = self.totals.get(node), self.note(node)
        if total:
            expression, sign, name = self.fitting(node.inputs[1]), "+=", total
        else:
            expression, sign = self.fitting(node), "="
            dying = [self.texts[i] for i in self._mentioned(node) if self.reads[i] == 1 and i not in self.lasting]
            name = self.assign(self.naming.name(node, note, dying), dying)
        self.texts[node] = name
        self.write(Line(f"{name} {sign} {expression}", note.rule), note)

    def assign(self, name: str, dying: Iterable[str] = ()) -> str:
        """Enter a name.  Two loops may share the nodes of their bodies: the second one's get other names."""
        if name in self.assigned and name not in dying:
            name = self.naming.free(name)
        if name in self.assigned and name not in dying:
            raise DefectError(f"two values would be called {name}")
        self.assigned.add(name)
        return name

    def _mentioned(self, node: Node) -> list[Node]:
        """The named values in a node's expression."""
        found, stack = [], list(node.inputs)
        while stack:
            operand = stack.pop()
            found += [operand] if operand in self.texts else []
            stack += [] if operand in self.texts else operand.inputs
        return found

    def fitting(self, node: Node) -> str:
        """The node's expression; while it is too long its longest operand gets a line before it."""
        if node in self.texts:
            return self.texts[node]
        self._shorten(node)
        while (line := line_of(self._spelled(node, spelled := self._operands(node)))) is None:
            inner = [i for i in spelled if i not in self.texts and i.inputs and not i.weak]
            if not inner:
                return tidy(self._spelled(node, spelled))
            self.state(max(inner, key=lambda i: len(spelled[i])))
        return line

    def _shorten(self, node: Node) -> None:
        """Give lines to parts of an expression that is surely too long, from the inside, before it is spelled."""
        path = [node]
        while self._values(path[-1]) > MANY:
            path.append(max(path[-1].inputs, key=self._values))
        for inner, outer in pairwise(reversed(path)):
            if self._values(outer) > MANY and inner.inputs and inner not in self.texts:
                self.state(inner)

    def _values(self, node: Node) -> int:
        """How many values an expression reads, as far as it matters."""
        count, waiting = 0, [node]
        while waiting and count <= MANY:
            inner = waiting.pop()
            if inner in self.texts or not inner.inputs:
                count += 1
            else:
                waiting += inner.inputs
        return count

    def expression(self, node: Node) -> str:
        """The node's operation, spelled."""
        return self._spelled(node, self._operands(node))

    def _operands(self, node: Node) -> dict[Node, str]:
        return {operand: self.operand(operand) for operand in node.inputs}

    def _spelled(self, node: Node, operands: Mapping[Node, str]) -> str:
        text = node.op.spell(node, [operands[operand] for operand in node.inputs])
        # A NumPy scalar has a dtype of its own; a Python float adapts to the arrays it meets.
        return f"float({text})" if node.weak and "np." in text else text

    def operand(self, node: Node) -> str:
        """A value as an operand: its name, or its expression in brackets."""
        return self.texts[node] if node in self.texts else f"({self.expression(node)})"

    def text(self, node: Node) -> str:
        """A value as it stands alone."""
        return tidy(self.operand(node))

    def loop(self, scan: Node) -> None:
        """Write a scan as a loop: what it starts from, room for what it returns of every step, and its body."""
        body, carries, sequences = (scan.attrs[key] for key in ("body", "carries", "sequences"))
        pairs = list(zip(body.inputs.values(), scan.inputs))
        carried, sliced = pairs[:carries], pairs[carries : carries + sequences]
        constant, results = pairs[carries + sequences :], list(body.outputs.values())
        items = [node for node in self.order if node.op is OPS["item"] and node.inputs[0] is scan]
        stacked = {item: results[item.attrs["at"]] for item in items if item.attrs["at"] >= carries}

        for _, operand in sliced:
            if operand not in self.texts and operand.inputs:
                self.state(operand)  # once, not at every step
        texts = {leaf: self.constant(operand) for leaf, operand in constant}
        texts |= {leaf: self._loop_name(leaf, operand, body) for leaf, operand in carried + sliced}
        inner = Lowering(
            body, texts, [*results[:carries], *stacked.values()], self.naming, self.heading, self.depth + 1
        )
        inner.lasting = {leaf for leaf, _ in constant}
        inner.assigned |= self.assigned
        inner.totals = {
            result: texts[leaf]
            for (leaf, operand), result in zip(carried, results)
            if operand.op is OPS["zeros"] and inner.only_grows(leaf, result)
        }
        note = self.note(scan)
        self._before(carried, texts, stacked, note)
        for item in items:
            if item not in stacked:
                self.texts[item] = texts[carried[item.attrs["at"]][0]]

        t = self.naming.index(self.depth)
        blocks = inner.run()
        self.assigned |= inner.assigned
        reads = [f"{texts[leaf]} = {self.text(operand)}[{t}]" for leaf, operand in sliced if inner.is_read(leaf)]
        ends = [f"{self.texts[item]}[{t}] = {inner.text(result)}" for item, result in stacked.items()]
        moves = [(texts[leaf], inner.text(result)) for (leaf, _), result in zip(carried, results)]
        moves = [(old, new) for old, new in moves if old != new]
        if moves:
            ends.append(f"{', '.join(old for old, _ in moves)} = {', '.join(new for _, new in moves)}")
        head = [Block("", tuple(map(Line, reads)))] if reads else []
        tail = [Block(AT_END, tuple(map(Line, ends)))]
        within = (*head, *blocks, *(tail if ends else []))
        steps = f"range({scan.attrs['length']})"
        steps = f"reversed({steps})" if scan.attrs["reverse"] else steps
        if within:
            self.write(Loop(f"for {t} in {steps}:", within), note)

    def constant(self, operand: Node) -> str:
        """How a loop mentions what is the same at every step; what has to be computed gets a line before the loop."""
        root = operand
        while root.op.view and root not in self.texts:
            root = root.inputs[0]
        if root not in self.texts and root.inputs:
            self.state(root)
        return self.operand(operand)

    def _before(
        self, carried: list[tuple[Node, Node]], texts: dict[Node, str], stacked: Iterable[Node], note: Note
    ) -> None:
        """Write what a loop starts from, and room for what it keeps of every step."""
        for leaf, operand in carried:
            if texts[leaf] != self.text(operand):
                self.write(Line(f"{texts[leaf]} = {self.text(operand)}"), note)
        for item in stacked:
            self.texts[item] = self.assign(self.naming.name(item, self.note(item), ()))
            dtype = "dtype" if item.dtype == "float" else item.dtype
            self.write(Line(f"{self.texts[item]} = np.empty({tidy(shape_text(item.shape))}, {dtype})"), note)

    def _loop_name(self, leaf: Node, operand: Node, body: Graph) -> str:
        """The name of a carry or of a step's slice; a carry may go on under the name it starts from."""
        if leaf is operand and leaf in self.texts:
            return self.texts[leaf]
        return self.assign(self.naming.name(leaf, body.notes.get(leaf, NOTHING), ()))

    def only_grows(self, leaf: Node, result: Node) -> bool:
        """Whether a carry is only ever added to, so that it may grow in place."""
        return result.op is OPS["add"] and result.inputs[0] is leaf and self.reads[leaf] == 1

    def is_read(self, leaf: Node) -> bool:
        """Whether any statement reads a leaf."""
        return leaf in self.reads
