"""Is the check awake?  Every junction rule is broken on purpose, and `check` must notice."""

from __future__ import annotations

import pytest

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.autodiff import accumulate, sweep
from graphgen.check.module import check
from graphgen.compiler import compile_cell, compile_file
from graphgen.ir.node import make
from graphgen.ir.op import OPS, Op
from graphgen.resources import find_spec
from graphgen.spec.model import Cell
from tests.support import Case

HAVE_RULES = [op for op in OPS.values() if type(op).vjp is not Op.vjp and op.differentiable and op.samples]
CASES = [pytest.param(op, sample, id=sample.text) for op in HAVE_RULES for sample in op.samples]
BREAKAGES = {
    "wrong sign": lambda parts: [part and -part for part in parts],
    "missing factor": lambda parts: [part and 0.5 * part for part in parts],
    "dropped term": lambda parts: [None for _ in parts],
}


def passes(cell: Cell) -> bool:
    """Whether the module of a cell agrees with numbers."""
    done = compile_cell(cell)
    return check(done.source, done.cell, done.step.forward).ok


@pytest.mark.parametrize("breakage", BREAKAGES)
@pytest.mark.parametrize(("op", "sample"), CASES)
def test_a_broken_junction_rule_is_noticed(op: Op, sample, breakage, monkeypatch):
    cell = Case(sample, op).cell
    assert passes(cell)
    whole = type(op).vjp
    left = [BREAKAGES[breakage]]  # broken once: two wrong signs make a right one

    def vjp(self, *args, **attrs):
        parts = list(whole(self, *args, **attrs))
        return left.pop()(parts) if self is op and left else parts

    monkeypatch.setattr(type(op), "vjp", vjp)
    assert not passes(cell)


SAME = ("a + b", "einsum('ij->j', a)", "einsum('ii->i', a)", "where(p > 0, a, 1)")  # backwards the same
SEVERAL = [
    c for c in CASES if (c.values[0].variadic or len(c.values[0].operands) > 1) and c.values[1].text not in SAME
]
BROADCAST = (  # the cotangent is only broadcast, and the axis of no account
    "sum(x)", "logsumexp(x)", "norm(x)", "expand_dims(x, (0, -1))", "sum(x, axis=(0, 2))",
    "sum(x, axis=-1, keepdims=True)", "logsumexp(x, axis=0, keepdims=True)", "norm(x, axis=0, keepdims=True)",
)  # fmt: skip
ALONG = [c for c in CASES if "axis" in c.values[0].attributes and c.values[1].text not in BROADCAST]


@pytest.mark.parametrize(("op", "sample"), SEVERAL)
def test_operands_swapped_in_a_junction_rule_are_noticed(op: Op, sample, monkeypatch):
    whole = type(op).vjp

    def vjp(self, *args, **attrs):
        parts = list(whole(self, *args, **attrs))
        return parts[::-1] if self is op else parts

    monkeypatch.setattr(type(op), "vjp", vjp)
    assert is_noticed(Case(sample, op).cell)


@pytest.mark.parametrize(("op", "sample"), ALONG)
def test_another_axis_in_a_junction_rule_is_noticed(op: Op, sample, monkeypatch):
    whole = type(op).vjp

    def vjp(self, dz, y, *inputs, axis, **attrs):
        other = tuple(sorted({-1, -2, *axis} - {axis[0]}))[-1:] if self is op else axis
        return whole(self, dz, y, *inputs, axis=other, **attrs)

    monkeypatch.setattr(type(op), "vjp", vjp)
    assert is_noticed(Case(sample, op).cell)


def is_noticed(cell: Cell) -> bool:
    """Whether the module is wrong, or is not even made."""
    try:
        return not passes(cell)
    except Exception:  # from the compiler, or from the module when it runs
        return True


@pytest.mark.parametrize("spec", ["rnn", "lstm", "gru_reset_after", "softmax_cross_entropy"])
def test_a_missing_sum_over_the_batch_is_noticed(spec, monkeypatch):
    """A bias is broadcast over the batch; taking one column instead of the sum has the right shape."""

    def first_of_each(dz, shape):
        for axis, (wide, narrow) in enumerate(zip(dz.shape[::-1], shape[::-1])):
            if wide != narrow:
                dz = make.slice(dz, axis=-1 - axis, start=wide - wide, stop=narrow)
        return dz

    monkeypatch.setattr(sweep, "unbroadcast", first_of_each)
    done = compile_file(find_spec(spec), 1)
    assert not check(done.source, done.cell, done.step.forward).ok


@pytest.mark.parametrize("spec", ["rnn", "lstm", "gru_junction_rules"])
def test_a_split_that_forgets_a_part_is_noticed(spec, monkeypatch):
    monkeypatch.setattr(accumulate, "reduce", lambda add, parts, *first: next(iter([*first, *parts])))
    done = compile_file(find_spec(spec))
    assert not check(done.source, done.cell, done.step.forward).ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dc = dc + dc_a", "dc = dc_a"),
        ("dW_g += ", "dW_g = "),
        ("da, dc = da_prev, dc_prev", "da, dc = da_prev, dc"),
        ("for t in reversed(range(T))", "for t in range(T)"),
        ("dx_steps[t] = dx", "dx_steps[T - 1 - t] = dx"),
        ("[dgate_1, dgate_2, dgate_3]", "[dgate_2, dgate_1, dgate_3]"),
        ("gate * (1 - gate)", "gate * (1 + gate)"),
        ("xc.T", "xc.T * 1.000001"),
    ],
)
def test_a_slip_in_the_emitted_text_is_noticed(old, new):
    done = compile_file(find_spec("lstm"), 1)
    assert old in done.source
    report = check(done.source.replace(old, new), done.cell, done.step.forward)
    assert not report.ok
    worst = next(row for row in report.rows if not row.ok)
    assert worst.written != worst.numeric


def test_every_rule_is_broken():
    """An operation with a junction rule and no sample is reached from another one's rule; there are few."""
    rules = {name for name, op in OPS.items() if type(op).vjp is not Op.vjp and op.differentiable}
    inner = {"pad_axis", "dilate", "add_at", "add_windows", "windows", "apply"}
    assert rules - {op.name for op in HAVE_RULES} == inner
