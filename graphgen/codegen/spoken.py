"""What functions say of the cell: headings and docstrings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphgen.codegen.text import wrapped
from graphgen.ir.shape import Dim


@dataclass(frozen=True)
class Spoken:
    """The cell's equations, those of what it uses, what its dims count, and what its functions take and return."""

    equations: Sequence[str]
    used: Sequence[str]
    dims: dict[str, str]
    has_state: bool
    has_backward: bool

    def heading(self, number: int) -> str:
        """The heading of what an equation came to."""
        own = len(self.equations)
        return f"{number + 1}. {self.equations[number]}" if number < own else self.used[number - own]

    def forward_doc(self, length: Dim | None) -> tuple[str, ...]:
        """The docstring of a forward function, of so many steps or of one."""
        if length is None:
            headings = [self.heading(number) for number in range(len(self.equations))]
            results = self._told("the outputs", "the next state")
            return (f"One step: {results}.", "", *(line for text in headings for line in wrapped(text)))
        return (
            f"{length} steps: {self._told('the outputs of every step', 'the final state')}.",
            "",
            f"Every input has a leading axis of {length} steps, and so has every output.",
        )

    def _told(self, outputs: str, state: str) -> str:
        """What a forward function returns, in words."""
        parts = [outputs, *([state] if self.has_state else [])]
        parts += ["the residuals"] if self.has_backward else []
        return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))

    @staticmethod
    def backward_doc(length: Dim | None) -> tuple[str, ...]:
        """The docstring of a backward function, of so many steps or of one."""
        if length is None:
            return (
                "The gradients of one step, from the cotangents of its results.",
                "",
                "A cotangent that is None counts as zero.",
            )
        return (
            f"Backpropagation through {length} steps: the gradients of parameters, inputs and initial state.",
            "",
            f"The cotangents in d_outputs have a leading axis of {length} steps, and so have the gradients of",
            "the inputs; d_final is for the final state.  A cotangent that is None counts as zero.",
        )
