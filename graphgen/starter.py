"""The spec that `graphgen new` writes."""

from __future__ import annotations

from pathlib import Path

from graphgen.errors import GraphgenError
from graphgen.files import write_whole
from graphgen.spec.names import object_to

STARTER = """\
# A cell spec: forward equations, from which graphgen makes a NumPy module with the backward pass.
#   graphgen check {name}.yaml     compares its gradients with numeric differences
#   graphgen build {name}.yaml     writes generated/{name}.py
cell: {name}
doc: What the cell is for, in a sentence or two.
source: Where its equations are from.

# Every size has a name; the text says what it counts.
dims: {{n_x: input features, n_h: hidden units, m: batch}}

# What is learned, and its shape. Sizes may be sums and multiples: 3*n_h, n_h + n_x.
# init is one of zeros, ones, glorot, orthogonal, normal, {{normal: 0.1}}, {{constant: 1.0}};
# left out, matrices are glorot and vectors zeros.
parameters:
  W: [n_h, n_x]
  U: {{shape: [n_h, n_h], init: orthogonal}}
  b: [n_h, 1]

# What a step reads. Columns are examples here, but any layout will do.
inputs: {{x: [n_x, m]}}

# What is handed from step to step: h_prev is the value before the step, h the one it assigns.
# A spec without states is a plain function, such as a loss.
states: {{h: [n_h, m]}}

# Equations in NumPy's notation, in order. `graphgen list ops` shows the functions.
equations:
  - h = tanh(W @ x + U @ h_prev + b)

# What every step returns.
outputs: [h]
"""


def write_starter(name: str) -> Path:
    """Write NAME.yaml in the working folder, unless it is there."""
    objection = object_to(name)
    if objection:
        raise GraphgenError(f"{objection[1]}: {objection[2]}")
    path = Path(f"{name}.yaml")
    if path.exists():
        raise GraphgenError(f"{path} is there already")
    write_whole(path, STARTER.format(name=name))
    return path
