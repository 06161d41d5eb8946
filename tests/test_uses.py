"""What is wrong about a use is told at its place, and at the place in the other spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphgen.compiler import compile_file
from graphgen.errors import SpecError
from graphgen.spec import uses

MODEL = """\
cell: model
dims: {T: steps, n_x: features, n_a: units, n_y: classes, m: batch}
uses:
  one: lstm
  two: {spec: lstm, dims: {n_a: 2*n_a}}
  head: softmax_cross_entropy
  pile: {spec: ./layer.yaml, stack: 3}
inputs: {x: [T, n_x, m], z: [n_x, m], target: [n_y, m], ends: {shape: [m], dtype: int}}
states: {a: [n_a, m], c: [n_a, m]}
equations:
  - step = one(x=z, a=a_prev, c=c_prev)
  - a = step.a
  - c = step.c
  - two_steps = scan(two, x=x, lengths=ends)
  - r = head(h=two_steps.final.a, target=target)
  - loss = r.loss
  - top = scan(pile, h=c)
  - y = top.final.h
  - rest = sum(x) + sum(z) + sum(ends) + sum(target) + sum(a_prev) + sum(c_prev)
outputs: [loss, y, rest]
"""
LAYER = """\
cell: layer
dims: {n_h: units, m: batch}
parameters: {W: [n_h, n_h]}
states: {h: [n_h, m]}
equations:
  - h = tanh(W @ h_prev)
