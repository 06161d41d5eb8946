"""Composites: operations that stand for others, written out when the graph is built, so that they need no rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from graphgen.ir.node import Node, build
from graphgen.ir.op import Op, Sample, register, sample
from graphgen.ops import formula
from graphgen.ops.declare import room


class Composite(Op):
    """An operation written out as a function of nodes; the function's signature is the operation's."""

    junction = "by its parts"

    def __init__(self, body: Callable[..., Any], samples: Sequence[Sample], keeps_integers: bool) -> None:
        self.name, self.body, self.samples = body.__name__.rstrip("_"), body, tuple(samples)
        self.__doc__, self.keeps_integers = body.__doc__, keeps_integers

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.body)

    def normalise(self, inputs: Sequence[Node], attrs: dict[str, Any]) -> dict[str, Any]:
        return {**self.defaults, **attrs}

    def expand(self, *args: Any, **attrs: Any) -> Any:
        return self.body(*args, **attrs)


def composite(*samples: Sample, keeps_integers: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: declare the function as an operation of its name, with its docstring."""

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        register(Composite(body, samples, keeps_integers), body.__module__)
        return body

    return declare


class FormulaComposite(Op):
    """An elementwise operation of one operand, written out as a formula."""

    elementwise = True
    junction = "by its parts"

    def __init__(self, name: str, text: str, doc: str, attributes: dict[str, float]) -> None:
        self.name, self.text, self.__doc__, self._attributes = name, text, doc, attributes
        self.samples = (sample(f"{name}(x)", x=(3, 4)),)

    @cached_property
    def signature(self) -> inspect.Signature:
        operand = inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        keyword = inspect.Parameter.KEYWORD_ONLY
        attributes = [inspect.Parameter(name, keyword, default=value) for name, value in self._attributes.items()]
        return inspect.Signature([operand, *attributes])

    def expand(self, *args: Any, **attrs: Any) -> Any:
        (x,) = args
        return formula.evaluate(formula.parse(self.text), {"x": x, **attrs}, lambda f, a, kw: build(f, *a, **kw))


def elementwise_composite(name: str, text: str, *, doc: str, **attributes: float) -> None:
    """Declare a function of one operand x by a formula; the attributes are given with their defaults."""
    register(FormulaComposite(name, text, doc, attributes), room())
