"""A spec's own elementwise functions, as formulas over operations of the registry."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping
from functools import partial

from graphgen.elaborate.arguments import attribute, bind
from graphgen.elaborate.numbers import compute
from graphgen.errors import SpecError, did_you_mean
from graphgen.faults import limits
from graphgen.ir.op import OPS
from graphgen.ops.composite import FormulaComposite
from graphgen.ops.formula import parse
from graphgen.ops.function import Function, body_graph
from graphgen.spec.model import Expression, FunctionSpec

ELEMENTWISE = {name for name, op in OPS.items() if op.public and op.elementwise}


def elaborate_function(
    spec: FunctionSpec, functions: Mapping[str, Function], constants: Mapping[str, float], unknown: Container[str]
) -> Function:
    """The function, with constants put in and earlier functions written out."""
    names: dict[str, ast.expr] = {name: ast.Name(name) for name in spec.arguments}
    names |= {name: ast.Constant(value) for name, value in constants.items() if name not in names}
    inline = Inline(spec.body, names, functions, unknown)
    body = inline.visit(spec.body.tree)
    inline.check_size(_steps(body))
    function = Function(spec.name, spec.arguments, ast.unparse(body))
    result = body_graph(function).outputs["result"]
    if result.dtype != "float":
        raise spec.body.fail("comparison", "a comparison is no number")
    unused = [name for name in spec.arguments if name not in spec.body.names]
    if unused:
        raise spec.part.fail("unused", f"the argument '{unused[0]}' is never read")
    return function


class Inline(ast.NodeTransformer):
    """Puts values in the place of names, and bodies in the place of calls of other functions."""

    def __init__(
        self,
        expression: Expression,
        names: Mapping[str, ast.expr],
        functions: Mapping[str, Function],
        unknown: Container[str],
    ) -> None:
        self.expression, self.names, self.functions, self.unknown = expression, names, functions, unknown

    def fail(self, code: str, message: str, tree: ast.expr | ast.keyword, cure: str = "") -> SpecError:
        """The error to raise about a piece of the body."""
        return self.expression.fail(code, message, tree, cure)

    def check_size(self, steps: int, tree: ast.expr | None = None) -> None:
        """Functions that call each other grow fast, and their derivatives faster."""
        if steps > limits.STEPS:
            raise self.expression.fail("function-size", f"written out, this has {steps} steps", tree)

    def visit_Name(self, tree: ast.Name) -> ast.expr:
        """An argument or a constant."""
        if tree.id not in self.names:
            if tree.id in self.unknown:
                raise SpecError
            message = f"a function reads its arguments and constants, not '{tree.id}'"
            raise self.fail("function-reads", message, tree, did_you_mean(tree.id, self.names))
        return self.names[tree.id]

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        """An elementwise operation, or an earlier function."""
        assert isinstance(tree.func, ast.Name)
        name = tree.func.id
        if name in self.functions:
            function = self.functions[name]
            if len(tree.args) != len(function.arguments) or tree.keywords:
                raise self.fail("missing-argument", f"{name} takes {', '.join(function.arguments)}", tree)
            values = {a: self.visit(arg) for a, arg in zip(function.arguments, tree.args)}
            body = ast.parse(function.body, mode="eval").body
            self.check_size(_steps(body, {name: _steps(value) for name, value in values.items()}), tree)
            return _substitute(body, values)
        if name not in ELEMENTWISE:
            if name in self.unknown:
                raise SpecError
            cure = did_you_mean(name, ELEMENTWISE | set(self.functions))
            raise self.fail("not-elementwise", f"'{name}' is no elementwise function", tree.func, cure)
        operands, attributes = bind(OPS[name], tree, self.fail)
        keywords = []
        for key, value in attributes.items():
            number = self.visit(value)
            known = number.value if isinstance(number, ast.Constant) else None
            keywords.append(ast.keyword(key, ast.Constant(attribute(OPS[name], key, known, value, self.fail))))
        call = ast.Call(tree.func, [self.visit(operand) for operand in operands], keywords)
        self.expression.computed(lambda: body_graph(Function(name, tuple(self.names), ast.unparse(call))), tree)
        return call

    def visit_UnaryOp(self, tree: ast.UnaryOp) -> ast.expr:
        """A minus sign; of a number it is a number."""
        operand = self.visit(tree.operand)
        if isinstance(operand, ast.Constant) and isinstance(operand.value, int | float):
            return ast.Constant(-operand.value)
        return ast.UnaryOp(tree.op, operand)

    def visit_BinOp(self, tree: ast.BinOp) -> ast.expr:
        """Arithmetic; on numbers it is done now."""
        if isinstance(tree.op, ast.MatMult):
            raise self.fail("not-elementwise", "a function works on each element alone: use *", tree)
        left, right = self.visit(tree.left), self.visit(tree.right)
        zero = isinstance(right, ast.Constant) and right.value == 0
        if isinstance(tree.op, ast.Div) and zero:
            raise self.fail("number-undefined", "this number cannot be computed: division by zero", tree)
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            exact = all(isinstance(side.value, int) for side in (left, right))
            exact = exact and isinstance(tree.op, ast.Add | ast.Sub | ast.Mult)
            return ast.Constant(compute(type(tree.op), left.value, right.value, exact, partial(self.fail, tree=tree)))
        base = left.value if isinstance(left, ast.Constant) else None
        if isinstance(tree.op, ast.Pow) and isinstance(base, int | float) and base <= 0:
            raise self.fail("function-power", "only a positive number can be raised to any power", tree)
        if isinstance(tree.op, ast.Pow) and not isinstance(right, ast.Constant):
            return ast.Call(ast.Name("power"), [left, right], [])  # SymPy's own power has no derivative at 0
        return ast.BinOp(left, tree.op, right)

    def generic_visit(self, tree: ast.AST) -> ast.AST:
        """Arithmetic and comparisons; nothing that has axes."""
        if isinstance(tree, ast.Subscript | ast.Attribute | ast.Tuple | ast.List | ast.Slice):
            raise self.fail("not-elementwise", "a function works on each element alone", tree)
        if isinstance(tree, ast.Constant) and type(tree.value) not in (int, float):
            raise self.fail("not-a-value", "expected a number", tree)
        return super().generic_visit(tree)


def _substitute(tree: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return values.get(node.id, node)

    result = Put().visit(tree)
    assert isinstance(result, ast.expr)
    return result


def _steps(tree: ast.expr, names: Mapping[str, int] | None = None) -> int:
    """How many operations, names and numbers it has, composites written out; `names` stand for so many."""
    if isinstance(tree, ast.Name):
        return names.get(tree.id, 1) if names else 1
    op = OPS[tree.func.id] if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None
    operands = tree.args if isinstance(tree, ast.Call) else ast.iter_child_nodes(tree)
    steps = sum(_steps(operand, names) for operand in operands if isinstance(operand, ast.expr))
    return _steps(parse(op.text), {"x": steps}) if isinstance(op, FormulaComposite) else 1 + steps
