"""Three words in, the fourth to predict: the training runs of "LSTM internals, part 3", with generated modules.

Cells of five hidden units, one or two on top of each other, read three words of Aesop's "long ago the mice had a
general council …" and a dense layer scores the ten words of the vocabulary.  The 200 losses of the article's own
listing are in data/word_prediction.json; every loss here is compared with the recorded one.

    python -m examples.word_prediction
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from generated import lstm_forget_bias as lstm
from generated import softmax_cross_entropy as head

RECORDED = Path(__file__).parent / "data" / "word_prediction.json"
HIDDEN, STEPS, RATE, WINDOW = 5, 200, 0.001, 3
LAYERS = {"single": 1, "two_layers": 2}


class Model(NamedTuple):
    """The parameters of the cells, the lowest first, and of the layer on top; as gradients, one for each."""

    cells: tuple[lstm.Parameters, ...]
    head: head.Parameters


def load() -> dict[str, Any]:
    """The text, its vocabulary, the first weights of the head, and what the article's listing computed."""
    return json.loads(RECORDED.read_text("utf-8"))


def first_model(recorded: dict[str, Any], layers: int) -> Model:
    """All weights of the cells 0.1; those of the head as recorded there, one row a hidden unit."""
    widths = [len(recorded["vocab"]), *[HIDDEN] * (layers - 1)]
    cells = [lstm.Parameters(np.full((4 * HIDDEN, n + HIDDEN), 0.1), np.full((4 * HIDDEN, 1), 0.1)) for n in widths]
    return Model(tuple(cells), head.Parameters(W=np.array(recorded["Wy"]).T, b=np.array(recorded["by"]).T))


def samples(recorded: dict[str, Any]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Three words and the one that follows, each a column that is 1 at the word; then on, or back to the start."""
    numbers = [recorded["vocab"][word] for word in recorded["words"]]
    columns = np.eye(len(recorded["vocab"]))[numbers][:, :, None]
    rng, offset = np.random.RandomState(42), 2
    while True:
        yield columns[offset : offset + WINDOW], columns[offset + WINDOW]
        offset += WINDOW + 1
        if offset + WINDOW >= len(columns):
            offset = rng.randint(0, WINDOW + 1)


def loss_and_gradients(model: Model, xs: np.ndarray, target: np.ndarray) -> tuple[float, Model]:
    """The cross-entropy of one sample, and its gradients; `xs` is [T, words, 1], `target` [words, 1]."""
    kept = []
    for cell in model.cells:
        outputs, _, residuals = lstm.forward_sequence(cell, lstm.Inputs(x=xs), lstm.zero_state(n_h=HIDDEN, m=1))
        kept.append(residuals)
        xs = outputs.h
    scored, head_residuals = head.forward(model.head, head.Inputs(h=xs[-1], target=target))

    of_head = head.backward(model.head, head_residuals, head.Outputs(loss=1.0, scores=None))
    dxs = np.zeros_like(xs)
    dxs[-1] = of_head.inputs.h
    of_cells = []
    for cell, residuals in zip(model.cells[::-1], kept[::-1]):
        of_cell = lstm.backward_sequence(cell, residuals, lstm.Outputs(h=dxs))
        of_cells.append(of_cell.parameters)
        dxs = of_cell.inputs.x
    return float(scored.loss), Model(tuple(of_cells[::-1]), of_head.parameters)


def descend(parameters: Any, gradients: Any) -> Any:
    """New parameters, a step of gradient descent on; both are of one NamedTuple."""
    return type(parameters)(*(p - RATE * d for p, d in zip(parameters, gradients)))


def train(recorded: dict[str, Any], layers: int) -> list[float]:
    """The losses of 200 steps of gradient descent, one sample a step."""
    model, losses = first_model(recorded, layers), []
    for xs, target in islice(samples(recorded), STEPS):
        loss, gradients = loss_and_gradients(model, xs, target)
        model = Model(tuple(map(descend, model.cells, gradients.cells)), descend(model.head, gradients.head))
        losses.append(loss)
    return losses


def main() -> None:
    """Train, and show some of the losses beside the recorded ones."""
    recorded = load()
    for run, layers in LAYERS.items():
        expected = recorded["runs"][run]["losses"]
        losses = train(recorded, layers)
        print(f"{run}\nstep       loss   recorded  difference")
        for i in (*range(5), *range(24, STEPS, 25)):
            print(f"{i + 1:4} {losses[i]:10.6f} {expected[i]:10.6f}  {losses[i] - expected[i]:10.1e}")
        worst = max(abs(loss - other) for loss, other in zip(losses, expected))
        print(f"all {STEPS} losses are those of the article's listing to {worst:.1e}\n")


if __name__ == "__main__":
    main()
