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
