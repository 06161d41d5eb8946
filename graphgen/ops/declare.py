"""Elementwise operations, declared in one line: spelling, derivative, and meaning in SymPy's notation."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from graphgen.ir.node import Node, build
from graphgen.ir.op import Op, Sample, Type, register, sample
from graphgen.ir.shape import Shape, broadcast
from graphgen.ops import formula


class Elementwise(Op):
    """An operation on each element alone; its junction rules are formulas in dz, the operands and the result y."""

    elementwise = True

    def __init__(
        self,
        name: str,
        spelling: str,
        operands: Sequence[str],
        rules: Sequence[str],
        *,
        doc: str,
        meaning: str,
        junction: str,
        samples: Sequence[Sample],
        attributes: Mapping[str, float],
        dtype: str,
        analytic: bool,
    ) -> None:
        self.name, self.spelling, self.rules, self.__doc__ = name, spelling, tuple(rules), doc
        self.meaning, self.junction, self.samples = meaning, junction, tuple(samples)
        self.dtype, self.analytic = dtype, analytic
        self.keeps_integers = dtype == "bool"
        self.differentiable = dtype == "float" and any(rules)
        self._operands, self._attributes = tuple(operands), dict(attributes)

    @cached_property
    def signature(self) -> inspect.Signature:
        operands = [inspect.Parameter(o, inspect.Parameter.POSITIONAL_OR_KEYWORD) for o in self._operands]
        keyword = inspect.Parameter.KEYWORD_ONLY
        attributes = [inspect.Parameter(a, keyword, default=d) for a, d in self._attributes.items()]
        return inspect.Signature([*operands, *attributes])

    def infer(self, *inputs: Node, **attrs: float) -> Type:
        return _typed(self.dtype, *[node.shape for node in inputs])

    def vjp(self, dz: Node, y: Node, *inputs: Node, **attrs: float) -> list[Node | None]:
        names: dict[str, Node | float] = {**dict(zip(self.operands, inputs)), **attrs, "dz": dz, "y": y}
        return [self.rule(rule, names) for rule in self.rules]

    @staticmethod
    def rule(text: str, names: Mapping[str, Node | float]) -> Node | None:
        """A junction rule's value; an empty rule sends no cotangent."""
        if not text:
            return None
        value = formula.evaluate(formula.parse(text), names, lambda f, args, kw: build(f, *args, **kw))
        assert isinstance(value, Node)
        return value


@lru_cache(maxsize=4096)
def _typed(dtype: str, *shapes: Shape) -> Type:
    return Type(broadcast(*shapes), dtype)


def room() -> str:
    """The module whose line declares an operation."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"] in (__name__, "graphgen.ops.composite"):
        frame = frame.f_back
    assert frame is not None
    return str(frame.f_globals["__name__"])


def elementwise(
    name: str,
    spelling: str,
    derivative: str = "",
    *,
    doc: str,
    meaning: str = "",
    rule: str = "",
    text: str = "",
    low: float = -2.0,
    high: float = 2.0,
    dtype: str = "float",
    analytic: bool = True,
    **attributes: float,
) -> None:
    """Declare a function of one operand x by its derivative in x and the result y, or by its junction rule.

    Without either its derivative is zero wherever it exists.  The attributes are given with their defaults.
    """
    rule = rule or (f"dz * ({derivative})" if derivative else "")
    register(
        Elementwise(
            name,
            spelling,
            ["x"],
            [rule],
            doc=doc,
            meaning=meaning,
            junction=name,
            samples=[sample(text or f"{name}(x)", low, high, x=(3, 4))],
            attributes=attributes,
            dtype=dtype,
            analytic=analytic,
        ),
        room(),
    )


def elementwise_many(
    name: str,
    spelling: str,
    operands: str,
    *rules: str,
    doc: str,
    meaning: str = "",
    junction: str = "",
    text: str = "",
    low: float = -2.0,
    high: float = 2.0,
    dtype: str = "float",
    analytic: bool = True,
) -> None:
    """Declare a function of several operands by its junction rules; `text` is how a spec writes it."""
    names = operands.split()
    text = text or f"{name}({', '.join(names)})"
    shapes = [dict(zip(names, given)) for given in (((3, 4), (3, 4)), ((3, 1), (4,)), ((), (2, 3)))]
    register(
        Elementwise(
            name,
            spelling,
            names,
            rules or [""] * len(names),
            doc=doc,
            meaning=meaning,
            junction=junction or name,
            samples=[Sample(text, shape, low, high) for shape in shapes[: 3 if len(names) == 2 else 0]]
            or [sample(text, low, high)],
            attributes={},
            dtype=dtype,
            analytic=analytic,
        ),
        room(),
    )
