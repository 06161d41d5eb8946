"""`python -m tests.digests SHIFT`: the digest of every shipped spec's module, and of one with functions, as JSON.

The order of the specs is turned by SHIFT, and so is the level that each is compiled at.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys

from graphgen import passes
from graphgen.compiler import compile_cell
from graphgen.resources import shipped_specs
from graphgen.spec.reader import read_text

WITH_FUNCTIONS = """\
cell: swish_rnn
doc: A plain cell with functions of its own, whose derivatives SymPy makes.
source: this test
dims: {n_x: input features, n_h: hidden units, m: batch}
parameters: {W: [n_h, n_x], U: [n_h, n_h], beta: [n_h, 1]}
inputs: {x: [n_x, m]}
states: {h: [n_h, m]}
functions:
  "swish(u, beta)": u * sigmoid(beta * u)
  "bend(u, v)": swish(u, v) * tanh(u * v) + exp(-u * u) / (2 + sin(v))
equations:
  - z = W @ x + U @ h_prev
  - h = tanh(bend(z, beta) + swish(z, beta))
outputs: [h]
"""


def digests(shift: int) -> dict[str, str]:
    """The digests by spec and level."""
    levels = list(passes.LEVELS)
    texts = {name: path.read_text("utf-8") for name, path in shipped_specs().items()} | {"swish_rnn": WITH_FUNCTIONS}
    work = [(name, levels[(number + shift) % len(levels)]) for number, name in enumerate(texts)]
    work = work[shift:] + work[:shift]
    return {
        f"{name} -O{level}": hashlib.sha256(compile_cell(read_text(texts[name]), level).source.encode()).hexdigest()
        for name, level in (work[::-1] if shift % 2 else work)
    }


if __name__ == "__main__":
    gc.disable()  # of a process that ends at once nothing need be collected
    print(json.dumps(digests(int(sys.argv[1]))))
