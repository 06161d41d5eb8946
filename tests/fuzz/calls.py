"""Every sample of the registry as something that a random program may call; a new operation needs no more."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from graphgen.ir.evaluate import evaluate
from graphgen.ir.op import OPS, Op, Sample
from tests.support import HELPERS, Case

POINTS = 9  # along each operand, from which the range of a function is told
MARGIN = 0.2


@dataclass(frozen=True, eq=False)
class Callee:
    """An operation's sample, to be written with other operands."""

    op: Op
    sample: Sample

    @cached_property
    def case(self) -> Case:
        """The sample as a spec; what it computes is made a number there, if it is none."""
        return Case(self.sample, self.op)

    @cached_property
    def has_kinks(self) -> bool:
        """Whether it makes choices, so that its operands must not be equal by anything but chance."""
        nodes = [*self.case.step.forward.order, *self.case.step.backward.order]
        return any(node.dtype != "float" or not node.op.analytic for node in nodes)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Between which numbers the results of an elementwise operation lie, operands being in the sample's range."""
        names = list(self.sample.shapes)
        count = POINTS ** len(names)
        case = Case(replace(self.sample, shapes=dict.fromkeys(names, (count,))), self.op)
        axis = np.linspace(self.sample.low, self.sample.high, POINTS)
        mesh = np.array(list(product(axis, repeat=len(names)))).T
        arrays = {f"inputs.{name}": array for name, array in zip(names, mesh)}
        values = evaluate(case.graph, arrays, HELPERS)["outputs.result"]
        low, high = float(values.min()), float(values.max())
        margin = MARGIN * (high - low) + 1e-3
        return low - margin, high + margin

    def written(self, operands: Mapping[str, str]) -> str:
        """The call with other expressions in the place of its arrays; its result is made of floats."""
        call = ast.unparse(_Put(operands.__getitem__).visit(ast.parse(self.case.text.strip(), mode="eval")))
        return call if self.case.text.strip() == self.sample.text else f"1.0 * ({call})"


class _Put(ast.NodeTransformer):
    """Puts expressions in the place of names that are not called."""

    def __init__(self, expression: Callable[[str], str]) -> None:
        self.expression = expression

    def visit_Name(self, tree: ast.Name) -> ast.expr:
        return ast.parse(self.expression(tree.id), mode="eval").body

    def visit_Call(self, tree: ast.Call) -> ast.Call:
        tree.args = [self.visit(arg) for arg in tree.args]
        for keyword in tree.keywords:
            keyword.value = self.visit(keyword.value)
        return tree


CALLEES = [Callee(op, sample) for op in OPS.values() if op.public for sample in op.samples]
