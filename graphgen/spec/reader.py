"""Reads a spec: every key is taken out and checked, and what is left over is an error."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

from graphgen.contract import PREVIOUS, record_name
from graphgen.errors import GraphgenError, Position, SpecError, did_you_mean
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, Shape
from graphgen.spec.equation import parse_equation, parse_expression
from graphgen.spec.model import Cell, Expression, FunctionSpec, Init, Use, Variable
from graphgen.spec.names import check_name, object_to
from graphgen.spec.source import Part, Source, compose
from graphgen.spec.uses import Trail, read_uses

KEYS = (
    "cell", "doc", "source", "dims", "uses", "parameters", "inputs", "states",
    "constants", "functions", "equations", "outputs", "average_over",
)  # fmt: skip
INITS = ("zeros", "ones", "constant", "normal", "glorot", "orthogonal")


def read(path: Path, trail: Trail = ()) -> Cell:
    """The cell in a file; the name in messages is the path as given, `trail` leads there from the model using it."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise GraphgenError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise GraphgenError(f"{path}: not UTF-8 text (byte {error.start})") from None
    return read_text(text, str(path), trail)


def read_text(text: str, file: str = "spec.yaml", trail: Trail = ()) -> Cell:
    """The cell in a text."""
    return Reader(Source(file, text), trail).cell()


