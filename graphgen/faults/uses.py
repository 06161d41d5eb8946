"""Faults of specs that use other specs: what is named under `uses`, and how it is called."""

from __future__ import annotations

from functools import partial

from graphgen.faults.kind import Kind

MODEL = """\
cell: model
dims: {T: steps, n_x: features, n_a: units, m: batch}
uses:
  one: lstm
  two: {spec: lstm, dims: {n_a: 2*n_a}}
  pile: {spec: lstm, stack: 3}
inputs: {x: [T, n_x, m], z: [n_x, m], ends: {shape: [m], dtype: int}}
states: {a: [n_a, m], c: [n_a, m]}
equations:
  - step = one(x=z, a=a_prev, c=c_prev)
  - a = step.a
  - c = step.c
  - steps = scan(two, x=x, lengths=ends)
  - top = scan(pile, x=z, state=step)
  - y = steps.final.a[:n_a] + top.final.a
outputs: [y]
"""
CALL, SCAN = "one(x=z, a=a_prev, c=c_prev)", "scan(two, x=x, lengths=ends)"
_kind = partial(Kind, base=MODEL)

USES = (
    _kind("use-form", "A use names a spec.", "as in {encoder: lstm} or {encoder: {spec: lstm, dims: {n_a: n_h}}}",
          "one: lstm", "one: {dims: {n_a: n_a}}"),
    _kind("unknown-spec", "A use names a shipped spec, or a file that ends in .yaml.",
          "`graphgen list cells` shows the shipped ones",
          "one: lstm", "one: lsm"),
    _kind("use-file", "The file that a use names can be read.", "mend the path, as seen from this file",
          "one: lstm", "one: ./none.yaml"),
    _kind("uses-itself", "No spec uses itself.", "take the use out",
          "one: lstm", "one: demo.yaml"),
    _kind("use-average", "Only the model itself has average_over.",
          "use a spec without it; the model's own holds for every parameter",
          "one: lstm", "one: lstm_averaged"),
    _kind("unknown-share", "Parameters are shared with a use further up.", "name a use before this one",
          "stack: 3", "stack: 3, parameters: nine"),
    _kind("share-differs", "Uses that share parameters are of one spec.", "take `parameters` out",
          "pile: {spec: lstm, stack: 3}", "pile: {spec: rnn, stack: 3, parameters: one}"),
    _kind("use-uncalled", "A used spec is called.", "as in one(x=x)",
          CALL, "one + z"),
    _kind("use-stack", "A stack of specs runs one after the other.", "as in scan(pile, x=x)",
          CALL, "pile(x=z, a=a_prev, c=c_prev)"),
    _kind("use-positional", "The inputs of a used spec are given by name.", "as in one(x=x)",
          CALL, "one(z, a=a_prev, c=c_prev)"),
    _kind("use-state", "A cell's step is given all its states.", "as in state=encoded.final, or each by its name",
          CALL, "one(x=z, a=a_prev)"),
    _kind("unknown-input", "A used spec is given its own inputs and states.", "mend the name",
          CALL, "one(w=z, a=a_prev, c=c_prev)"),
    _kind("missing-input", "A used spec is given all its inputs.", "give it by name, as in x=x",
          CALL, "one(a=a_prev, c=c_prev)"),
    _kind("use-shape", "What a used spec is given has the shape that it declares.", "mend the shape, here or there",
          CALL, "one(x=x, a=a_prev, c=c_prev)"),
    _kind("use-size", "Every dim of a used spec is told by what it is given.", "say it under `dims` of the use",
          "two: {spec: lstm, dims: {n_a: 2*n_a}}", "two: rnn"),
    _kind("shared-shape", "Calls that share parameters agree on their shapes.",
          "use the spec under another name: its parameters are then its own",
          "- y =", "- more = scan(one, x=x, state=steps.final)\n  - y = sum(more.a) +"),
    _kind("record", "One of the results of a used spec is chosen by its name.", "as in step.a",
          "a = step.a", "a = step + 1"),
    _kind("unknown-result", "A used spec returns its outputs and new states.", "mend the name",
          "a = step.a", "a = step.b"),
    _kind("scan-form", "scan runs one used spec.", "as in scan(one, x=x)",
          SCAN, "scan(x, x=x) + two"),
    _kind("scan-steps", "An input of scan has a leading axis of steps, all as many.", "give one an axis more",
          SCAN, "scan(two, x=z, lengths=ends)"),
    _kind("scan-lengths", "Lengths are integers, one for each example.", "as in {shape: [m], dtype: int}",
          SCAN, "scan(two, x=x, lengths=z)"),
)  # fmt: skip
