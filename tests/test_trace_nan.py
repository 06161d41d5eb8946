"""A NaN is traced to the function, the step, the operation and the element that made it, and to the equation."""

from __future__ import annotations

import re
import traceback
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from graphgen.check.module import Trial, load
from graphgen.check.nan import trace_nan
from graphgen.cli import main
from graphgen.compiler import Compilation, compile_cell, compile_file
from graphgen.passes import LEVELS
from graphgen.resources import find_spec, shipped_specs
from graphgen.spec.reader import read_text
from tests import shipped

FALLING = """\
cell: falling
dims: {n: n}
inputs: {x: [n]}
states: {h: [n]}
equations:
  - h = h_prev - x
  - root = sqrt(h)
  - y = root * sigmoid(x)
outputs: [y]
"""
NORM = """\
cell: norm_of
dims: {n: n}
inputs: {x: [n]}
equations:
  - size = sqrt(sum(x * x))
  - y = size * 2
outputs: [y]
"""
FALL = """\
cell: fall
dims: {n: units, m: batch}
parameters: {W: [n, n], U: [n, n]}
inputs: {x: [n, m]}
states: {h: [n, m]}
equations:
  - z = W @ x + U @ h_prev
  - r = log(z * z - 0.5)
  - h = tanh(r + z)
outputs: [h]
"""
MODEL = """\
cell: model
dims: {n: units, m: batch, T: steps}
uses: {fall: fall.yaml}
inputs: {x: [T, n, m]}
equations:
  - s = scan(fall, x=x)
  - y = s.h
outputs: [y]
"""
AVERAGE = """\
cell: average
dims: {n: n}
inputs: {x: [n], w: [n]}
equations:
  - y = sum(x * w) / sum(w)
outputs: [y]
"""
every_level = pytest.mark.parametrize("level", LEVELS)


def compiled(text: str, level: int) -> Compilation:
    return compile_cell(read_text(text), level)


