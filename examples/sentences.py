"""Reviews in one sentence, praise or blame: an LSTM over embedded words beside a bag of words.

2,600 sentences from imdb, amazon and yelp are learned from; 400 others of imdb are the test.  The bag of words is
logistic regression, which is the generated module of a head on its own.

    python -m examples.sentences
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from examples.training import HERE, Optimiser, batches, dropout, padded, plot, progress, record
from generated import adamw
from generated import sentence_classifier_mean as classifier
from generated import sigmoid_cross_entropy as logistic

SOURCES, OF_IMDB = ("imdb", "amazon", "yelp"), 1000
HELD_OUT, SEEDS, EPOCHS, BATCH, RATE = 400, (0, 1, 2), 10, 50, 0.005
EMBEDDING, HIDDEN = 32, 32
UNKNOWN = 0  # the number of every word that fewer than two sentences of the training set have


class Sentences(NamedTuple):
    """Sentences as numbers of words, and 1 for praise, 0 for blame."""

    words: list[np.ndarray]
    praise: np.ndarray

    def some(self, places: np.ndarray) -> Sentences:
        """The sentences at some places."""
        return Sentences([self.words[i] for i in places], self.praise[places])


def load() -> tuple[list[list[str]], np.ndarray]:
    """The words of every sentence, imdb's first, and which are praise."""
    files = [HERE / "data" / "sentiment" / f"{source}.tsv" for source in SOURCES]
    pairs = [line.split("\t", 1) for file in files for line in file.read_text("utf-8").splitlines()]
    words = [re.findall(r"[a-z]+(?:'[a-z]+)?|[!?]", text.lower()) for _, text in pairs]
    return words, np.array([label == "1" for label, _ in pairs], np.float32)


def split() -> tuple[Sentences, Sentences, int]:
    """The training set, the test set, and how many words are told apart."""
    texts, praise = load()
    order = np.random.default_rng(0).permutation(OF_IMDB)
    test, train = order[:HELD_OUT], np.concatenate([order[HELD_OUT:], np.arange(OF_IMDB, len(texts))])
    counts = Counter(word for i in train for word in set(texts[i]))
    known = sorted(word for word in counts if counts[word] > 1)
    numbers = {word: number for number, word in enumerate(known, start=UNKNOWN + 1)}
    every = Sentences([np.array([numbers.get(word, UNKNOWN) for word in text], int) for text in texts], praise)
    return every.some(train), every.some(test), len(numbers) + 1


def accuracy(prediction: np.ndarray, data: Sentences) -> float:
    """The share of sentences that are told rightly; a prediction is the probability of praise, [1, sentences]."""
    return float(np.mean((prediction[0] > 0.5) == (data.praise == 1)))


def masks(m: int, rng: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What is kept of the embedding and of the sentence: half, or everything without a random generator."""
    shapes = (1, EMBEDDING, m), (HIDDEN, m)
    if rng is None:
        return np.ones(shapes[0], np.float32), np.ones(shapes[1], np.float32)
    return dropout(rng, 0.5, shapes[0]), dropout(rng, 0.5, shapes[1])


def batch(data: Sentences, rng: np.random.Generator | None = None) -> classifier.Inputs:
    """Sentences as the model reads them.  In training a tenth of the words is unknown: that is learned too."""
    words, lengths = padded(data.words)
    if rng is not None:
        words = np.where(rng.random(words.shape) < 0.1, UNKNOWN, words)
    of_embedding, of_sentence = masks(len(lengths), rng)
    same_at_all = np.broadcast_to(of_embedding, (len(words), *of_embedding.shape[1:]))
    return classifier.Inputs(words, lengths, data.praise[None], same_at_all, of_sentence)


def train(
    seed: int, data: Sentences, test: Sentences, known: int, epochs: int = EPOCHS
) -> tuple[list[float], list[float]]:
    """The mean loss of every epoch, and the accuracy on the test set after it."""
    rng = np.random.default_rng(seed)
    parameters = classifier.init_parameters(rng, n_w=known, n_e=EMBEDDING, n_a=HIDDEN, dtype=np.float32)
    optimiser = Optimiser(adamw, parameters, limit=1.0, rate=RATE)
    losses, accuracies = [], []
    with progress(f"sentences, seed {seed}", epochs) as tell:
        for _ in range(epochs):
            of_batches = []
            for places in batches(rng, len(data.words), BATCH):
                outputs, residuals = classifier.forward(parameters, batch(data.some(places), rng))
                gradients = classifier.backward(parameters, residuals, classifier.Outputs(1.0, None))
                parameters = optimiser.step(gradients.parameters)
                of_batches.append(float(outputs.loss))
            outputs, _ = classifier.forward(parameters, batch(test))
            losses.append(float(np.mean(of_batches)))
            accuracies.append(accuracy(outputs.prediction, test))
            tell(f"loss {losses[-1]:.3f}, test accuracy {accuracies[-1]:.1%}")
    return losses, accuracies


def bag(words: Sequence[np.ndarray], known: int) -> np.ndarray:
    """1 for each word that a sentence has: [words, sentences]."""
    there = np.zeros((known, len(words)), np.float32)
    for place, numbers in enumerate(words):
        there[numbers, place] = 1
    return there


def bag_of_words(data: Sentences, test: Sentences, known: int, steps: int = 300) -> float:
    """The accuracy of logistic regression, which is the head alone, by descent on the whole training set."""
    parameters = logistic.Parameters(np.zeros((1, known), np.float32), np.zeros((1, 1), np.float32))
    optimiser = Optimiser(adamw, parameters, rate=0.01)
    inputs = logistic.Inputs(bag(data.words, known), data.praise[None])
    for _ in range(steps):
        _, residuals = logistic.forward(parameters, inputs)
        gradients = logistic.backward(parameters, residuals, logistic.Outputs(1.0, None))
        parameters = optimiser.step(gradients.parameters)
    outputs, _ = logistic.forward(parameters, logistic.Inputs(bag(test.words, known), test.praise[None]))
    return accuracy(outputs.prediction, test)


def main() -> None:
    """Train with each seed, plot the curves beside the bag of words, and write the result down."""
    data, test, known = split()
    baseline = bag_of_words(data, test, known)
    runs = {f"seed {seed}": train(seed, data, test, known) for seed in SEEDS}
    losses, accuracies = ({name: run[i] for name, run in runs.items()} for i in (0, 1))
    beside = accuracies | {"bag of words": [baseline] * EPOCHS}
    plot("sentences", "Sentiment of sentences", {"loss": losses, "test accuracy": beside})
    last = [curve[-1] for curve in accuracies.values()]
    each = ", ".join(f"{one:.1%}" for one in last)
    result = f"test accuracy {np.mean(last):.1%} ({each}); a bag of words {baseline:.1%}"
    record("sentences", result)


if __name__ == "__main__":
    main()
