"""How specs differ as equations."""

from __future__ import annotations

import pytest

from graphgen.diff import compare
from graphgen.resources import find_spec, shipped_specs
from graphgen.spec.reader import read, read_text

RNN = """
cell: one
dims: {n: in, k: hidden, m: batch}
parameters: {W: [k, n], U: [k, k], b: [k, 1]}
inputs: {x: [n, m]}
states: {h: [k, m]}
equations:
  - q = W @ x + U @ h_prev
  - h = tanh(q + b)
outputs: [h]
"""


def difference(old: str, new: str) -> tuple[str, ...]:
    assert old in RNN
    return compare(read_text(RNN), read_text(RNN.replace(old, new))).lines


@pytest.mark.parametrize("name", ["rnn", "lstm", "nas_cell"])
def test_a_spec_is_the_same_as_itself(name):
    assert name in shipped_specs()
    assert compare(read(find_spec(name)), read(find_spec(name))).same


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("W @ x + U @ h_prev", "U @ h_prev + W @ x"),
        ("tanh(q + b)", "tanh(b + q)"),
        ("W @ x + U @ h_prev", "(U @ h_prev) + (W @ x)"),
    ],
)
def test_order_and_brackets_do_not_matter(old, new):
    assert all(line.startswith("  ") for line in difference(old, new))


def test_names_do_not_matter():
    other = RNN.replace("q =", "z =").replace("(q + b)", "(z + bias)").replace("U", "V").replace("b:", "bias:")
    found = compare(read_text(RNN), read_text(other))
    assert found.same
    assert found.lines == (
        "  q = W @ x + U @ h_prev    (there V for U, z for q)",
        "  h = tanh(q + b)    (there bias for b, z for q)",
    )


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("W @ x + U", "W @ x - U", {"- q = W @ x + U @ h_prev", "+ q = W @ x - U @ h_prev"}),
        ("tanh(q", "sigmoid(q", {"- h = tanh(q + b)", "+ h = sigmoid(q + b)"}),
        ("U @ h_prev", "U.T @ h_prev", {"- q = W @ x + U @ h_prev", "+ q = W @ x + U.T @ h_prev"}),
        ("outputs: [h]", "outputs: [h]\naverage_over: m", {"+ average over m"}),
        ("outputs: [h]", "outputs: [h]\nbackward: false", {"+ no backward pass"}),
        ("b: [k, 1]}", "b: [k, 1]}\nconstants: {c: 2}", {"+ constant c = 2.0"}),
    ],
)
def test_what_differs_is_shown(old, new, lines):
    assert {line for line in difference(old, new) if not line.startswith("  ")} == lines


def test_a_parameter_does_not_pass_for_a_state():
    """`W @ x` and `h_prev @ x` look alike, and are not."""
    other = RNN.replace("- q = W @ x + U @ h_prev", "- q = U @ h_prev + h_prev")
    lines = compare(read_text(RNN), read_text(other)).lines
    assert "- q = W @ x + U @ h_prev" in lines


def test_the_three_grus():
    after, before = read(find_spec("gru_reset_after")), read(find_spec("gru_reset_before"))
    assert compare(after, before).lines == (
        "  r = sigmoid(W_r @ x + U_r @ h_prev + b_r)",
        "  z = sigmoid(W_z @ x + U_z @ h_prev + b_z)",
        "- n = tanh(W_n @ x + b_n + r * (U_n @ h_prev + b_hn))",
        "+ n = tanh(W_n @ x + U_n @ (r * h_prev) + b_n)",
        "  h = (1 - z) * n + z * h_prev",
        "- parameter b_hn [n_h, 1]",
    )


def test_uses_are_the_same_under_other_names_and_differ_as_what_they_use():
    path = find_spec("bidirectional_gru")
    text = path.read_text("utf-8")
    renamed = text.replace("forwards", "ahead").replace("backwards", "behind")
    assert compare(read_text(text), read_text(renamed)).same
    other = compare(read_text(text), read_text(text.replace("backwards: gru_reset_after", "backwards: mgu")))
    assert not other.same
    assert {"- use backwards: gru_reset_after", "+ use backwards: mgu"} <= set(other.lines)


def test_what_is_chosen_of_a_record_tells_equations_apart():
    text = find_spec("stacked_lstm").read_text("utf-8")
    lines = compare(read_text(text), read_text(text.replace("c2 = second.final.c", "c2 = second.final.a"))).lines
    assert "- c2 = second.final.c" in lines
    assert "+ c2 = second.final.a" in lines
