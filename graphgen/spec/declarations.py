"""Reads what a spec declares: dims, parameters, inputs and states with their shapes, constants and functions."""

from __future__ import annotations

import ast

from graphgen.contract import PREVIOUS
from graphgen.errors import SpecError, did_you_mean
from graphgen.faults import limits
from graphgen.ir.op import OPS
from graphgen.ir.shape import Dim, Shape
from graphgen.spec import values
from graphgen.spec.equation import parse_expression
from graphgen.spec.ledger import Ledger
from graphgen.spec.model import Expression, FunctionSpec, Variable
from graphgen.spec.names import object_to
from graphgen.spec.source import Part


class Declarations(Ledger):
    """The sections that bring names into a spec, but for those of other specs and of equations."""

    def __init__(self) -> None:
        super().__init__()
        self.dims: dict[str, str] = {}
        self.states: set[str] = set()

    def _dims(self, part: Part) -> list[tuple[str, str]]:
        what = "a mapping from each dim to what it counts"
        return self._entries(part, what, "as in {n_x: input features, m: batch}", self._dim)

    def _dim(self, key: Part, value: Part) -> tuple[str, str]:
        return self._name(key, "a dim"), values.prose(value)

    def _variables(self, part: Part, what: str) -> list[Variable]:
        expected = f"a mapping from the name of {what} to its shape"
        return self._entries(part, expected, "as in {x: [n_x, m]}", lambda k, v: self._variable(k, v, what))

    def _variable(self, key: Part, value: Part, what: str) -> Variable:
        name = self._name(key, what)
        if what == "a state":
            self.states.add(name)
            self._claim(key, name + PREVIOUS)
        if not value.is_mapping:
            return Variable(name, self._shape(value), key)
        allowed = {"a parameter": ("shape", "init"), "an input": ("shape", "dtype")}.get(what, ("shape",))
        told = len(self.faults.found)
        fields = dict(self._entries(value, "a shape", "", lambda k, v: (_field(k, what, allowed), v)))
        if len(self.faults.found) > told:
            raise SpecError
        if "shape" not in fields:
            raise value.fail("missing-shape", f"'{name}' has no shape")
        shape = self._shape(fields["shape"])
        init = values.init(fields["init"]) if "init" in fields else None
        axes = len(shape)
        if init and (axes < 2 if init.kind == "glorot" else init.kind == "orthogonal" and axes != 2):
            message = f"{init.kind} fills matrices, not arrays of {axes} axes"
            raise fields["init"].fail("init-shape", message)
        dtype = values.dtype(fields["dtype"]) if "dtype" in fields else "float"
        return Variable(name, shape, key, init, dtype)

    def _shape(self, part: Part) -> Shape:
        elements = part.elements("a shape: a list of dims", "as in [3*n_a, m], or [] for one number")
        if len(elements) > limits.AXES:
            raise part.fail("number-of-axes", f"an array has at most {limits.AXES} axes")
        return tuple(values.size(element, self._dim_named) for element in elements)

    def _dim_named(self, expression: Expression, node: ast.Name) -> Dim:
        if node.id in self.dims:
            return Dim.of(node.id)
        if self._is_unclear(node.id):
            raise SpecError
        raise expression.fail("unknown-dim", f"there is no dim '{node.id}'", node, did_you_mean(node.id, self.dims))

    def _constants(self, part: Part) -> list[tuple[str, float]]:
        expected, cure = "a mapping from names to numbers", "as in {forget_bias: 1.0}"
        return self._entries(part, expected, cure, lambda k, v: (self._name(k, "a constant"), values.number(v)))

    def _functions(self, part: Part) -> list[FunctionSpec]:
        cure = 'as in {"swish(u)": u * sigmoid(u)}'
        return self._entries(part, "a mapping from calls to formulas", cure, self._function)

    def _function(self, key: Part, value: Part) -> FunctionSpec:
        call = parse_expression(key).tree
        simple = isinstance(call, ast.Call) and not call.keywords and call.args
        if not simple or not all(isinstance(arg, ast.Name) for arg in call.args):  # type: ignore[attr-defined]
            raise key.fail("function-form", "expected the function's name and arguments", 'as in "swish(u, beta)"')
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        name, arguments = call.func.id, tuple(arg.id for arg in call.args if isinstance(arg, ast.Name))
        if name in OPS:
            raise key.fail("function-taken", f"'{name}' is a function already")
        if len(set(arguments)) < len(arguments):
            raise key.fail("repeated-argument", "an argument is named twice")
        for word in (name, *arguments):
            objection = object_to(word)
            if objection:
                raise key.fail(*objection)
        self._claim(key, name)
        for argument in arguments:
            self._claim(key, f"{name}_d{argument}")
        return FunctionSpec(name, arguments, parse_expression(value), key)


def _field(key: Part, what: str, allowed: tuple[str, ...]) -> str:
    """The name of a field of a declaration."""
    field = key.text("a key")
    if field not in allowed:
        why = "it gets a gradient, so it is made of floats" if field == "dtype" else ""
        raise key.fail("unknown-field", f"{what} has no '{field}'", why or did_you_mean(field, allowed))
    return field
