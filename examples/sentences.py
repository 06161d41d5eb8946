"""Reviews in one sentence, praise or blame: two LSTMs over words spelled in pieces, beside a bag of words.

2,400 sentences from imdb, amazon and yelp are learned from; 600 others of imdb are the test.  In so few sentences
most words are rare, so a word is also the letters it has in a row: what `wasted` says is learned from `waste` too.
The bag of words is logistic regression on the same sentences, the generated module of a head on its own.

    python -m examples.sentences
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from examples.training import HERE, Average, Optimiser, bucketed, choosing, dropout, padded, plot, progress, record
from generated import adamw, nesterov
from generated import sigmoid_cross_entropy as logistic
from generated import subword_classifier as classifier

SOURCES, OF_IMDB = ("imdb", "amazon", "yelp"), 1000
HELD_OUT, SEEDS, EPOCHS, BATCH, RATE = 600, (0, 1, 2), 10, 50, 0.002
EMBEDDING, HIDDEN = 64, 48
SETTLED = 4  # the epoch from whose beginning on the parameters are averaged
LETTERS = range(3, 6)  # how many in a row are a piece of a word


class Sentences(NamedTuple):
    """Sentences as words, and 1 for praise, 0 for blame."""

    words: list[list[str]]
    praise: np.ndarray

    def some(self, places: np.ndarray) -> Sentences:
        """The sentences at some places."""
        return Sentences([self.words[i] for i in places], self.praise[places])


def load() -> Sentences:
    """Every sentence, imdb's first, as words and marks in lower case; `don't` is two words, do and not."""
    files = [HERE / "data" / "sentiment" / f"{source}.tsv" for source in SOURCES]
    pairs = [line.split("\t", 1) for file in files for line in file.read_text("utf-8").splitlines()]
    texts = [re.sub(r"n't\b", " not", text.lower()) for _, text in pairs]
    words = [re.findall(r"\d+|[a-z]+|[^\w\s]", text) for text in texts]
    return Sentences(words, np.array([label == "1" for label, _ in pairs], np.float32))


def split() -> tuple[Sentences, Sentences]:
    """The sentences to train with, and the test: of imdb, or to choose settings by, a fourth of the others."""
    every, order = load(), np.random.default_rng(0).permutation(OF_IMDB)
    test, train = order[:HELD_OUT], np.concatenate([order[HELD_OUT:], np.arange(OF_IMDB, len(every.words))])
    if choosing():
        order = np.random.default_rng(1).permutation(train)
        test, train = order[:HELD_OUT], order[HELD_OUT:]
    return every.some(train), every.some(test)


def pieces(word: str) -> list[str]:
    """The word between marks of its ends, and every few letters of that."""
    marked = f"<{word}>"
    inner = {marked[i : i + n] for n in LETTERS for i in range(len(marked) - n + 1)}
    return [marked, *sorted(inner - {marked})]


def known_pieces(data: Sentences) -> dict[str, int]:
    """A number for every word that two sentences have, and for every other piece that two words have."""
    counts = Counter(f"<{word}>" for words in data.words for word in set(words))
    different = {word for words in data.words for word in words}
    counts += Counter(piece for word in different for piece in pieces(word)[1:])
    return {piece: n for n, piece in enumerate(sorted(p for p in counts if counts[p] > 1))}


def spelled(words: Sequence[str], known: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The known pieces of each word and, at the end, of none; and how much each counts: [words + 1, most pieces].

    A word itself counts 1, and of n other pieces each 1 / sqrt(n).
    """
    numbers = [np.array([known[piece] for piece in pieces(word) if piece in known], int) for word in words]
    table, counts = padded([*numbers, np.zeros(0, int)])
    whole = np.array([*(f"<{word}>" in known for word in words), False])
    share = 1 / np.sqrt(np.maximum(counts - whole, 1))
    weight = np.where(np.arange(len(table))[:, None] < counts, share, 0)
    weight[0, whole] = 1
    return table.T, weight.T.astype(np.float32)


def batch(data: Sentences, known: dict[str, int], rng: np.random.Generator | None = None) -> classifier.Inputs:
    """Sentences as the model reads them; in training words, pieces and units are dropped at random."""
    different = sorted({word for words in data.words for word in words})
    numbers = {word: n for n, word in enumerate(different)}
    words, lengths = padded([np.array([numbers[word] for word in words], int) for words in data.words])
    table, weight = spelled(different, known)
    masks = np.ones((EMBEDDING, len(lengths)), np.float32), np.ones((2 * HIDDEN, len(lengths)), np.float32)
    if rng is not None:
        words = np.where(rng.random(words.shape) < 0.1, len(different), words)
        weight = weight * dropout(rng, 0.3, weight.shape)
        masks = tuple(dropout(rng, 0.5, mask.shape) for mask in masks)
    return classifier.Inputs(table, weight, words, lengths, data.praise[None], *masks)


def accuracy(prediction: np.ndarray, data: Sentences) -> float:
    """The share of sentences that are told rightly; a prediction is the probability of praise, [1, sentences]."""
    return float(np.mean((prediction[0] > 0.5) == (data.praise == 1)))


def train(
    seed: int, data: Sentences, test: Sentences, known: dict[str, int], epochs: int = EPOCHS
) -> tuple[list[float], list[float]]:
    """The mean loss of every epoch, and after it the accuracy on held-out sentences, with averaged parameters."""
    rng = np.random.default_rng(seed)
    parameters = classifier.init_parameters(rng, n_p=len(known), n_e=EMBEDDING, n_a=HIDDEN, dtype=np.float32)
    optimiser, unseen = Optimiser(adamw, parameters, limit=1.0, rate=RATE), batch(test, known)
    lengths = [len(words) for words in data.words]
    losses, accuracies = [], []
    with progress(f"sentences, seed {seed}", epochs) as tell:
        for epoch in range(epochs):
            if epoch <= SETTLED:
                mean = Average()
            of_batches = []
            for places in bucketed(rng, lengths, BATCH):
                outputs, residuals = classifier.forward(parameters, batch(data.some(places), known, rng))
                gradients = classifier.backward(parameters, residuals, classifier.Outputs(1.0, None))
                parameters = mean.add(optimiser.step(gradients.parameters))
                of_batches.append(float(outputs.loss))
            outputs, _ = classifier.forward(mean.parameters(), unseen)
            losses.append(float(np.mean(of_batches)))
            accuracies.append(accuracy(outputs.prediction, test))
            tell(f"loss {losses[-1]:.3f}, held out {accuracies[-1]:.1%}")
    return losses, accuracies


def bag(data: Sentences, known: dict[str, int]) -> np.ndarray:
    """1 for each known word that a sentence has: [words, sentences]."""
    there = np.zeros((len(known), len(data.words)), np.float32)
    for sentence, words in enumerate(data.words):
        there[[known[f"<{word}>"] for word in words if f"<{word}>" in known], sentence] = 1
    return there


def bag_of_words(data: Sentences, test: Sentences, known: dict[str, int], steps: int = 250) -> float:
    """The accuracy of logistic regression, which is the head alone, by descent on the whole training set.

    Not by Adam, for which rare words would weigh as much as any.
    """
    parameters = logistic.Parameters(np.zeros((1, len(known)), np.float32), np.zeros((1, 1), np.float32))
    optimiser = Optimiser(nesterov, parameters, rate=2.0)
    inputs = logistic.Inputs(bag(data, known), data.praise[None])
    for _ in range(steps):
        _, residuals = logistic.forward(parameters, inputs)
        gradients = logistic.backward(parameters, residuals, logistic.Outputs(1.0, None))
        parameters = optimiser.step(gradients.parameters)
    outputs, _ = logistic.forward(parameters, logistic.Inputs(bag(test, known), test.praise[None]))
    return accuracy(outputs.prediction, test)


def main() -> None:
    """Train with each seed, plot the curves beside the bag of words, and write the result down."""
    data, test = split()
    known = known_pieces(data)
    words = [piece for piece in known if piece.startswith("<") and piece.endswith(">")]
    baseline = bag_of_words(data, test, {word: n for n, word in enumerate(words)})
    runs = {f"seed {seed}": train(seed, data, test, known) for seed in SEEDS}
    losses, accuracies = ({name: run[i] for name, run in runs.items()} for i in (0, 1))
    last = [curve[-1] for curve in accuracies.values()]
    each = ", ".join(f"{one:.1%}" for one in last)
    record("sentences", f"accuracy {np.mean(last):.1%} ({each}); a bag of words {baseline:.1%}")
    beside = accuracies | {"bag of words": [baseline] * EPOCHS}
    plot("sentences", "Sentiment of sentences", {"loss": losses, "accuracy, held out": beside})


if __name__ == "__main__":
    main()
