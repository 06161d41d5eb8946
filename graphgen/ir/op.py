"""What an operation is: one declaration with its shape rule, junction rule, spelling and samples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from graphgen.ir.shape import Dim, Shape, axes_from_end

if TYPE_CHECKING:
    from graphgen.ir.graph import Graph
    from graphgen.ir.node import Node


class Type(NamedTuple):
    """What is known of an array before it exists: its shape and whether it holds "float", "int" or "bool"."""

    shape: Shape
    dtype: str = "float"


@dataclass(frozen=True)
class Sample:
    """One use of an operation, as a user would write it, with the shapes of the arrays it names.

    The tests draw the arrays uniformly from `low` to `high`, those in `integers` from 0 up to but not including
    their bound.  The reference shows the first sample as the example.
    """

    text: str
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    integers: Mapping[str, int] = field(default_factory=dict)


def sample(
    text: str,
    low: float = -2.0,
    high: float = 2.0,
    integers: Mapping[str, int] | None = None,
    **shapes: tuple[int, ...],
) -> Sample:
    """A sample; the keywords give the shape of each array that the text names."""
    return Sample(text, shapes, low, high, integers or {})


class Op:
    """An operation.  Subclasses are declared in `graphgen.ops`, one class or one line each."""

    name: str
    spelling: str  # NumPy, with the operands and attributes in braces
    junction: str = ""  # the junction rule's name, as the comments of generated code show it
    samples: tuple[Sample, ...] = ()
    elementwise: bool = False  # works on each element alone, operands broadcast
    view: bool = False  # NumPy returns a view: free to compute again
    analytic: bool = True  # the complex step may pass through it
    differentiable: bool = True  # False: no cotangent passes
    keeps_integers: bool = False  # takes integers and booleans as they are; other operations get floats
    public: bool = True  # may be called in a spec
    room: str  # the module that declares it
    leading: tuple[str, ...] = ()  # attributes that a call gives before the operands, as NumPy does

    def infer(self, *inputs: Any, **attrs: Any) -> Type | tuple[Type, ...]:
        """The result's type, or a ShapeError; its signature is the operation's signature in a spec."""
        raise NotImplementedError

    def vjp(self, *args: Any, **attrs: Any) -> Sequence[Node | None]:
        """The junction rule, `vjp(dz, y, *operands, **attributes)`: each operand's cotangent, or None.

        dz is the result's cotangent, y the result.  A cotangent may keep the result's broadcast shape: the sweep
        sums it down to the operand's.
        """
        raise NotImplementedError

    def expand(self, *args: Any, **attrs: Any) -> Any:
        """For a composite, the nodes it stands for; an operation proper returns None."""
        return None

    def lift(self, *inputs: Node, lifted: Sequence[bool], **attrs: Any) -> Node | None:
        """The operation for every step at once: some operands, as `lifted` says, have a leading axis more.

        None stands for the usual way, by broadcasting and by axes that count from the end.
        """
        return None

    def inner(self, **attrs: Any) -> Graph | None:
        """For a function that a spec defines, its body over its arguments."""
        return None

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        """The NumPy expression of a node whose operands are spelled as given."""
        if self.variadic:
            return self.spelling.format(operands=", ".join(operands), **node.attrs)
        return self.spelling.format(**dict(zip(self.operands, operands)), **node.attrs)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        """The attributes as the IR keeps them: every default filled in, axes counted from the end."""
        attrs = {**self.defaults, **attrs}
        if "axis" in attrs:
            attrs["axis"] = axes_from_end(attrs["axis"], len(inputs[0].shape))
        return attrs

    @cached_property
    def signature(self) -> inspect.Signature:
        """Operands are the positional parameters of `infer`, attributes its keyword-only ones."""
        return inspect.signature(self.infer)

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the operands."""
        return tuple(p.name for p in self.signature.parameters.values() if p.kind != p.KEYWORD_ONLY)

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The operands that may be left out."""
        return tuple(o for o in self.operands if self.signature.parameters[o].default is None)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes, in the order in which a call may give them after the operands."""
        return tuple(p.name for p in self.signature.parameters.values() if p.kind == p.KEYWORD_ONLY)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The attributes that may be left out."""
        parameters = self.signature.parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty and p.kind == p.KEYWORD_ONLY}

    @cached_property
    def variadic(self) -> bool:
        """Whether it takes any number of operands."""
        return any(p.kind == p.VAR_POSITIONAL for p in self.signature.parameters.values())


OPS: dict[str, Op] = {}


def register(op: Op, room: str) -> None:
    """Enter an operation into the registry under its name; `room` is the module that declares it."""
    if op.name in OPS:
        raise ValueError(f"the operation {op.name} is declared twice")
    op.room = room
    OPS[op.name] = op


def declare(cls: type[Op]) -> type[Op]:
    """Class decorator: enter the one instance of the class into the registry."""
    register(cls(), cls.__module__)
    return cls


def axis_text(axes: Sequence[int], rank: int) -> str:
    """Axes of an array of a given rank as an argument in NumPy, counted from the start: `0`, or `(0, 1)`."""
    places = [str(axis + rank) for axis in axes]
    return places[0] if len(places) == 1 else f"({', '.join(places)})"


def index_text(index: str, axes: Sequence[int], rank: int) -> str:
    """An index for some axes of an array of a given rank, and everything along the others: `:, None`."""
    places = [index if axis in axes else ":" for axis in range(-rank, max(axes, default=-rank) + 1)]
    return ", ".join(places) if axes else "..."


def number_text(value: float) -> str:
    """A number: without a point if it is whole."""
    if abs(value) == float("inf"):
        return "np.inf" if value > 0 else "-np.inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def shape_text(shape: Sequence[Dim]) -> str:
    """A shape as an argument in NumPy: `(3*n_a, m)`, `(n,)`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
