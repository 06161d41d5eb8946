"""Who of nine men said it: a bidirectional LSTM over utterances of 7 to 29 frames, each as long as it is.

270 utterances of two vowels are learned from, 370 others are the test; a frame is 12 cepstral coefficients.

    python -m examples.speakers
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from examples.training import HERE, Optimiser, batches, dropout, padded, plot, progress, record
from generated import adamw
from generated import sequence_classifier as classifier

SPEAKERS, HIDDEN, SEEDS, EPOCHS, BATCH, RATE = 9, 32, (0, 1, 2), 40, 15, 0.005


class Utterances(NamedTuple):
    """Utterances, [frames, coefficients] each, and the number of each one's speaker."""

    frames: list[np.ndarray]
    speakers: np.ndarray


def load(part: str) -> Utterances:
    """The utterances of "train" or "test": a line each, its coefficients and its speaker parted by colons."""
    text = (HERE / "data" / "japanese_vowels" / f"{part}.ts").read_text("utf-8")
    lines = [line.split(":") for line in text.split("@data\n")[1].splitlines()]
    frames = [np.array([row.split(",") for row in rows], np.float32).T for *rows, _ in lines]
    return Utterances(frames, np.array([int(speaker) - 1 for *_, speaker in lines]))


def standardised(train: Utterances, test: Utterances) -> tuple[Utterances, Utterances]:
    """Both with the mean and the deviation of every coefficient in the training set taken out."""
    every = np.concatenate(train.frames)
    mean, deviation = every.mean(axis=0), every.std(axis=0)
    new_train, new_test = ([(one - mean) / deviation for one in part.frames] for part in (train, test))
    return train._replace(frames=new_train), test._replace(frames=new_test)


def batch(data: Utterances, mask: np.ndarray, places: np.ndarray | None = None) -> classifier.Inputs:
    """Some utterances, or all of them, as the model reads them."""
    places = np.arange(len(data.frames)) if places is None else places
    frames, lengths = padded([data.frames[i] for i in places])
    target = np.eye(SPEAKERS, dtype=np.float32)[data.speakers[places]].T
    return classifier.Inputs(x=frames.transpose(0, 2, 1), lengths=lengths, target=target, mask=mask)


def accuracy(parameters: classifier.Parameters, data: Utterances) -> float:
    """The share of utterances whose speaker has the highest score."""
    nothing_dropped = np.ones((2 * HIDDEN, len(data.frames)), np.float32)
    outputs, _ = classifier.forward(parameters, batch(data, nothing_dropped))
    return float(np.mean(outputs.scores.argmax(axis=0) == data.speakers))


def train(seed: int, data: Utterances, test: Utterances, epochs: int = EPOCHS) -> tuple[list[float], list[float]]:
    """The mean loss of every epoch, and the accuracy on the test set after it."""
    rng = np.random.default_rng(seed)
    parameters = classifier.init_parameters(rng, n_x=12, n_a=HIDDEN, n_y=SPEAKERS, dtype=np.float32)
    optimiser = Optimiser(adamw, parameters, limit=1.0, rate=RATE)
    losses, accuracies = [], []
    with progress(f"speakers, seed {seed}", epochs) as tell:
        for _ in range(epochs):
            of_batches = []
            for places in batches(rng, len(data.frames), BATCH):
                inputs = batch(data, dropout(rng, 0.5, (2 * HIDDEN, len(places))), places)
                outputs, residuals = classifier.forward(parameters, inputs)
                gradients = classifier.backward(parameters, residuals, classifier.Outputs(loss=1.0, scores=None))
                parameters = optimiser.step(gradients.parameters)
                of_batches.append(float(outputs.loss))
            losses.append(float(np.mean(of_batches)))
            accuracies.append(accuracy(parameters, test))
            tell(f"loss {losses[-1]:.3f}, test accuracy {accuracies[-1]:.1%}")
    return losses, accuracies


def main() -> None:
    """Train with each seed, plot the curves, and write the result down."""
    data, test = standardised(load("train"), load("test"))
    runs = {f"seed {seed}": train(seed, data, test) for seed in SEEDS}
    losses, accuracies = ({name: run[i] for name, run in runs.items()} for i in (0, 1))
    plot("speakers", "Japanese vowels", {"loss": losses, "test accuracy": accuracies})
    last = [curve[-1] for curve in accuracies.values()]
    each = ", ".join(f"{one:.1%}" for one in last)
    record("speakers", f"test accuracy {np.mean(last):.1%} ({each})")


if __name__ == "__main__":
    main()
