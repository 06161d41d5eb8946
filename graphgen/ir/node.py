"""Nodes, immutable and shared: what is computed from what."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, cast
from weakref import ref

from graphgen.errors import ShapeError
from graphgen.faults import limits
from graphgen.ir.op import OPS, Op, Type, number_text, register
from graphgen.ir.shape import Dim, DimLike, Shape, shape_of


class Node:
    """One operation on its operands.  Equal expressions are one node: compare with `is`, never change one."""

    __slots__ = ("__weakref__", "attrs", "dtype", "inputs", "key", "op", "results", "shape", "weak", "well_formed")

    op: Op
    inputs: tuple[Node, ...]
    attrs: Mapping[str, Any]
    key: tuple[Any, ...]  # the attributes as they are compared
    results: tuple[Type, ...]  # several only for `scan`
    shape: Shape  # of the first result
    dtype: str  # of the first result: "float", "int" or "bool"
    weak: bool  # made of numbers and dims alone: a Python scalar, which adapts to the dtype of any array
    well_formed: bool  # as `verify` has found

    def __add__(self, other: Operand) -> Node:
        return build("add", self, other)

    def __radd__(self, other: Operand) -> Node:
        return build("add", other, self)

    def __sub__(self, other: Operand) -> Node:
        return build("subtract", self, other)

    def __rsub__(self, other: Operand) -> Node:
        return build("subtract", other, self)

    def __mul__(self, other: Operand) -> Node:
        return build("multiply", self, other)

    def __rmul__(self, other: Operand) -> Node:
        return build("multiply", other, self)

    def __truediv__(self, other: Operand) -> Node:
        return build("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Node:
        return build("divide", other, self)

    def __pow__(self, other: Operand) -> Node:
        return build("power", self, other)

    def __rpow__(self, other: Operand) -> Node:
        return build("power", other, self)

    def __matmul__(self, other: Node) -> Node:
        return build("matmul", self, other)

    def __neg__(self) -> Node:
        return build("negative", self)

    def __gt__(self, other: Operand) -> Node:
        return build("greater", self, other)

    def __ge__(self, other: Operand) -> Node:
        return build("greater_equal", self, other)

    def __lt__(self, other: Operand) -> Node:
        return build("less", self, other)

    def __le__(self, other: Operand) -> Node:
        return build("less_equal", self, other)

    def __repr__(self) -> str:
        parts = [*(f"{k}={v}" for k, v in self.attrs.items()), *(["…"] if self.inputs else [])]
        return f"<{self.op.name}({', '.join(parts)})>"


Operand = Node | float
_NODES: dict[Any, ref[Node]] = {}


def build(op: str | Op, *operands: Operand | Dim, **attrs: Any) -> Node:
    """The node of an operation; numbers and dims among the operands become leaves.

    Raises ShapeError if the operation cannot take the operands.
    """
    op = OPS[op] if isinstance(op, str) else op
    inputs = tuple([operand if isinstance(operand, Node) else leaf(operand) for operand in operands])
    if not op.keeps_integers:
        inputs = tuple([i if i.dtype == "float" else build("as_float", i) for i in inputs])
    attrs = op.normalise(inputs, attrs)
    expanded = op.expand(*inputs, **attrs)
    if expanded is not None:
        return cast(Node, expanded)  # of `split` a tuple, which only the elaborator meets
    key = tuple([(k, repr(v) if isinstance(v, float) else v) for k, v in sorted(attrs.items())])
    return _shared(op, inputs, attrs, key)


def again(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node on other operands of the same types."""
    return node if inputs == node.inputs else _shared(node.op, inputs, node.attrs, node.key)


def _shared(op: Op, inputs: tuple[Node, ...], attrs: Mapping[str, Any], key: tuple[Any, ...]) -> Node:
    """The one node of an operation whose attributes are as the IR keeps them."""
    whole = op, inputs, key
    found = _NODES.get(whole)
    node = found() if found else None
    if node is None:
        node = _new(op, inputs, attrs)
        node.key = key
        _NODES[whole] = ref(node, partial(_NODES.pop, whole))  # so the table forgets it as soon as nobody has it
    return node


def _new(op: Op, inputs: tuple[Node, ...], attrs: Mapping[str, Any]) -> Node:
    inferred = op.infer(*inputs, **attrs)
    node = Node()
    node.op, node.inputs, node.attrs = op, inputs, attrs
    node.results = (inferred,) if isinstance(inferred, Type) else inferred
    node.shape, node.dtype = node.results[0] if node.results else Type(())
    if len(node.shape) > limits.AXES:
        raise ShapeError("number-of-axes", f"an array has at most {limits.AXES} axes")
    node.well_formed = False
    node.weak = op.name in ("const", "size") or (op.elementwise and bool(inputs) and all(i.weak for i in inputs))
    return node


def leaf(value: Operand | Dim) -> Node:
    """A node as it is; a number or a dim as a constant."""
    if isinstance(value, Node):
        return value
    return build("size", dim=value) if isinstance(value, Dim) else build("const", value=float(value))


def variable(name: str, shape: Iterable[DimLike], dtype: str = "float") -> Node:
    """A leaf that gets its array when the graph runs."""
    return build("input", name=name, shape=shape_of(shape), dtype=dtype)


def fresh(name: str, taken: Container[str]) -> str:
    """The name, or with a number behind it where it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


class _Input(Op):
    """An array handed in."""

    name, spelling, public, differentiable = "input", "{name}", False, False

    def infer(self, *, name: str, shape: Shape, dtype: str) -> Type:
        return Type(shape, dtype)


class _Const(Op):
    """A number."""

    name, spelling, public, differentiable = "const", "{value}", False, False

    def infer(self, *, value: float) -> Type:
        return Type(())

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return number_text(node.attrs["value"])


class _Size(Op):
    """A dim as a number."""

    name, spelling, public, differentiable = "size", "{dim}", False, False

    def infer(self, *, dim: Dim) -> Type:
        return Type(())


for _leaf in (_Input(), _Const(), _Size()):
    register(_leaf, __name__)


class _Make:
    """`make.sum(x, axis=0)` builds the node of the operation `sum`."""

    def __getattr__(self, name: str) -> Callable[..., Node]:
        return partial(build, OPS[name])


make = _Make()
