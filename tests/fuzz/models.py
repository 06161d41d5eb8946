"""Calls of other specs: as functions, as one step, or along a leading axis, with what such a call may say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from graphgen.ir.shape import Dim, Shape
from tests.fuzz.sizes import M
from tests.fuzz.values import LEAF, Value, fit, hull

if TYPE_CHECKING:
    from tests.fuzz.programs import Writer

MOST_USES = 3


@dataclass(frozen=True, eq=False)
class Use:
    """A spec under a name of its own, with sizes for its dims."""

    name: str
    file: str
    cell: Writer
    sizes: dict[str, Dim]
    stack: Dim | None = None
    shares: str = ""

    def __str__(self) -> str:
        said = [f"spec: ./{self.file}"]
        said += [f"dims: {{{', '.join(f'{name}: {size}' for name, size in self.sizes.items())}}}"] * bool(self.sizes)
        said += [f"stack: {self.stack}"] * (self.stack is not None)
        said += [f"parameters: {self.shares}"] * bool(self.shares)
        return f"{self.name}: {{{', '.join(said)}}}"

    def put(self, shape: Shape) -> Shape:
        """A shape of the used spec, in dims of the using one."""
        return tuple(dim.put(self.sizes) for dim in shape)

    @property
    def takes_lengths(self) -> bool:
        """Whether each example stands alone along m, the last axis of every output."""
        results, size = [self.put(output.shape) for output in self.cell.outputs], self.sizes.get(str(M))
        return (
            bool(self.cell.declared["states"])
            and list(self.sizes.values()).count(size) == 1
            and all(state.count(M) == 1 for state in self.cell.declared["states"].values())
            and all(result[-1:] == (size,) and result.count(size) == 1 for result in results)
        )


@dataclass(frozen=True, eq=False)
class Call:
    """What a use returned, and the name that it has: of a scan the record of its last step's states."""

    use: Use
    states: str


def used(at: Writer, shape: Shape) -> Value | None:
    """What a used spec returns, as it is if it has the shape, else weighed."""
    if not at.specs:
        return None
    results = called(at, use(at))
    alike = [result for result in results if result.shape == shape]
    result = at.draw(st.sampled_from(alike or results))
    return result if alike else at.weighed(result, shape)


def use(at: Writer) -> Use:
    """A use that is there, or a new one."""
    if len(at.uses) == MOST_USES or (at.uses and at.draw(st.booleans())):
        return at.draw(st.sampled_from(at.uses))
    name = ("one", "two", "three")[len(at.uses)]
    like = at.draw(st.sampled_from([None, *at.uses]))
    if like:
        new = Use(name, like.file, like.cell, like.sizes, like.stack, like.name if like.cell.has_parameters else "")
    else:
        file, cell = at.draw(st.sampled_from(list(at.specs.items())))
        sizes = {dim: at.dim() for dim in cell.dims}
        stack = at.dim() if cell.has_parameters and at.draw(st.integers(0, 3)) == 3 else None
        new = Use(name, file, cell, sizes, stack)
    at.uses.append(new)
    return new


def called(at: Writer, use: Use) -> list[Value]:
    """An equation that calls the use; what it returns."""
    inputs = use.cell.declared["inputs"]
    loops = use.stack is not None or (bool(inputs) and at.draw(st.booleans()))
    lead = (use.stack or at.dim(),) if loops else ()
    sliced = at.draw(st.sets(st.sampled_from(list(inputs)), min_size=use.stack is None)) if loops and inputs else ()
    given = given_inputs(at, use, lead, sliced) + given_states(at, use, loops)
    lengths = loops and use.takes_lengths and at.draw(st.booleans())
    if lengths:
        given.append(f"lengths=argmax({at.fresh((*lead, *use.put((M,)))).text}, axis=0)")
    if loops and at.draw(st.booleans()):
        given.append("reverse=True")
    name = f"r{len(at.equations)}"
    at.equations[name] = f"scan({', '.join([use.name, *given])})" if loops else f"{use.name}({', '.join(given)})"
    return returned(at, use, name, lead, lengths)


def given_inputs(at: Writer, use: Use, lead: Shape, sliced: Iterable[str]) -> list[str]:
    """Every input: of the steps that it has one for, or the same for all."""
    given = []
    for name, shape in use.cell.declared["inputs"].items():
        wanted = (*(lead if name in sliced else ()), *use.put(shape))
        text = at.integers(wanted) if name in use.cell.whole else argument(at, wanted)
        given.append(f"{name}={text}")
    return given


def given_states(at: Writer, use: Use, loops: bool) -> list[str]:
    """The states that a call begins with: out of a record, by name, or some of them zero."""
    before = [call for call in at.calls if call.use.cell is use.cell and call.use.sizes == use.sizes]
    if before and at.draw(st.booleans()):
        return [f"state={at.draw(st.sampled_from(before)).states}"]
    states = use.cell.declared["states"].items()
    return [f"{name}={argument(at, use.put(shape))}" for name, shape in states if not loops or at.draw(st.booleans())]


def argument(at: Writer, shape: Shape) -> str:
    """An array such as a trial draws, so that the used spec stays in its ranges and off its kinks."""
    return fit(at.apart(at.expression(shape)), LEAF).text


def returned(at: Writer, use: Use, name: str, lead: Shape, lengths: bool) -> list[Value]:
    """The results of a call, which may be read from here on."""
    states, outputs = use.cell.declared["states"], use.cell.outputs
    record = f"{name}.final" if lead else name
    alone = len(outputs) == 1 and not states
    results = []
    for output in outputs:
        bounds = hull(output.bounds, (0, 0)) if lengths else output.bounds
        results.append(Value(name if alone else f"{name}.{output.text}", (*lead, *use.put(output.shape)), bounds))
    results += [Value(f"{record}.{state}", use.put(shape)) for state, shape in states.items()]
    at.calls += [Call(use, record)] if states else []
    at.names += results
    return results
