"""Comparisons, the choices made with them, and their numbers.  Booleans carry no cotangent."""

from __future__ import annotations

from collections.abc import Sequence

from graphgen.errors import ShapeError
from graphgen.ir.node import Node, make
from graphgen.ir.op import Op, Type, declare, sample
from graphgen.ir.shape import Dim, broadcast
from graphgen.ops.declare import elementwise, elementwise_many

for _name, _sign in {
    "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=",
}.items():  # fmt: skip
    elementwise_many(
        _name, f"{{a}} {_sign} {{b}}", "a b", text=f"a {_sign} b", dtype="bool", analytic=False,
        doc=f"Whether a {_sign} b, for `where`.",
    )  # fmt: skip


elementwise_many(
    "logical_and", "np.logical_and({a}, {b})", "a b", text="logical_and(a > 0, b > 0)", dtype="bool", analytic=False,
    doc="Whether both hold.",
)  # fmt: skip
elementwise_many(
    "logical_or", "np.logical_or({a}, {b})", "a b", text="logical_or(a > 0, b > 0)", dtype="bool", analytic=False,
    doc="Whether either holds.",
)  # fmt: skip
elementwise(
    "logical_not", "np.logical_not({x})", text="logical_not(x > 0)", dtype="bool", analytic=False,
    doc="Whether it does not hold.",
)  # fmt: skip


@declare
class Where(Op):
    """a where the condition holds, b elsewhere.  Junction rule: each gets dz where it was taken, 0 elsewhere."""

    name = "where"
    spelling = "np.where({condition}, {a}, {b})"
    junction = "where"
    elementwise = keeps_integers = True
    samples = (
        sample("where(p > 0, a, b)", p=(3, 4), a=(3, 4), b=(4,)),
        sample("where(p > 0, a, 1)", p=(3, 1), a=(4,)),
    )

    def infer(self, condition: Node, a: Node, b: Node) -> Type:
        if condition.dtype != "bool":
            raise ShapeError("condition", "the condition must be a comparison, such as x > 0")
        if "bool" in (a.dtype, b.dtype):
            raise ShapeError("comparison", "where chooses between numbers, not between comparisons")
        dtype = "int" if a.dtype == b.dtype == "int" else "float"
        return Type(broadcast(condition.shape, a.shape, b.shape), dtype)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        text = super().spell(node, operands)
        numbers = all(choice.weak for choice in node.inputs[1:]) and not node.weak
        return f"{text}.astype(dtype)" if numbers else text  # else NumPy's own int64 or float64

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        condition = inputs[0]
        return None, make.where(condition, dz, 0), make.where(condition, 0, dz)


@declare
class BeforeEnd(Op):
    """Whether each of n steps is before the end of each example; its function refuses lengths that are none."""

    name = "before_end"
    differentiable = public = False
    keeps_integers = True

    def infer(self, lengths: Node, *, n: Dim) -> Type:
        *lead, examples = lengths.shape
        return Type((*lead, n, examples), "bool")

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        (lengths,) = operands
        last = lengths.split(".")[-1]
        name = last if last.isidentifier() else "lengths"  # as `scan` has it
        return f'before_end({lengths}, {node.attrs["n"]}, "{name}")'


@declare
class AsFloat(Op):
    """Integers or booleans as numbers of the module's floating dtype; they get no cotangent."""

    name, spelling = "as_float", "{x}.astype(dtype)"
    elementwise, keeps_integers, differentiable, public = True, True, False, False

    def infer(self, x: Node) -> Type:
        return Type(x.shape)
