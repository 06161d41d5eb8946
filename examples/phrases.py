"""English phrases put into French: an encoder, a decoder that looks back at it, and a picture of where it looked.

The phrases are of menus and messages, a language of 1,200 words.  Some are held out whose every word is in another
phrase, so that they can be translated by one who has learned the words and how they go together.  What so few phrases
teach best is to know a phrase by its most telling word, and that is where the decoder looks.

    python -m examples.phrases
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from examples.training import HERE, Optimiser, batches, choosing, plot, progress, record
from generated import adamw
from generated import encoder_decoder_bahdanau as translator

HELD_OUT, EPOCHS, BATCH, RATE = 40, 20, 16, 0.005
LONGEST = 20  # words that a translation may have
SIZES = {"n_e": 64, "n_h": 64, "n_k": 64}
END = 0  # the number that stands before the first French word and after the last
PICTURED = "You don’t have permission to view or edit anything."

Pair = tuple[list[str], list[str]]  # the words of a phrase, English and French


class Language(NamedTuple):
    """The words of both sides by their numbers; END is the number of none of them."""

    english: list[str]
    french: list[str]


def words(text: str) -> list[str]:
    """Words and marks in lower case; an article that has lost its vowel is a word: l'heure has two."""
    return re.findall(r"\w+['’]?|[^\w\s]", text.lower())


def load() -> list[Pair]:
    """All phrases, in the order of the file."""
    lines = (HERE / "data" / "english_french.tsv").read_text("utf-8").splitlines()
    return [(words(english), words(french)) for english, french in (line.split("\t") for line in lines)]