def traced(module: ModuleType, *arguments: Any) -> tuple[str, list[str]]:
    """The message of the FloatingPointError, and the functions on the way to the operation."""
    with pytest.raises(FloatingPointError) as caught:
        module.trace_nan(*arguments)
    return str(caught.value), [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def falling(module: ModuleType, steps: int) -> tuple[Any, Any, Any]:
    """A state that falls by 1 a step; the second unit, from 3.5, is below 0 from step 3 on."""
    return module.Parameters(), module.Inputs(np.ones((steps, 3))), module.State(np.array([99.0, 3.5, 3.5]))


@every_level
def test_the_first_nan_of_a_sequence_has_its_step_and_its_element(level: int) -> None:
    module = load(compiled(FALLING, level).source, "falling")
    module.trace_nan(*falling(module, 3))
    message, functions = traced(module, *falling(module, 9))
    assert message == "falling.forward at step 3: sqrt(-0.5) is NaN in element [1]"
    assert functions[:4] == ["traced", "trace_nan", "_traced", "forward"]


@every_level
def test_the_equation_is_told_with_its_place(level: int) -> None:
    done = compiled(FALLING, level)
    arrays = {"inputs.x": np.ones((9, 3)), "state.h": np.array([99.0, 3.5, 3.5])}
    first, line, carets, statement = trace_nan(done.source, done.cell, arrays).splitlines()
    assert first.endswith(":7:5: falling.forward at step 3: sqrt(-0.5) is NaN in element [1]")
    assert line == "    7 |   - root = sqrt(h)"
    assert carets.endswith(" |     ^^^^")
    assert statement == "  in root = np.sqrt(h)"


@every_level
def test_in_a_model_the_equation_of_the_used_spec_is_told(level: int) -> None:
    one = trial("bidirectional_lstm", level)
    arrays = {**one.arrays, "parameters.backwards.W_c": np.full_like(one.arrays["parameters.backwards.W_c"], np.inf)}
    source = shipped.compiled("bidirectional_lstm", level).source
    if level > 1:  # the product with x of every step has left the loop
        first, statement = trace_nan(source, one.cell, arrays).splitlines()
        assert first == "bidirectional_lstm.forward: matmul is NaN in element [0, 12]"
        assert statement.startswith("  in np.matmul(")
        return
    first, line, *_, statement = trace_nan(source, one.cell, arrays).splitlines()
    assert first.startswith(f"{find_spec('lstm')}:")
    assert first.endswith(": bidirectional_lstm.forward: matmul is NaN in element [0, 0]")
    assert line.endswith(" |   - c_hat = tanh(W_c @ xc + b_c)")
    assert statement.startswith("  in backwards_c_hat = ")


@every_level
def test_a_nan_within_the_loop_of_a_model_is_traced_to_its_own_operation(level: int, tmp_path: Path) -> None:
    """What made it may be written over at once: -O2 writes the logarithm where its argument stood."""
    (tmp_path / "fall.yaml").write_text(FALL, "utf-8")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    done = compile_file(tmp_path / "model.yaml", level)
    arrays = {"parameters.fall.W": np.eye(2), "parameters.fall.U": np.eye(2), "inputs.x": np.full((3, 2, 1), 2.0)}
    assert not trace_nan(done.source, done.cell, arrays)
    arrays["inputs.x"][1, 1, 0] = -0.5
    first, line, *_ = trace_nan(done.source, done.cell, arrays).splitlines()
    assert first.startswith(f"{tmp_path / 'fall.yaml'}:8:5: model.forward: log(-")
    assert line == "    8 |   - r = log(z * z - 0.5)"


@every_level
def test_a_nan_of_the_gradients_alone_is_traced_where_cotangents_are_given(level: int) -> None:
    done = compiled(NORM, level)
    module = load(done.source, "norm_of")
    given = module.Parameters(), module.Inputs(np.zeros(3))
    module.trace_nan(*given)
    message, functions = traced(module, *given, module.Outputs(1.0))
    assert message.startswith("norm_of.backward: multiply(")
    assert message.endswith(") is NaN in element [0]")
    assert functions[-3] == "backward"
    arrays = {"inputs.x": np.zeros(3), "d_outputs.y": np.array(1.0)}
    assert ":5:5: norm_of.backward: " in trace_nan(done.source, done.cell, arrays)


@every_level
def test_a_nan_going_back_has_its_step(level: int) -> None:
    text = FALLING.replace("h_prev - x", "h_prev * x").replace("sqrt(h)", "sqrt(h * h)")
    module = load(compiled(text, level).source, "falling")
    x = np.ones((6, 3))
    x[4, 2] = 0.0  # from here on the state is 0, where sqrt(h * h) has no derivative
    given = module.Parameters(), module.Inputs(x), module.State(np.ones(3))
    module.trace_nan(*given)
    message, _ = traced(module, *given, module.Outputs(np.ones((6, 3))))
    assert re.fullmatch(r"falling\.backward at step 5: multiply\(.*\) is NaN in element \[2\]", message)


def test_a_scalar_has_no_element() -> None:
    module = load(compiled(AVERAGE, 1).source, "average")
    message, _ = traced(module, module.Parameters(), module.Inputs(np.ones(2), np.zeros(2)))
    assert message == "average.forward: divide(0.0, 0.0) is NaN"


def trial(name: str, level: int) -> Trial:
    done = shipped.compiled(name, level)
    return Trial(shipped.module(name, level), done.cell, done.step.forward, 3 if done.cell.states else None)


@pytest.mark.parametrize("name", shipped_specs())
def test_every_shipped_module_traces_what_it_is_handed(name: str) -> None:
    one = trial(name, max(LEVELS))
    groups = ("parameters", "inputs", "state") if one.cell.states else ("parameters", "inputs")
    given = {group: one.record(group, one.arrays) for group in groups}
    handed = {"d_outputs": "outputs", **({"d_final": "state"} if one.cell.states else {})}
    cotangents = {name: one.record(group, one.cotangents) for name, group in handed.items() if one.cell.backward}
    told = {name: one.sizes[name] for name in signature(one.module.trace_nan).parameters if name in one.sizes}
    one.module.trace_nan(**given, **cotangents, **told)
    for key in [key for key, array in one.arrays.items() if array.dtype.kind == "f"]:
        group = key.split(".")[0]
        array = one.arrays[key].copy()
        array.flat[-1] = np.nan
        results, _ = one.run({**one.arrays, key: array})
        if not any(np.isnan(result).any() for result in results.values()):
            assert one.cell.uses  # of a model, a word that is not looked up, or a step behind an end
            continue
        step = "" if not one.cell.states else " at step 2" if group == "inputs" else " at step 0"
        index = [size - 1 for size in array.shape[group == "inputs" and bool(one.cell.states) :]]
        with pytest.raises(FloatingPointError, match=f"^{name}.forward{step}: {key} is NaN") as caught:
            one.module.trace_nan(**{**given, group: one.record(group, {**one.arrays, key: array})}, **told)
        assert not index or str(caught.value).endswith(f" in element {index}")


@pytest.mark.parametrize("name", ["lstm", "rnn_relu", "self_attention", "softmax_cross_entropy"])
def test_tracing_says_that_there_is_none(name: str) -> None:
    result = CliRunner().invoke(main, ["check", name, "--trace-nan"])
    assert (result.exit_code, result.output) == (0, f"{name}: no NaN\n")


def test_the_command_traces_in_arrays_of_a_file(tmp_path: Path) -> None:
    spec, file = tmp_path / "falling.yaml", tmp_path / "batch.npz"
    spec.write_text(FALLING, "utf-8")
    np.savez(file, **{"inputs.x": np.ones((9, 3)), "state.h": np.full(3, 3.5)})
    result = CliRunner().invoke(main, ["check", str(spec), "--trace-nan", "--arrays", str(file)])
    assert result.exit_code == 1
    assert "falling.forward at step 3: sqrt(-0.5) is NaN in element [0]" in result.output


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs.z": np.ones(3)}, "falling has no array 'inputs.z'; did you mean 'inputs.x'?"),
        ({"inputs.x": np.ones((9, 3))}, "falling: state.h is None, expected float64 of shape [n] with n=3"),
        ({"inputs.x": np.array([None])}, "is no .npz file of arrays"),
    ],
)
def test_arrays_that_do_not_fit_are_told(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    spec, file = tmp_path / "falling.yaml", tmp_path / "batch.npz"
    spec.write_text(FALLING, "utf-8")
    np.savez(file, **arrays)
    result = CliRunner().invoke(main, ["check", str(spec), "--trace-nan", "--arrays", str(file)])
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    "options",
    [["lstm", "--arrays", "a.npz"], ["--trace-nan", "--arrays", "a.npz"], ["--trace-nan", "--format", "json"]],
)
def test_arrays_go_with_tracing_and_one_spec_and_tracing_with_text(options: list[str]) -> None:
    assert CliRunner().invoke(main, ["check", *options]).exit_code == 2
