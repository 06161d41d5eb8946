"""The runs of the articles that the cells come from: what their listings computed, these modules compute too."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from examples import word_prediction
from generated import lstm, lstm_averaged
from generated import sigmoid_cross_entropy as head

SENTIMENT = json.loads((Path(__file__).parent / "data" / "sentiment_lstm_step.json").read_text("utf-8"))
WORDS = word_prediction.load()


def arrays(group: str) -> dict[str, np.ndarray]:
    return {name: np.array(values) for name, values in SENTIMENT[group].items()}


def run_sentiment(cell: ModuleType) -> tuple[Any, Any, Any, Any]:
    """Five steps of the LSTM and the head on its last state, forward; then what backward needs."""
    given, m = arrays("params"), SENTIMENT["m"]
    xs = np.array(SENTIMENT["X"]).transpose(2, 1, 0)  # [m, n_x, T] in the listing, [T, n_x, m] here
    parameters = cell.Parameters(W_g=given["Wg"], b_g=given["bg"], W_c=given["Wc"], b_c=given["bc"])
    state = cell.State(a=np.repeat(given["a0"], m, axis=1), c=np.repeat(given["c0"], m, axis=1))
    _, final, residuals = cell.forward_sequence(parameters, cell.Inputs(x=xs), state)
    inputs = head.Inputs(h=final.a, target=np.array(SENTIMENT["Y"]))
    scored, kept = head.forward(head.Parameters(W=given["Wy"], b=given["by"]), inputs)
    return parameters, residuals, scored, kept


def run_sentiment_back(cell: ModuleType, dloss: float) -> dict[str, np.ndarray]:
    """The gradients under the listing's names, from the loss's cotangent; L2 is not among them."""
    parameters, residuals, _, kept = run_sentiment(cell)
    given = arrays("params")
    head_parameters = head.Parameters(W=given["Wy"], b=given["by"])
    of_head = head.backward(head_parameters, kept, head.Outputs(loss=dloss, prediction=None))
    d_final = cell.State(a=of_head.inputs.h, c=None)
    of_cell = cell.backward_sequence(parameters, residuals, d_final=d_final)
    return {
        "Wg": of_cell.parameters.W_g,
        "bg": of_cell.parameters.b_g,
        "Wc": of_cell.parameters.W_c,
        "bc": of_cell.parameters.b_c,
        "Wy": of_head.parameters.W,
        "by": of_head.parameters.b,
        # One initial state serves the whole batch, so its gradient is the sum over the batch.
        "a0": np.sum(of_cell.state.a, axis=1, keepdims=True),
        "c0": np.sum(of_cell.state.c, axis=1, keepdims=True),
    }


def l2_gradients() -> dict[str, np.ndarray]:
    """Of lambda / 2m times the squares of the three matrices; biases and states are not penalised."""
    penalty = SENTIMENT["lambda_"] / SENTIMENT["m"]
    return {k: penalty * array if k.startswith("W") else 0 * array for k, array in arrays("params").items()}


def test_sentiment_loss_and_predictions() -> None:
    _, _, scored, _ = run_sentiment(lstm)
    squares = sum(np.sum(arrays("params")[name] ** 2) for name in ("Wg", "Wc", "Wy"))
    loss = scored.loss + SENTIMENT["lambda_"] / (2 * SENTIMENT["m"]) * squares
    np.testing.assert_allclose(loss, SENTIMENT["loss"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(scored.prediction, SENTIMENT["y_pred"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SENTIMENT["true_grads"])
def test_sentiment_gradients(name: str) -> None:
    gradient = run_sentiment_back(lstm, 1.0)[name] + l2_gradients()[name]
    np.testing.assert_allclose(gradient, arrays("true_grads")[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["Wg", "bg", "Wc", "bc", "a0", "c0"])
def test_sentiment_gradients_as_the_article_averages_them(name: str) -> None:
    # The listing hands on the cotangents of each example's own loss, m times those of the mean, and divides the
    # gradients of parameters by m; those of the initial state it does not divide.
    m = SENTIMENT["m"]
    gradient = run_sentiment_back(lstm_averaged, float(m))[name] + l2_gradients()[name]
    np.testing.assert_allclose(gradient, arrays("seed_code_grads")[f"d{name}"], rtol=0, atol=1e-12)
    if name in ("a0", "c0"):
        np.testing.assert_allclose(gradient, m * arrays("true_grads")[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("run", "layers"), word_prediction.LAYERS.items())
def test_word_prediction_losses(run: str, layers: int) -> None:
    losses = word_prediction.train(WORDS, layers)
    assert len(losses) == 200
    np.testing.assert_allclose(losses, WORDS["runs"][run]["losses"], rtol=0, atol=1e-8)


@pytest.mark.parametrize(("run", "layers"), word_prediction.LAYERS.items())
def test_word_prediction_first_gradients(run: str, layers: int) -> None:
    xs, target = next(word_prediction.samples(WORDS))
    _, of = word_prediction.loss_and_gradients(word_prediction.first_model(WORDS, layers), xs, target)
    recorded = WORDS["runs"][run]["first_step_grads_in_param_order"]
    # The listing multiplies the head from the right.
    gradients = [*(gradient for cell in of.cells for gradient in cell), *(gradient.T for gradient in of.head)]
    assert len(recorded) == len(gradients)
    for gradient, expected in zip(gradients, recorded):
        np.testing.assert_allclose(gradient, np.array(expected), rtol=0, atol=1e-8)