outputs: [h]
"""
# A piece of the model, what stands there instead with the fault between « and », the message, the cure, and what is
# said of the second place with a piece of the name of its file.
CASES = [
    ("one: lstm", "one: «lsm»", "there is no shipped spec 'lsm'", "did you mean 'lstm'?"),
    ("one: lstm", "one: «./none.yaml»", "none.yaml: No such file", ""),
    ("one: lstm", "one: «[lstm]»", "expected a spec", "as in {encoder: lstm}"),
    ("one: lstm", "one: «{dims: {n_a: n_a}}»", "'one' names no spec", "as in {encoder: lstm}"),
    ("one: lstm", "one: {spec: lstm, «dim»: {}}", "a use has no 'dim'", "did you mean 'dims'?"),
    ("one: lstm", "one: «lstm_averaged»", "only a model says what its cost is a mean over", "average_over"),
    ("one: lstm", "one: «model.yaml»", "a spec cannot use itself", "", "by way of", "model.yaml"),
    ("one: lstm", "one: «loop.yaml»", "a spec cannot use itself", "", "used here", "model.yaml"),
    ("one: lstm", "one: «bad.yaml»", "there is no dim 'n_q'", "", "used here", "model.yaml"),
    ("one: lstm", "«tanh»: lstm", "'tanh' is a function already", "choose another name"),
    ("one: lstm", "one: lstm\n  «n_x»: lstm", "the name 'n_x' is taken: see line 2", "choose another name"),
    ("one: lstm", "«spare»: lstm\n  one: lstm", "the use 'spare' is never called", "use it or take it out"),
    ("n_a: 2*n_a", "«n_q»: n_a", "lstm has no dim 'n_q'", "did you mean 'n_x'?"),
    ("n_a: 2*n_a", "n_a: 2*«n_q»", "there is no dim 'n_q'", ""),
    ("stack: 3", "stack: 3, parameters: «nine»", "no use before this one is called 'nine'", ""),
    ("stack: 3", "stack: 3, parameters: «one»", "are other specs, so their parameters differ", "", "the other", ""),
    ("one(x=z, a=a_prev, c=c_prev)", "one(«z», a=a_prev, c=c_prev)", "the inputs of a spec are given by name", "x=…"),
    ("one(x=z, a=a_prev, c=c_prev)", "«one(x=z, a=a_prev)»", "one step of one needs its state: c", "state=…"),
    ("one(x=z, a=a_prev, c=c_prev)", "«one(a=a_prev, c=c_prev)»", "one needs x", "as in one(x=…, state=…)"),
    ("one(x=z, a=a_prev, c=c_prev)", "one(«w=z», a=a_prev, c=c_prev)", "one has no input 'w'", "known here: a, c, x"),
    ("one(x=z, a=a_prev, c=c_prev)", "one(x=z, state=«z»)", "state takes what a cell returns", "encoded.final"),
    ("one(x=z, a=a_prev, c=c_prev)", "one(x=z, state=«scan(pile, h=z)»)", "pile returns no 'a'", ""),
    ("one(x=z, a=a_prev, c=c_prev)", "one(x=«x», a=a_prev, c=c_prev)", "'x' of one is declared [n_x, m]", "",
     "declared here", "lstm.yaml"),
    ("one(x=z, a=a_prev, c=c_prev)", "one(x=z, a=a_prev, c=«z»)", "'c' of one is declared [n_a, m], and this", ""),
    ("one(x=z, a=a_prev, c=c_prev)", "one(x=«1», a=a_prev, c=c_prev)", "'x' is an array, and this is a number", ""),
    ("one(x=z, a=a_prev, c=c_prev)", "«pile(h=a_prev)» + one", "pile is a stack of 3", "scan(pile, …)"),
    ("one(x=z, a=a_prev, c=c_prev)", "«one» + z", "'one' is a spec", "scan(one, …)"),
    ("a = step.a", "a = «step.b»", "one returns no 'b'", "known here: a, c"),
    ("a = step.a", "a = «step»", "this is all that one returns", "choose one: name.output"),
    ("a = step.a", "a = «step» + 1", "this is all that one returns", "choose one: .a, .c"),
    ("a = step.a", "a = «step.a.b»", "the only attribute is .T, not .b", ""),
    ("scan(two, x=x, lengths=ends)", "«scan(x, x=x)» + two", "scan runs one used spec", "of one, two, head, pile"),
    ("scan(two, x=x, lengths=ends)", "«scan(two, x=z, lengths=ends)»", "no input of two has an axis of steps", "[T,"),
    ("scan(two, x=x, lengths=ends)", "«scan(two, x=x[None], lengths=ends)»", "no input of two has an axis", "x: [T,"),
    ("scan(two, x=x, lengths=ends)", "scan(two, x=x, lengths=«z»)", "lengths are integers", "dtype: int"),
    ("scan(two, x=x, lengths=ends)", "scan(two, x=x, lengths=«arange(n_y)»)", "no dim is of the size n_y", ""),
    ("scan(two, x=x, lengths=ends)", "scan(two, x=x, reverse=«1»)", "reverse is True or False", ""),
    ("rest = ", "more = «scan(one, x=x, state=two_steps.final)»\n  - rest = sum(more.a) + ", "one.W_g would be", "",
     "called there", "model.yaml"),
    ("h=two_steps.final.a", "h=«two_steps.a»", "'h' of head is declared [n_h, m]", "", "declared here", "softmax"),
]  # fmt: skip


def write(folder: Path, old: str, new: str) -> Path:
    """The model with a piece changed, and beside it the specs it may use."""
    assert old in MODEL
    (folder / "layer.yaml").write_text(LAYER, "utf-8")
    (folder / "bad.yaml").write_text(LAYER.replace("[n_h, n_h]", "[n_h, n_q]"), "utf-8")
    (folder / "loop.yaml").write_text(LAYER.replace("parameters:", "uses: {back: model.yaml}\nparameters:"), "utf-8")
    path = folder / "model.yaml"
    path.write_text(MODEL.replace(old, new.replace("«", "").replace("»", "")), "utf-8")
    return path


def test_the_model_is_good(tmp_path: Path) -> None:
    assert "class TwoParameters(NamedTuple)" in compile_file(write(tmp_path, "cell", "cell")).source


@pytest.mark.parametrize(("old", "new", "message", "cure", "what", "file"), [(*case, "", "")[:6] for case in CASES])
def test_a_fault_is_told_at_both_places(
    tmp_path: Path, old: str, new: str, message: str, cure: str, what: str, file: str
) -> None:
    with pytest.raises(SpecError) as caught:
        compile_file(write(tmp_path, old, new))
    error = caught.value.faults[0]
    assert message in error.message
    assert cure in error.cure
    if what:
        assert any(what in told and file in place.file for told, place in error.beside), str(error)
    before = MODEL.replace(old, new).split("«")[0]
    here = [place for _, place in [("", error.position), *error.beside] if place.file == str(tmp_path / "model.yaml")]
    expected = (before.count("\n") + 1, len(before.split("\n")[-1]) + 1)
    assert expected in [(place.line, place.column) for place in here], str(error)
    for told, place in error.beside:
        assert f"{place.file}:{place.line}:{place.column}: {told}\n{place.pointer()}" in str(error)


def test_uses_are_not_nested_without_end(tmp_path: Path) -> None:
    for number in range(uses.DEEPEST + 2):
        deeper = f"uses: {{deeper: f{number + 1}.yaml}}\nstates:"
        (tmp_path / f"f{number}.yaml").write_text(LAYER.replace("states:", deeper), "utf-8")
    with pytest.raises(SpecError, match="deep at most"):
        compile_file(tmp_path / "f0.yaml")


def test_a_model_is_not_made_of_any_number_of_specs(tmp_path: Path) -> None:
    (tmp_path / "layer.yaml").write_text(LAYER, "utf-8")
    many = "".join(f"  use_{number}: layer.yaml\n" for number in range(uses.MOST + 1))
    (tmp_path / "model.yaml").write_text(LAYER.replace("states:", f"uses:\n{many}states:"), "utf-8")
    with pytest.raises(SpecError, match="specs at most"):
        compile_file(tmp_path / "model.yaml")
