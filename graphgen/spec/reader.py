"""Reads a spec: every key is taken out and checked, and what is left over is an error."""

from __future__ import annotations

from pathlib import Path

from graphgen.contract import record_name
from graphgen.errors import Fault, Faults, GraphgenError, SpecError, did_you_mean
from graphgen.faults import limits
from graphgen.ir.shape import Dim
from graphgen.spec import values
from graphgen.spec.compose import compose
from graphgen.spec.declarations import Declarations
from graphgen.spec.equation import parse_equation
from graphgen.spec.model import Cell, Equation, Use
from graphgen.spec.names import check_name, object_to
from graphgen.spec.source import Part, Source
from graphgen.spec.uses import AS_IN, Trail, read_use

KEYS = (
    "cell", "doc", "source", "dims", "uses", "parameters", "inputs", "states",
    "constants", "functions", "equations", "outputs", "average_over", "backward",
)  # fmt: skip
NEEDED = ("cell", "equations", "outputs")


def read(path: Path, trail: Trail = ()) -> Cell:
    """The cell in a file; the name in messages is the path as given, `trail` leads there from the model using it."""
    return _sound(draft(path, trail))


def read_text(text: str, file: str = "spec.yaml", trail: Trail = ()) -> Cell:
    """The cell in a text."""
    return _sound(draft_text(text, file, trail))


def draft(path: Path, trail: Trail = ()) -> Cell:
    """The cell in a file as far as it can be read, with its faults: `elaborate` tells them beside those it finds."""
    try:
        with path.open("rb") as file:
            return draft_bytes(file.read(limits.FILE + 1), str(path), trail)
    except OSError as error:
        raise GraphgenError(f"{path}: {error.strerror or error}") from None


def draft_bytes(data: bytes, file: str = "spec.yaml", trail: Trail = ()) -> Cell:
    """The cell in the bytes of a file as far as it can be read, with its faults."""
    try:
        return draft_text(data.decode("utf-8", "strict" if len(data) <= limits.FILE else "replace"), file, trail)
    except UnicodeDecodeError as error:
        source = Source(file, data.decode("utf-8", "replace"))
        place = source.place(len(data[: error.start].decode("utf-8")))
        raise SpecError(Fault("not-utf-8", f"not UTF-8 text (byte {error.start})", place)) from None


def draft_text(text: str, file: str = "spec.yaml", trail: Trail = ()) -> Cell:
    """The cell in a text as far as it can be read, with its faults."""
    return Reader(Source(file, text), trail).cell()


def _sound(cell: Cell) -> Cell:
    Faults(cell.faults).check()
    return cell


