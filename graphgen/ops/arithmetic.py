"""Operations of several operands, element by element; NumPy's broadcasting is undone by the sweep."""

from __future__ import annotations

from collections.abc import Sequence

from graphgen.ir.node import Node, make
from graphgen.ir.op import OPS, Op, Type, declare, sample
from graphgen.ir.shape import broadcast
from graphgen.ops.declare import elementwise_many

elementwise_many(
    "add", "{a} + {b}", "a b", "dz", "dz",
    text="a + b", meaning="a + b", junction="addition", doc="Sum.",
)  # fmt: skip
elementwise_many(
    "subtract", "{a} - {b}", "a b", "dz", "-dz",
    text="a - b", meaning="a - b", junction="subtraction", doc="Difference.",
)  # fmt: skip
elementwise_many(
    "multiply", "{a} * {b}", "a b", "dz * b", "dz * a",
    text="a * b", meaning="a * b", junction="hadamard", doc="Elementwise (Hadamard) product.",
)  # fmt: skip
elementwise_many(
    "divide", "{a} / {b}", "a b", "dz / b", "-dz * y / b",
    text="a / b", meaning="a / b", junction="quotient", low=0.5, high=2.5, doc="Quotient.",
)  # fmt: skip
elementwise_many(
    "maximum", "np.maximum({a}, {b})", "a b",
    "where(a > b, dz, where(a < b, 0, dz / 2))", "where(a < b, dz, where(a > b, 0, dz / 2))",
    meaning="Max(a, b)", doc="The larger of the two; a tie sends half the cotangent to each.",
)  # fmt: skip
elementwise_many(
    "minimum", "np.minimum({a}, {b})", "a b",
    "where(a < b, dz, where(a > b, 0, dz / 2))", "where(a > b, dz, where(a < b, 0, dz / 2))",
    meaning="Min(a, b)", doc="The smaller of the two; a tie sends half the cotangent to each.",
)  # fmt: skip
elementwise_many(
    "mod", "np.mod({a}, {b})", "a b", "dz", "-dz * floor(a / b)",
    meaning="a - b*floor(a/b)", low=0.3, high=1.7, analytic=False,
    doc="Remainder with the sign of the divisor; where it jumps the derivatives are those of the right side.",
)  # fmt: skip
elementwise_many(
    "hypot", "np.hypot({a}, {b})", "a b",
    "dz * where(y == 0, 0.5, a / where(y == 0, 1, y))", "dz * where(y == 0, 0.5, b / where(y == 0, 1, y))",
    meaning="sqrt(a**2 + b**2)", analytic=False,
    doc="sqrt(a² + b²) without overflow; at the origin each operand gets half the cotangent.",
)  # fmt: skip
elementwise_many(
    "arctan2", "np.arctan2({a}, {b})", "a b",
    "dz * (b / where(hypot(a, b) == 0, 1, hypot(a, b)) / where(hypot(a, b) == 0, 1, hypot(a, b)))",
    "-dz * (a / where(hypot(a, b) == 0, 1, hypot(a, b)) / where(hypot(a, b) == 0, 1, hypot(a, b)))",
    meaning="atan2(a, b)", low=0.3, analytic=False,
    doc="The angle of the point (b, a); at the origin, where there is none, the derivatives are 0.",
)  # fmt: skip


@declare
class Power(Op):
    """a to the power b.  Junction rule: da = dz b a^(b-1), db = dz y log(a), the latter 0 where a is not positive."""

    name, spelling, junction = "power", "{a} ** {b}", "power"
    elementwise = True
    samples = (
        sample("a ** b", 0.5, 2.5, a=(3, 4), b=(4,)),
        sample("a ** 2", a=(3, 4)),
        sample("a ** 3", a=(3, 4)),
        sample("a ** -1.5", 0.5, 2.5, a=(3, 4)),
        sample("2 ** b", b=(3, 4)),
    )

    def infer(self, a: Node, b: Node) -> Type:
        return Type(broadcast(a.shape, b.shape))

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        a, b = inputs
        if b.op is OPS["const"]:
            return self._constant(dz, a, b.attrs["value"]), None
        da = dz * (b * a ** make.where(make.equal(b, 0), 1, b - 1))
        return da, dz * (y * make.log(make.where(a > 0, a, 1)))

    @staticmethod
    def _constant(dz: Node, a: Node, exponent: float) -> Node | None:
        if exponent == 0:
            return None
        if exponent == 1:
            return dz
        return dz * (exponent * (a if exponent == 2 else a ** (exponent - 1)))


@declare
class Clip(Op):
    """min(max(x, low), high).  Junction rule: dz where x lies between, else to the bound; a tie is halved."""

    name, spelling, junction = "clip", "np.clip({x}, {low}, {high})", "clip"
    elementwise = True
    samples = (sample("clip(x, -1, 1)", x=(3, 4)), sample("clip(x, lo, lo + 1)", x=(3, 4), lo=(4,)))

    def infer(self, x: Node, low: Node, high: Node) -> Type:
        return Type(broadcast(x.shape, low.shape, high.shape))

    def vjp(self, dz: Node, y: Node, *inputs: Node) -> Sequence[Node | None]:
        x, low, high = inputs
        raised = make.maximum(x, low)
        d_raised, d_high = OPS["minimum"].vjp(dz, y, raised, high)
        assert d_raised is not None
        return (*OPS["maximum"].vjp(d_raised, raised, x, low), d_high)