class Reader:
    """Takes one spec apart, key by key."""

    def __init__(self, source: Source, trail: Trail = ()) -> None:
        self.source, self.trail = source, trail
        self.root = compose(source)
        self.names: dict[str, Part] = {}  # every name so far, and where it was given

    def cell(self) -> Cell:
        """The whole spec, read in the order in which names come to be."""
        keys = self._keys()
        name = check_name(keys["cell"], "the cell")
        dims = self._dims(keys.get("dims"))
        uses = self._uses(keys.get("uses"), dims)
        parameters = self._variables(keys.get("parameters"), dims, "a parameter")
        inputs = self._variables(keys.get("inputs"), dims, "an input")
        states = self._variables(keys.get("states"), dims, "a state")
        constants = self._constants(keys.get("constants"))
        functions = self._functions(keys.get("functions"))
        equations = tuple(parse_equation(part) for part in keys["equations"].elements("a list of equations"))
        if not equations:
            raise keys["equations"].fail("there are no equations")
        state_names = {state.name for state in states}
        for equation in equations:
            objection = object_to(equation.target)
            if objection:
                raise SpecError(objection[0], equation.place, objection[1])
            if equation.target not in state_names:
                self._claim(equation.part, equation.target, equation.place)
        assigned = {equation.target for equation in equations}
        return Cell(
            name=name,
            source_file=self.source,
            part=self.root,
            doc=self._prose(keys.get("doc")),
            source=self._prose(keys.get("source")),
            dims=dims,
            parameters=parameters,
            inputs=inputs,
            states=states,
            uses=uses,
            constants=constants,
            functions=functions,
            equations=equations,
            outputs=self._outputs(keys["outputs"], assigned),
            average_over=self._average_over(keys.get("average_over"), dims),
            declared=tuple(
                (kind, name, self.names[name])
                for kind, given in (("dim", dims), ("constant", constants))
                for name in given
            ),
        )

    def _keys(self) -> dict[str, Part]:
        pairs = self.root.items("a mapping with the keys cell, equations and outputs")
        keys = {}
        for key, value in pairs:
            name = key.text("a key")
            if name not in KEYS:
                raise key.fail(f"there is no key '{name}'", did_you_mean(name, KEYS))
            keys[name] = value
        for needed in ("cell", "equations", "outputs"):
            if needed not in keys:
                raise self.root.fail(f"the key '{needed}' is missing", "a spec needs cell, equations and outputs")
        return keys

    def _claim(self, part: Part, name: str, place: Position | None = None) -> None:
        """Enter a name; every name of a spec means one thing."""
        earlier = self.names.get(name)
        if earlier:
            where = earlier.position.line
            cure = "states are read under it" if name.endswith(PREVIOUS) else "choose another name"
            raise SpecError(f"the name '{name}' is taken: see line {where}", place or part.position, cure)
        self.names[name] = part

    def _name(self, part: Part, what: str) -> str:
        name = check_name(part, what)
        self._claim(part, name)
        return name

    @staticmethod
    def _prose(part: Part | None) -> str:
        if part is None:
            return ""
        odd = re.search(r"[^\x20-\U0010ffff\n]|[\x7f-\x9f\u2028\u2029]", part.text("text"))
        if odd:
            raise part.fail(f"the character {odd[0]!r} has no place in text")
        return " ".join(part.text("text").split())

    def _dims(self, part: Part | None) -> dict[str, str]:
        if part is None:
            return {}
        pairs = part.items("a mapping from each dim to what it counts", "as in {n_x: input features, m: batch}")
        return {self._name(key, "a dim"): self._prose(value) for key, value in pairs}

    def _uses(self, part: Part | None, dims: dict[str, str]) -> tuple[Use, ...]:
        uses = read_uses(part, self.trail, self._name, lambda value: self._dim(value, dims), read)
        for use in uses:
            paths = [f"{use.name}.{path}".rpartition(".")[0] for path, _ in use.cell.learned if not use.shares]
            for path in dict.fromkeys(paths):
                self._claim(use.part, record_name("parameters", path))
        return uses

    def _variables(self, part: Part | None, dims: dict[str, str], what: str) -> tuple[Variable, ...]:
        if part is None:
            return ()
        pairs = part.items(f"a mapping from the name of {what} to its shape", "as in {x: [n_x, m]}")
        return tuple(self._variable(key, value, dims, what) for key, value in pairs)

    def _variable(self, key: Part, value: Part, dims: dict[str, str], what: str) -> Variable:
        name = self._name(key, what)
        if what == "a state":
            self._claim(key, name + PREVIOUS)
        shape, init, dtype = value, None, "float"
        if not value.is_scalar and "Mapping" in type(value.node).__name__:
            fields = {k.text("a key"): (k, v) for k, v in value.items("a shape")}
            allowed = {"a parameter": ("shape", "init"), "an input": ("shape", "dtype")}.get(what, ("shape",))
            for field, (k, _) in fields.items():
                if field not in allowed:
                    why = "it gets a gradient, so it is made of floats" if field == "dtype" else ""
                    raise k.fail(f"{what} has no '{field}'", why or did_you_mean(field, allowed))
            if "shape" not in fields:
                raise value.fail(f"'{name}' has no shape", "as in {shape: [n_a, 1], init: zeros}")
            shape = fields["shape"][1]
            init = self._init(fields["init"][1]) if "init" in fields else None
            axes = len(self._shape(shape, dims))
            if init and (axes < 2 if init.kind == "glorot" else init.kind == "orthogonal" and axes != 2):
                raise fields["init"][1].fail(f"{init.kind} fills matrices, not arrays of {axes} axes")
            dtype = self._dtype(fields["dtype"][1]) if "dtype" in fields else "float"
        return Variable(name, self._shape(shape, dims), key, init, dtype)

    @staticmethod
    def _dtype(part: Part) -> str:
        dtype = part.text("a dtype")
        if dtype not in ("float", "int", "bool"):
            raise part.fail(f"there is no dtype '{dtype}'", "one of float, int, bool; int and bool get no gradient")
        return dtype

    def _shape(self, part: Part, dims: dict[str, str]) -> Shape:
        elements = part.elements("a shape: a list of dims", "as in [3*n_a, m], or [] for one number")
        return tuple(self._dim(element, dims) for element in elements)

    def _dim(self, part: Part, dims: dict[str, str]) -> Dim:
        expression = parse_expression(part)
        dim = _dim_value(expression, expression.tree, dims)
        if not dim.at_least(0):
            raise part.fail(f"the size {dim} may be negative")
        return dim

    def _init(self, part: Part) -> Init:
        cure = "one of zeros, ones, glorot, orthogonal, normal, {normal: 0.1}, {constant: 1.0}"
        if part.is_scalar:
            kind = part.text("an init")
            if kind not in INITS or kind == "constant":
                raise part.fail(f"there is no init '{kind}' without a value", cure)
            return Init(kind, 0.01 if kind == "normal" else 0.0)
        pairs = part.items("an init", cure)
        if len(pairs) != 1 or pairs[0][0].text("an init") not in ("constant", "normal"):
            raise part.fail("only constant and normal take a value", cure)
        return Init(pairs[0][0].text("an init"), self._number(pairs[0][1]))

    @staticmethod
    def _number(part: Part) -> float:
        text = part.text("a number")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or "_" in text:
            raise part.fail(f"'{text}' is no finite number", "as in 1.0 or 1e-5")
        return value

    def _constants(self, part: Part | None) -> dict[str, float]:
        pairs = part.items("a mapping from names to numbers", "as in {forget_bias: 1.0}") if part else []
        return {self._name(key, "a constant"): self._number(value) for key, value in pairs}

    def _functions(self, part: Part | None) -> tuple[FunctionSpec, ...]:
        pairs = part.items("a mapping from calls to formulas", 'as in {"swish(u)": u * sigmoid(u)}') if part else []
        return tuple(self._function(key, value) for key, value in pairs)

    def _function(self, key: Part, value: Part) -> FunctionSpec:
        call = parse_expression(key).tree
        simple = isinstance(call, ast.Call) and not call.keywords and call.args
        if not simple or not all(isinstance(arg, ast.Name) for arg in call.args):  # type: ignore[attr-defined]
            raise key.fail("expected the function's name and arguments", 'as in "swish(u, beta)"')
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        name, arguments = call.func.id, tuple(arg.id for arg in call.args if isinstance(arg, ast.Name))
        if name in OPS:
            raise key.fail(f"'{name}' is a function already", "choose another name")
        if len(set(arguments)) < len(arguments):
            raise key.fail("an argument is named twice")
        for word in (name, *arguments):
            objection = object_to(word)
            if objection:
                raise key.fail(*objection)
        self._claim(key, name)
        for argument in arguments:
            self._claim(key, f"{name}_d{argument}")
        return FunctionSpec(name, arguments, parse_expression(value), key)

    def _outputs(self, part: Part, assigned: set[str]) -> tuple[tuple[str, Part], ...]:
        elements = part.elements("a list of names", "as in [a]")
        outputs: dict[str, Part] = {}
        for element in elements:
            name = element.text("a name")
            if name not in assigned:
                raise element.fail(f"no equation assigns '{name}'", did_you_mean(name, assigned))
            if name in outputs:
                raise element.fail(f"'{name}' is listed twice")
            outputs[name] = element
        if not outputs:
            raise part.fail("there are no outputs", "list what the cell computes, as in [a]")
        return tuple(outputs.items())

    @staticmethod
    def _average_over(part: Part | None, dims: dict[str, str]) -> Dim | None:
        if part is None:
            return None
        name = part.text("a dim")
        if name not in dims:
            raise part.fail(f"there is no dim '{name}'", did_you_mean(name, dims))
        return Dim.of(name)


def _dim_value(expression: Expression, node: ast.expr, dims: dict[str, str]) -> Dim:
    """A dim expression's value: ints and declared dims under +, - and *."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Dim.of(value)
        case ast.Name(id=name):
            if name in dims:
                return Dim.of(name)
            cure = did_you_mean(name, dims) or "declare it under dims:"
            raise expression.fail(f"there is no dim '{name}'", node, cure)
        case ast.UnaryOp(operand=operand):
            return -_dim_value(expression, operand, dims)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            a, b = _dim_value(expression, left, dims), _dim_value(expression, right, dims)
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
    raise expression.fail("a dim is made of whole numbers and dims with + - *", node, "as in 3*n_a or n_a + n_x")