class Reader(Declarations):
    """Takes one spec apart, key by key."""

    def __init__(self, source: Source, trail: Trail = ()) -> None:
        super().__init__()
        self.source, self.trail = source, trail
        self.root = compose(source)

    def cell(self) -> Cell:
        """The whole spec, read in the order in which names come to be."""
        keys = self._keys()
        name = self._value(keys, "cell", lambda part: check_name(part, "the cell"), "")
        doc = self._value(keys, "doc", values.prose, "")
        source = self._value(keys, "source", values.prose, "")
        self.dims = dict(self._section(keys, "dims", self._dims))
        uses = self._section(keys, "uses", self._uses)
        parameters = self._section(keys, "parameters", lambda part: self._variables(part, "a parameter"))
        inputs = self._section(keys, "inputs", lambda part: self._variables(part, "an input"))
        states = self._section(keys, "states", lambda part: self._variables(part, "a state"))
        constants = dict(self._section(keys, "constants", self._constants))
        functions = self._section(keys, "functions", self._functions)
        equations = self._section(keys, "equations", self._equations)
        assigned = {equation.target for equation in equations}
        none: list[tuple[str, Part]] = []
        outputs = self._value(keys, "outputs", lambda part: self._outputs(part, assigned), none)
        average_over = self._value(keys, "average_over", self._average_over, None)
        backward = self._value(keys, "backward", lambda part: self._backward(part, average_over), True)
        if self.lost:
            self.faults.check()
        return Cell(
            name=name,
            source_file=self.source,
            part=self.root,
            doc=doc,
            source=source,
            dims=self.dims,
            uses=tuple(uses),
            parameters=tuple(parameters),
            inputs=tuple(inputs),
            states=tuple(states),
            constants=constants,
            functions=tuple(functions),
            equations=tuple(equations),
            outputs=tuple(outputs),
            average_over=average_over,
            backward=backward,
            declared=tuple(
                (kind, name, self.names[name])
                for kind, given in (("dim", self.dims), ("constant", constants))
                for name in given
            ),
            faults=tuple(self.faults.found),
            unknown=frozenset(self.unknown),
        )

    def _keys(self) -> dict[str, Part]:
        """The parts under the keys of the language."""
        pairs = self._entries(self.root, "a mapping with the keys cell, equations and outputs", "", self._key)
        keys = dict(pairs)
        self.lost = bool(self.faults.found)
        missing = [] if self.lost else [key for key in NEEDED if key not in keys]
        for key in missing:
            with self.faults.collected():
                raise self.root.fail("missing-key", f"the key '{key}' is missing")
        self.lost |= bool(missing)
        return keys

    @staticmethod
    def _key(key: Part, value: Part) -> tuple[str, Part]:
        name = key.text("a key")
        if name not in KEYS:
            raise key.fail("unknown-key", f"there is no key '{name}'", did_you_mean(name, KEYS))
        return name, value

    def _uses(self, part: Part) -> list[Use]:
        uses: dict[str, Use] = {}

        def entry(key: Part, value: Part) -> Use:
            use = read_use(key, value, self.trail, lambda p: values.size(p, self._dim_named), read, uses)
            self._name(key, "a use")
            uses[use.name] = use
            paths = [f"{use.name}.{path}".rpartition(".")[0] for path, _ in use.cell.learned if not use.shares]
            for path in dict.fromkeys(paths):
                self._claim(use.part, record_name("parameters", path))
            return use

        return self._entries(part, "a mapping from names to the specs they stand for", AS_IN, entry)

    def _equations(self, part: Part) -> list[Equation]:
        equations: list[Equation] = []
        elements = part.elements("a list of equations")
        if not elements:
            raise part.fail("no-equations", "there are no equations")
        for element in elements:
            with self.faults.collected():
                equations.append(self._equation(element))
                continue
            self.unknown |= element.words
        return equations

    def _equation(self, part: Part) -> Equation:
        equation = parse_equation(part)
        objection = object_to(equation.target)
        if objection:
            code, message, cure = objection
            raise SpecError(Fault(code, message, equation.place, cure))
        if equation.target not in self.states:
            self._claim(equation.part, equation.target, equation.place)
        return equation

    def _outputs(self, part: Part, assigned: set[str]) -> list[tuple[str, Part]]:
        elements = part.elements("a list of names", "as in [a]")
        if not elements:
            raise part.fail("no-outputs", "there are no outputs")
        outputs: dict[str, Part] = {}
        for element in elements:
            with self.faults.collected():
                name = element.text("a name")
                if name in outputs:
                    raise element.fail("repeated-output", f"'{name}' is listed twice")
                if name not in assigned and not self._is_unclear(name):
                    message = f"no equation assigns '{name}'"
                    raise element.fail("unknown-output", message, did_you_mean(name, assigned))
                outputs[name] = element
        return list(outputs.items())

    def _average_over(self, part: Part) -> Dim:
        name = part.text("a dim")
        if name not in self.dims and not self._is_unclear(name):
            raise part.fail("unknown-dim", f"there is no dim '{name}'", did_you_mean(name, self.dims))
        return Dim.of(name)

    @staticmethod
    def _backward(part: Part, average_over: Dim | None) -> bool:
        word = part.text("true or false")
        if word not in ("true", "false"):
            raise part.fail("backward", f"expected true or false, not '{word}'")
        if word == "false" and average_over is not None:
            raise part.fail("nothing-to-average", "without a backward pass there are no gradients to average")
        return word == "true"
