"""The report of what is kept for backward: what it lists, why, and how little of it is beside the states."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from graphgen.cli import main

FREE = ("handed in", "a state", "an output")


def reported(spec: str, level: int) -> tuple[dict[str, list[str]], list[str]]:
    """The columns behind each name that is kept, and the lines that follow."""
    result = CliRunner().invoke(main, ["show", spec, "--stage", "residuals", f"-O{level}"])
    assert result.exit_code == 0, result.output
    kept, _, rest = result.output.partition("\n\n")
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in kept.splitlines()[2:]]
    return {name: columns for name, *columns in rows}, rest.splitlines()


@pytest.mark.parametrize(
    ("spec", "size", "names"),
    [
        ("lstm", "m*n_a", {"gate_1_steps", "gate_2_steps", "gate_3_steps", "c_hat_steps"}),
        ("lstm_separate", "m*n_h", {"i_steps", "f_steps", "g_steps", "o_steps"}),
        ("gru_reset_after", "m*n_h", {"r_steps", "z_steps", "n_steps", "n_add_steps"}),
        ("rnn", "m*n_h", set()),
    ],
)
def test_little_is_kept_beside_inputs_outputs_and_states(spec: str, size: str, names: set[str]) -> None:
    kept, _ = reported(spec, 2)
    beside = {name: columns for name, columns in kept.items() if not columns[-1].startswith(FREE)}
    steps = {name: columns[1] for name, columns in beside.items() if columns[1].endswith("a step")}
    assert steps == dict.fromkeys(names, f"{size} a step")


def test_the_report_says_what_is_computed_again_and_what_a_run_takes() -> None:
    _, rest = reported("lstm", 2)
    assert "  np.tanh(c)  in equation 5  follows from a state, element by element" in rest
    assert any(line.startswith("  forward_sequence takes ") and "10*T*m*n_a" in line for line in rest)
    assert any(line.startswith("  both, with one workspace, at most ") for line in rest)


@pytest.mark.parametrize(("spec", "level"), [("lstm", 0), ("lstm", 1), ("swiglu", 2)])
def test_where_numpy_allocates_no_room_is_told(spec: str, level: int) -> None:
    kept, rest = reported(spec, level)
    assert kept
    assert not any("takes" in line for line in rest)
