"""Reviews in one sentence, praise or blame: an LSTM over embedded words beside a bag of words.

2,600 sentences from imdb, amazon and yelp are learned from; 400 others of imdb are the test.  The bag of words is
logistic regression, which is the generated module of a head on its own.

    python -m examples.sentences
"""

from __future__ import annotations

import re
from collections import Counter
from time import perf_counter
from typing import NamedTuple

import numpy as np

from examples.training import HERE, Optimiser, batches, dropout, plot, progress, record
from generated import adamw
from generated import sentence_classifier_mean as classifier
from generated import sigmoid_cross_entropy as logistic

SOURCES = ("imdb", "amazon", "yelp")
HELD_OUT, SEEDS, EPOCHS, BATCH = 400, (0, 1, 2), 12, 50
UNKNOWN = 0  # the number of every word that is in one sentence of the training set only, or in none


class Sentences(NamedTuple):
    """Sentences as numbers of words, and whether each is praise."""

    words: list[np.ndarray]
    praise: np.ndarray


def load() -> tuple[list[list[str]], np.ndarray]:
    """The words of every sentence, imdb's first, and 1 for praise, 0 for blame."""
    lines = [
        line
        for source in SOURCES
        for line in (HERE / "data" / "sentiment" / f"{source}.tsv").read_text("utf-8").splitlines()
    ]
    pairs = [line.split("\t", 1) for line in lines]
    words = [re.findall(r"[a-z]+(?:'[a-z]+)?|[!?]", text.lower()) for _, text in pairs]
    return words, np.array([label == "1" for label, _ in pairs], np.float32)


def split() -> tuple[Sentences, Sentences, int]:
    """The training set, the test set, and how many words are known."""
    texts, praise = load()
    order = np.random.default_rng(0).permutation(1000)
    test, train = order[:HELD_OUT], [*order[HELD_OUT:], *range(1000, len(texts))]
    counts = Counter(word for i in train for word in set(texts[i]))
    numbers = {word: n for n, word in enumerate(sorted(w for w in counts if counts[w] > 1), start=UNKNOWN + 1)}

    def part(places: list[int]) -> Sentences:
        return Sentences([np.array([numbers.get(w, UNKNOWN) for w in texts[i]], int) for i in places], praise[places])

    return part(train), part(test), len(numbers) + 1
