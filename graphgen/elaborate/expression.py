"""One expression: a syntax tree becomes nodes, and what does not fit becomes an error at its place."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from graphgen.contract import PREVIOUS
from graphgen.elaborate.arguments import attribute, bind
from graphgen.elaborate.numbers import compute
from graphgen.elaborate.scan import scan
from graphgen.elaborate.subscript import subscript
from graphgen.elaborate.uses import Record, call_use
from graphgen.errors import SpecError, did_you_mean
from graphgen.ir.graph import NOTHING, Note
from graphgen.ir.node import Node, build
from graphgen.ir.op import OPS, Op
from graphgen.ir.shape import Dim
from graphgen.ops.formula import COMPARE, OPERATIONS
from graphgen.ops.function import Function, applied
from graphgen.spec.model import Equation, Expression

if TYPE_CHECKING:
    from graphgen.elaborate.place import Place

Value = Node | Dim | float | str | None | tuple["Value", ...] | Record
PUBLIC = {name: op for name, op in OPS.items() if op.public}


@dataclass(frozen=True, eq=False)
class Scope:
    """What an equation may refer to, and the notes of the graph that it becomes a part of."""

    names: dict[str, Value]
    functions: Mapping[str, Function]
    uses: Mapping[str, Place]
    later: dict[str, Equation]  # assigned further down
    unknown: Container[str]  # what is missing only because of a fault that is told already
    notes: dict[Node, Note]


class Elaborator:
    """Elaborates one equation's expression, and notes for every node which equation it came from."""

    def __init__(self, expression: Expression, scope: Scope, number: int) -> None:
        self.expression, self.scope, self.number = expression, scope, number
        self.names, self.functions, self.uses = scope.names, scope.functions, scope.uses
        self.later, self.unknown, self.notes = scope.later, scope.unknown, scope.notes

    def result(self, target: str) -> Value:
        """The value of the whole expression, under the name it is given."""
        value = self.expression.computed(lambda: self.value(self.expression.tree))
        if isinstance(value, Record):
            return value
        value = self.as_operand(value, self.expression.tree)
        node = build("size", dim=value) if isinstance(value, Dim) else value
        if isinstance(node, Node) and node.inputs and not self.notes.get(node, NOTHING).name:
            self.notes[node] = Note(name=target, equation=self.number)
        return node

    def operand(self, tree: ast.expr) -> Node | Dim | float:
        """A value that can be computed with."""
        return self.as_operand(self.value(tree), tree)

    def as_operand(self, value: Value, tree: ast.expr) -> Node | Dim | float:
        """A value that can be computed with, if it is one."""
        if isinstance(value, Record):
            cure = f"choose one: {', '.join(f'.{name}' for name in value.fields)}"
            raise self.fail("record", f"this is all that {value.of} returns, not one array", tree, cure)
        if value is None or isinstance(value, bool | str | tuple):
            raise self.fail("not-a-value", "expected an array or a number", tree)
        return value

    def value(self, tree: ast.expr) -> Value:
        """A node, or a number, dim or tuple that is known now."""
        match tree:
            case ast.Constant(value=None | int() | float() | str() as constant):
                return constant
            case ast.Name(id=name):
                return self.named(name, tree)
            case ast.UnaryOp(operand=operand):
                x = self.operand(operand)
                return self.built(tree, "negative", x) if isinstance(x, Node) else -x
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(tree, type(op), self.operand(left), self.operand(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.built(tree, COMPARE[type(op)], self.operand(left), self.operand(right))
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, tree)
            case ast.Attribute(value=operand, attr=name):
                return self.attribute(tree, operand, name)
            case ast.Subscript(value=operand, slice=places):
                whole = self.value(operand)
                if isinstance(whole, tuple):
                    return self.part(tree, whole, places)
                return subscript(self, tree, whole, places)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return tuple(self.value(element) for element in elements)
        raise self.fail("not-a-value", "`...` stands only within [ ]", tree)

    def fail(self, code: str, message: str, tree: ast.expr | ast.keyword, cure: str = "") -> SpecError:
        """The error to raise about a piece of the expression."""
        return self.expression.fail(code, message, tree, cure)

    def named(self, name: str, tree: ast.expr) -> Value:
        """What a name stands for."""
        if name in self.names:
            return self.names[name]
        if name in self.later:
            line = self.later[name].part.position.line
            previous = f"; the state before the step is {name}{PREVIOUS}" if name + PREVIOUS in self.names else ""
            message = f"'{name}' is not assigned yet: see line {line}"
            raise self.fail("later-name", message, tree, f"move that equation up{previous}")
        if name in self.uses:
            cure = f"call it: {name}(…), or scan({name}, …)"
            raise self.fail("use-uncalled", f"'{name}' is a spec", tree, cure)
        if name in PUBLIC or name in self.functions:
            raise self.fail("function-name", f"'{name}' is a function", tree, f"call it: {name}(…)")
        if name in self.unknown:
            raise SpecError
        raise self.fail("unknown-name", f"there is no '{name}'", tree, did_you_mean(name, self.names))

    def attribute(self, tree: ast.expr, operand: ast.expr, name: str) -> Value:
        """A field of what a used spec returns, or the transpose of an array."""
        value = self.value(operand)
        if isinstance(value, Record):
            if name not in value.fields:
                message = f"{value.of} returns no '{name}'"
                raise self.fail("unknown-result", message, tree, did_you_mean(name, value.fields))
            return value.fields[name]
        if name != "T":
            raise self.fail("not-in-language", f"the only attribute is .T, not .{name}", tree)
        return self.built(tree, "transpose", self.as_array(value, operand, ".T"))

    def array(self, tree: ast.expr, what: str) -> Node:
        """A value that has axes."""
        return self.as_array(self.value(tree), tree, what)

    def as_array(self, value: Value, tree: ast.expr, what: str) -> Node:
        """A value as an array, if it is one."""
        value = self.as_operand(value, tree) if isinstance(value, Record) else value
        if not isinstance(value, Node) or value.weak:
            raise self.fail("not-an-array", f"{what} needs an array, and this is a number", tree)
        return value

    def part(self, tree: ast.expr, several: tuple[Value, ...], place: ast.expr) -> Value:
        """One of several values, as `split` returns them."""
        at = self.value(place) if not isinstance(place, ast.Slice) else None
        if type(at) is not int or not -len(several) <= at < len(several):
            raise self.fail("choice", f"choose one of {len(several)} with a whole number", tree)
        return several[at]

    def built(self, tree: ast.expr, op: str | Op, *operands: Node | Dim | float, **attrs: object) -> Node:
        """The node of an operation, or an error at its place in the equation."""
        node = self.expression.computed(lambda: build(op, *operands, **attrs), tree)
        for result in node if isinstance(node, tuple) else (node,):
            self.note(result)
        return node

    def note(self, node: Node) -> None:
        """Note which equation a node came from, and what a composite built below it."""
        stack = [node]
        while stack:
            node = stack.pop()
            if node.inputs and node not in self.notes:
                self.notes[node] = Note(equation=self.number)
                stack.extend(node.inputs)

    def binary(
        self, tree: ast.expr, op: type[ast.operator], a: Node | Dim | float, b: Node | Dim | float
    ) -> Node | Dim | float:
        """Numbers and dims are computed now, everything else when the module runs."""
        exact = isinstance(a, Dim | int) and isinstance(b, Dim | int) and op in (ast.Add, ast.Sub, ast.Mult)
        if op is ast.MatMult and not (isinstance(a, Node) and isinstance(b, Node)):
            raise self.fail("not-an-array", "@ multiplies two arrays; use * with a number", tree)
        if isinstance(a, Node) or isinstance(b, Node) or (Dim in (type(a), type(b)) and not exact):
            return self.built(tree, OPERATIONS[op], a, b)
        number: Dim | float = compute(op, a, b, exact, partial(self.fail, tree=tree))
        return number

    def call(self, name: str, tree: ast.Call) -> Value:
        """A used spec, a function of the spec or of the registry, applied."""
        if name in self.uses:
            return call_use(self, tree, self.uses[name])
        if name == "scan":
            return scan(self, tree)
        if name in self.functions:
            function = self.functions[name]
            if len(tree.args) != len(function.arguments) or tree.keywords:
                raise self.fail("missing-argument", f"{name} takes {', '.join(function.arguments)}", tree)
            call = self.built(tree, "apply", *map(self.operand, tree.args), function=function)
            return applied(call)
        if name not in PUBLIC:
            if name in self.unknown:
                raise SpecError
            known = {*PUBLIC, *self.functions, *self.uses}
            raise self.fail(
                "unknown-function", f"there is no function '{name}'", tree.func, did_you_mean(name, known)
            )
        op = PUBLIC[name]
        operands, attributes = bind(op, tree, self.fail)
        attrs = {k: attribute(op, k, self.value(v), v, self.fail) for k, v in attributes.items()}
        if op.elementwise:
            return self.built(tree, op, *(self.operand(operand) for operand in operands), **attrs)
        arrays = [self.array(operand, name) for operand in operands]
        if "axes" in attrs and len(attrs["axes"]) != len(arrays[0].shape):
            raise self.fail(
                "argument-kind", f"axes name each of the {len(arrays[0].shape)} axes once", attributes["axes"]
            )
        return self.built(tree, op, *arrays, **attrs)
