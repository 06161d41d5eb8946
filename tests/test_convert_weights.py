"""`examples.convert_weights`: weights of torch and Keras there and back, and what is wrong with them told."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from examples.convert_weights import CELLS, from_keras, from_torch, to_keras, to_torch
from tests.frameworks import N_H, N_P, N_X, Arrays, Problem, weight_shapes
from tests.shipped import module
from tests.support import assert_close

PAGE = Path(__file__).resolve().parent.parent / "docs" / "torch-and-keras.md"
HAS_TORCH = importlib.util.find_spec("torch") is not None
TORCH_CELLS = [name for name, cell in CELLS.items() if cell.torch]
KERAS_CELLS = [name for name, cell in CELLS.items() if cell.keras]

every_torch_cell = pytest.mark.parametrize("name", TORCH_CELLS)
every_keras_cell = pytest.mark.parametrize("name", KERAS_CELLS)


# There and back


def parameters_of(name: str, dtype: str = "float64") -> Arrays:
    sizes = {"n_x": N_X, "n_a" if name == "lstm" else "n_h": N_H} | ({"n_p": N_P} if name == "lstm_projected" else {})
    drawn = module(name, 0).init_parameters(np.random.default_rng(2), **sizes)._asdict()
    return {key: (value + 0.25).astype(dtype) for key, value in drawn.items()}  # biases are drawn as zeros


@every_torch_cell
def test_parameters_to_torch_and_back(name: str) -> None:
    parameters = parameters_of(name)
    arrays = to_torch(name, parameters)
    assert {key: value.shape for key, value in arrays.items()} == weight_shapes("torch", name)
    assert_close(from_torch(name, arrays), parameters, 1e-15 if name == "lstm_forget_bias" else 0)


@every_keras_cell
def test_parameters_to_keras_and_back(name: str) -> None:
    parameters = parameters_of(name)
    arrays = to_keras(name, parameters)
    assert {key: value.shape for key, value in arrays.items()} == weight_shapes("keras", name)
    assert_close(from_keras(name, arrays), parameters, 1e-15 if name == "lstm_forget_bias" else 0)


@every_torch_cell
def test_weights_of_torch_there_and_back_but_for_the_split_of_a_bias(name: str) -> None:
    weights = Problem("torch", name).weights
    back = to_torch(name, from_torch(name, weights))
    for arrays in (weights, back):
        arrays["both biases"] = arrays.pop("bias_ih_l0") + arrays.pop("bias_hh_l0")
    assert_close(back, weights, 1e-15)


@every_keras_cell
def test_weights_of_keras_there_and_back_but_for_the_split_of_a_bias(name: str) -> None:
    weights = Problem("keras", name).weights
    back = to_keras(name, from_keras(name, weights))
    for arrays in (weights, back):
        arrays["bias"] = np.sum(np.atleast_2d(arrays["bias"]), axis=0)
    assert_close(back, weights, 1e-15)


def test_the_second_bias_of_a_gru_keeps_its_own_gradient() -> None:
    gradients = parameters_of("gru_reset_after")
    r, z, n = np.split(to_torch("gru_reset_after", gradients, gradients=True)["bias_hh_l0"], 3)
    assert_close(
        {"b_r": r, "b_z": z, "b_hn": n}, {key: gradients[key][:, 0] for key in ("b_r", "b_z", "b_hn")}, bound=0
    )


@every_torch_cell
def test_float32_stays_and_nothing_is_shared_or_changed(name: str) -> None:
    weights = {key: value.astype("float32") for key, value in Problem("torch", name).weights.items()}
    before = {key: value.copy() for key, value in weights.items()}
    parameters = from_torch(name, weights)
    back = to_torch(name, parameters, gradients=True)
    for array in (*parameters.values(), *back.values()):
        assert array.dtype == "float32"
        array += 1
    assert_close(weights, before, bound=0)
    assert_close(from_torch(name, weights), {key: value - 1 for key, value in parameters.items()}, 1e-6)


def test_a_layer_is_picked_by_its_suffix() -> None:
    weights = Problem("torch", "lstm_separate").weights
    several = weights | {key.replace("l0", "l1_reverse"): value + 1 for key, value in weights.items()}
    shifted = {key: value + 1 for key, value in weights.items()}
    expected = from_torch("lstm_separate", shifted)
    assert_close(from_torch("lstm_separate", several, "l1_reverse"), expected, bound=0)
    assert_close(from_torch("lstm_separate", several), from_torch("lstm_separate", weights), bound=0)
    assert "weight_ih_l1_reverse" in to_torch("lstm_separate", expected, "l1_reverse")


# Mistakes

WRONG = {
    "weight_ih_l0": np.ones((4 * N_H + 1, N_X)),
    "weight_hh_l0": np.ones((N_H, 4 * N_H)),
    "bias_ih_l0": np.ones((4 * N_H, 1)),
    "bias_hh_l0": np.ones(3 * N_H),
    "weight_hr_l0": np.ones((N_H, N_P)),
}


@pytest.mark.parametrize("key", WRONG)
def test_what_torch_arrays_have_wrong_is_named(key: str) -> None:
    weights = Problem("torch", "lstm_projected").weights
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape {WRONG[key].shape}, not (")):
        from_torch("lstm_projected", weights | {key: WRONG[key]})
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape (), not (")):
        from_torch("lstm_projected", weights | {key: 1.0})
    del weights[key]
    with pytest.raises(ValueError, match=f"^missing: {key}; given: "):
        from_torch("lstm_projected", weights)


@pytest.mark.parametrize("key", ["kernel", "recurrent_kernel", "bias"])
@every_keras_cell
def test_what_keras_arrays_have_wrong_is_named(name: str, key: str) -> None:
    weights = Problem("keras", name).weights
    weights[key] = weights[key].ravel() if weights[key].ndim == 2 else weights[key][:, None]
    with pytest.raises(ValueError, match=re.escape(f"{key} has the shape {weights[key].shape}, not (")):
        from_keras(name, weights)
    del weights[key]
    with pytest.raises(ValueError, match=f"^missing: {key}; given: {', '.join(weights)}$"):
        from_keras(name, weights)


@pytest.mark.parametrize(
    ("name", "other"), [("gru_reset_after", "gru_reset_before"), ("gru_reset_before", "gru_reset_after")]
)
def test_a_bias_of_the_other_gru_of_keras_is_told(name: str, other: str) -> None:
    shape, expected = (weight_shapes("keras", which)["bias"] for which in (other, name))
    with pytest.raises(ValueError, match=re.escape(f"bias has the shape {shape}, not {expected}")):
        from_keras(name, Problem("keras", other).weights)


@every_torch_cell
def test_what_parameters_have_wrong_is_named(name: str) -> None:
    parameters = parameters_of(name)
    for key, value in parameters.items():
        rest = {other: array for other, array in parameters.items() if other != key}
        with pytest.raises(ValueError, match=f"^missing: {key}; given: {', '.join(rest)}$"):
            to_torch(name, rest)
        with pytest.raises(ValueError, match=re.escape(f"{key} has the shape ({len(value)},), not (")):
            to_torch(name, parameters | {key: value[:, 0]})


def test_cells_without_a_layer_are_told() -> None:
    with pytest.raises(
        ValueError, match="no torch weights for 'gru_reset_before', only for rnn, rnn_relu, gru_reset_a"
    ):
        from_torch("gru_reset_before", {})
    with pytest.raises(ValueError, match="no keras weights for 'lstm_projected'"):
        to_keras("lstm_projected", {})
    with pytest.raises(ValueError, match="no torch weights for 'gru', only for"):
        to_torch("gru", {})


def test_an_empty_mapping_is_told() -> None:
    with pytest.raises(ValueError, match=r"^missing: kernel, recurrent_kernel, bias; given: nothing$"):
        from_keras("rnn", {})


# The page

SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
RUNNABLE = [snippet for snippet in SNIPPETS if HAS_TORCH or "import torch" not in snippet]


@pytest.mark.parametrize("number", range(len(RUNNABLE)))
def test_the_page_runs(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has warnings of its own
        exec(RUNNABLE[number], {})
