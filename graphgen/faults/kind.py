"""One kind of fault, and the spec that the examples of all kinds break."""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLE = """\
cell: demo
doc: A cell to break.
source: nowhere
dims: {n: units, k: features, m: batch}
parameters:
  W: [n, k]
  b: {shape: [n, 1], init: zeros}
inputs: {x: [k, m]}
states: {h: [n, m]}
constants: {half: 0.5}
functions:
  "bend(u, v)": u * sigmoid(v * u)
equations:
  - z = W @ x + b
  - y = tanh(z)
  - h = h_prev + bend(y, half) + z
outputs: [h]
average_over: m
"""


@dataclass(frozen=True)
class Kind:
    """A kind of fault: a code that stays, what is expected, a cure for want of a better one, and an example.

    The example is `base` with `old` replaced by `new`; what is not UTF-8 is written as Python escapes it
    (`\\udce9` for the byte e9).
    """

    code: str
    expected: str
    cure: str
    old: str
    new: str
    base: str = EXAMPLE

    @property
    def example(self) -> bytes:
        """The spec that has this fault."""
        return self.base.replace(self.old, self.new, 1).encode("utf-8", "surrogateescape")