def split(pairs: list[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Phrases to train with and phrases held out, each of several words that are all among the first kind's."""
    left = Counter((side, word) for pair in pairs for side, text in enumerate(pair) for word in text)
    held: list[int] = []
    for i in np.random.default_rng(seed).permutation(len(pairs)):
        used = Counter((side, word) for side, text in enumerate(pairs[i]) for word in text)
        if len(held) < HELD_OUT and len(pairs[i][0]) > 1 and all(left[word] > used[word] for word in used):
            held.append(int(i))
            left -= used
    return [pair for i, pair in enumerate(pairs) if i not in held], [pairs[i] for i in sorted(held)]


def language(pairs: list[Pair]) -> Language:
    """Every word that is in some phrase."""
    english, french = (sorted({word for pair in pairs for word in pair[side]}) for side in (0, 1))
    return Language(["", *english], ["", *french])


def columns(texts: list[list[str]], known: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of words [longest, phrases], END past each end, and the lengths [phrases]."""
    numbers = {word: n for n, word in enumerate(known)}
    lengths = np.array([len(text) for text in texts])
    columns = np.full((lengths.max(), len(texts)), END)
    for column, text in zip(columns.T, texts):
        column[: len(text)] = [numbers[word] for word in text]
    return columns, lengths


def inputs(pairs: list[Pair], known: Language) -> translator.Inputs:
    """Phrases as the model reads them: each French word is to be told from those before it, and the end too."""
    source, source_lengths = columns([english for english, _ in pairs], known.english)
    french, lengths = columns([french for _, french in pairs], known.french)
    end = np.full((1, len(pairs)), END)
    before, target = np.concatenate([end, french]), np.concatenate([french, end])
    return translator.Inputs(source, source_lengths, before, target, lengths + 1)


def translate(
    parameters: translator.Parameters, texts: list[list[str]], known: Language
) -> tuple[list[list[str]], np.ndarray]:
    """The likeliest word after word, greedily, until the end; and the weights [steps, longest, phrases]."""
    source, lengths = columns(texts, known.english)
    before = np.full((1, len(texts)), END)
    while len(before) <= LONGEST and not np.all(np.any(before[1:] == END, axis=0)):
        given = translator.Inputs(source, lengths, before, before, np.full(len(texts), len(before)))
        outputs, _ = translator.forward(parameters, given)
        before = np.concatenate([before, outputs.logits[-1:].argmax(axis=-1)])
    texts = [[known.french[n] for n in takewhile(lambda n: n != END, column)] for column in before[1:].T]
    return texts, outputs.weights


def matches(parameters: translator.Parameters, pairs: list[Pair], known: Language) -> int:
    """How many phrases are translated word for word as given."""
    translated, _ = translate(parameters, [english for english, _ in pairs], known)
    return sum(text == french for text, (_, french) in zip(translated, pairs))


def train(
    pairs: list[Pair], held: list[Pair], known: Language, epochs: int
) -> tuple[translator.Parameters, dict[str, dict[str, list[float]]]]:
    """The parameters, and the curves to plot: losses a word, and the percentage of held-out phrases met."""
    rng = np.random.default_rng(0)
    n_s, n_t = len(known.english), len(known.french)
    parameters = translator.init_parameters(rng, n_s=n_s, n_t=n_t, n_y=n_t, **SIZES, dtype=np.float32)
    for E in (parameters.E_s, parameters.E_t):
        E *= 10  # so that words differ from the first: with few phrases the encoder would not come to tell them apart
    optimiser = Optimiser(adamw, parameters, limit=1.0, decay=0.1)
    unseen = inputs(held, known)
    losses, losses_held, met = [], [], []
    with progress("phrases", epochs) as advance:
        for epoch in range(epochs):
            optimiser.set(rate=RATE * (1 - epoch / epochs))
            of_epoch = []
            for batch in batches(rng, len(pairs), BATCH):
                outputs, residuals = translator.forward(parameters, inputs([pairs[i] for i in batch], known))
                d_outputs = translator.Outputs(np.float32(1), None, None)
                parameters = optimiser.step(translator.backward(parameters, residuals, d_outputs).parameters)
                of_epoch.append(float(outputs.loss))
            losses.append(float(np.mean(of_epoch)))
            losses_held.append(float(translator.forward(parameters, unseen)[0].loss))
            met.append(100 * matches(parameters, held, known) / len(held))
            advance(f"loss {losses[-1]:.3f}, held out {losses_held[-1]:.3f}, met {met[-1]:.0f} %")
    return parameters, {
        "cross-entropy a word": {"training": losses, "held out": losses_held},
        "phrases met, %": {"held out": met},
    }


def draw_attention(parameters: translator.Parameters, text: str, known: Language) -> None:
    """Where the decoder looked, a row for each word that it wrote, as phrases_attention.png."""
    from matplotlib import pyplot

    english = words(text)
    (french,), weights = translate(parameters, [english], known)
    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.imshow(weights[: len(french) + 1, :, 0], cmap="gray", vmin=0, vmax=1)
    axes.set_xticks(range(len(english)), english, rotation=45, ha="right")
    axes.set_yticks(range(len(french) + 1), [*french, "(end)"])
    figure.tight_layout()
    figure.savefig(HERE / "phrases_attention.png", dpi=80, metadata={"Software": None})
    pyplot.close(figure)


def main() -> None:
    """Train, show translations of held-out phrases, and write the plot, the picture and the result."""
    pairs = load()
    known = language(pairs)
    learned, held = split(pairs, seed=0)
    if choosing():
        learned, held = split(learned, seed=1)
    parameters, curves = train(learned, held, known, EPOCHS)
    plot("phrases", "Phrases, English to French", curves)
    if not choosing():
        draw_attention(parameters, PICTURED, known)

    translated, _ = translate(parameters, [english for english, _ in held], known)
    for (english, french), text in zip(held, translated):
        remark = "" if text == french else f"   (given: {' '.join(french)})"
        print(f"{' '.join(english)} → {' '.join(text)}{remark}")
    met, met_held = matches(parameters, learned, known), matches(parameters, held, known)
    result = (
        f"word for word as given: {met} of {len(learned)} phrases trained with, {met_held} of {len(held)} held out"
    )
    record("phrases", result)


if __name__ == "__main__":
    main()
