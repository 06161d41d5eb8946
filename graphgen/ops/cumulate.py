"""Running sums and products along an axis, and the product of everything along one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphgen.ir.graph import Graph
from graphgen.ir.node import Node, make, variable
from graphgen.ir.op import Op, Type, axis_text, declare, sample
from graphgen.ir.shape import ONE, Axes, Dim, OneAxis, axes_from_end, one_axis
from graphgen.ops.composite import composite
from graphgen.ops.structure import resized


class Running(Op):
    """What cumsum and cumprod share."""

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {"axis": one_axis(attrs["axis"], len(inputs[0].shape))}

    def infer(self, x: Node, *, axis: OneAxis) -> Type:
        return Type(x.shape)

    def spell(self, node: Node, operands: Sequence[str]) -> str:
        return f"np.{self.name}({operands[0]}, axis={axis_text(node.attrs['axis'], len(node.shape))})"


@declare
class CumSum(Running):
    """Running sums along an axis.  Junction rule: running sums of dz from the other end."""

    name = junction = "cumsum"
    samples = (sample("cumsum(x, axis=1)", x=(3, 4)), sample("cumsum(x, axis=0)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        return (make.flip(make.cumsum(make.flip(dz, axis=axis), axis=axis), axis=axis),)


@declare
class CumProd(Running):
    """Running products along an axis.

    Junction rule: from the last place to the first, s = dz + s' x', where s' and x' are those of the next place,
    and dx = s times the product of all that come before: no division, so zeros do no harm.
    """

    name = junction = "cumprod"
    samples = (sample("cumprod(x, axis=1)", x=(3, 4)), sample("cumprod(x, axis=0)", x=(3, 4)))

    def vjp(self, dz: Node, y: Node, *inputs: Node, axis: Axes) -> Sequence[Node | None]:
        (x,) = inputs
        rest, length = resized(x.shape, axis[0], ONE), x.shape[axis[0]]
        one = make.ones(shape=rest)
        following = make.concat(make.slice(x, axis=axis, start=Dim.of(1), stop=length), one, axis=axis)
        before = make.concat(one, make.slice(y, axis=axis, start=Dim.of(0), stop=length - 1), axis=axis)
        front = make.swapaxes(dz, axis1=0, axis2=axis[0]), make.swapaxes(following, axis1=0, axis2=axis[0])
        return (before * make.swapaxes(_recurrence(*front), axis1=0, axis2=axis[0]),)


def _recurrence(dz: Node, factor: Node) -> Node:
    """s[t] = dz[t] + s[t + 1] factor[t] along the first axis, as a scan from the end."""
    shape = dz.shape[1:]
    s, dz_t, factor_t = variable("cumprod.s", shape), variable("cumprod.dz", shape), variable("cumprod.factor", shape)
    following = dz_t + s * factor_t
    body = Graph({leaf.attrs["name"]: leaf for leaf in (s, dz_t, factor_t)}, {"s": following, "every": following})
    scan = make.scan(
        make.zeros(shape=shape), dz, factor, body=body, carries=1, sequences=2, length=dz.shape[0], reverse=True
    )
    return make.item(scan, at=1)


@composite(
    sample("prod(x)", x=(2, 3)),
    sample("prod(x, axis=1)", x=(3, 4)),
    sample("prod(x, axis=0, keepdims=True)", x=(3, 4)),
)
def prod(x: Node, *, axis: Any = None, keepdims: bool = False) -> Node:
    """The product along axes, as the last of the running products; zeros do no harm to its gradient."""
    axes = axes_from_end(axis, len(x.shape))
    for along in axes:
        last = x.shape[along] - 1
        x = make.slice(make.cumprod(x, axis=along), axis=along, start=last, stop=last + 1)
    return x if keepdims else make.squeeze(x, axis=axes) if axes else x
