"""Moby Dick, character by character: a language model trained through chunks of the text, beside a 5-gram model.

Every tenth chapter is held out.  The rest is read in 32 places at once, 32 characters a chunk, each chunk from the
state that the last one left; gradients stop at the chunk's beginning, which is truncated backpropagation through
time.  The 5-gram model, interpolated Kneser-Ney, counts the same chapters.

    python -m examples.characters
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from examples.training import HERE, Optimiser, choosing, plot, progress, record
from generated import adam
from generated import character_language_model as model

HIDDEN, BATCH, STEPS, EPOCHS, RATE = 240, 32, 32, 3, 0.012
ORDER, REPORT = 5, 500  # of the grams; chunks between two points of the plot
BREAK = "\n\n\n"  # between chapters


def load() -> tuple[str, str]:
    """The chapters to train with, and those held out: every tenth; to choose settings by, every tenth of the rest."""
    chapters = (HERE / "data" / "moby_dick.txt").read_text("utf-8").split(BREAK)
    kept, held_out = without_tenths(chapters)
    if choosing():
        kept, held_out = without_tenths(kept)
    return BREAK.join(kept), BREAK.join(held_out)


def without_tenths(chapters: list[str]) -> tuple[list[str], list[str]]:
    """All chapters but every tenth, and these."""
    return [chapter for i, chapter in enumerate(chapters, start=1) if i % 10], chapters[9::10]


def ngram_bits(train: str, test: str, order: int) -> float:
    """Bits per character of interpolated Kneser-Ney (Kneser and Ney, ICASSP 1995), each order with its own discount.

    Every character of `test` but the first `order` - 1 is predicted, and each must be one of `train`.
    """
    counts = [Counter(train[i : i + n] for i in range(len(train) - n + 1)) for n in range(1, order + 1)]
    # Below the highest order it counts how many characters stand before a gram, not how often it occurs.
    counts[:-1] = [Counter(gram[1:] for gram in longer) for longer in counts[1:]]
    places = range(order - 1, len(test))
    p = np.full(len(places), 1 / len(set(train)))
    for n, grams in enumerate(counts, start=1):
        once, twice = (sum(count == k for count in grams.values()) for k in (1, 2))
        discount = once / (once + 2 * twice)  # Ney, Essen and Kneser, 1994
        total, kinds = Counter[str](), Counter[str]()
        for gram, count in grams.items():
            total[gram[:-1]] += count
            kinds[gram[:-1]] += 1
        for j, i in enumerate(places):
            gram, context = test[i - n + 1 : i + 1], test[i - n + 1 : i]
            if total[context]:
                left_over = discount * kinds[context] * p[j]
                p[j] = (max(grams[gram] - discount, 0) + left_over) / total[context]
    return float(-np.log2(p).mean())


def chunks(numbers: np.ndarray) -> list[model.Inputs]:
    """A text in columns, a batch of them, cut into chunks of rows; the target of a character is the one below it."""
    columns = numbers[: len(numbers) // BATCH * BATCH].reshape(BATCH, -1).T
    starts = range(0, len(columns) - 1, STEPS)
    return [model.Inputs(columns[:-1][i : i + STEPS], columns[1:][i : i + STEPS]) for i in starts]


def first_parameters(rng: np.random.Generator, known: int) -> model.Parameters:
    """Fresh parameters; of `known` characters exactly one is read, so what one of them says is made louder."""
    parameters = model.init_parameters(rng, n_c=known, n_a=HIDDEN, dtype=np.float32)
    for W in (parameters.reader.W_g, parameters.reader.W_c):
        W[:, HIDDEN:] *= 10
    return parameters


def first_state(m: int = BATCH) -> model.State:
    """The state before a text."""
    return model.zero_state(n_a=HIDDEN, m=m, dtype=np.float32)


def bits(parameters: model.Parameters, text: list[model.Inputs]) -> float:
    """Bits per character of a text, read chunk after chunk."""
    state, total = first_state(), 0.0
    for chunk in text:
        outputs, state, _ = model.forward(parameters, chunk, state)
        total += float(outputs.loss) / np.log(2) * len(chunk.target)
    return total / sum(len(chunk.target) for chunk in text)


def train(
    parameters: model.Parameters, text: list[model.Inputs], epochs: int
) -> Iterator[tuple[model.Parameters, list[float]]]:
    """The parameters after every `REPORT` chunks and at the end, and the bits per character of the chunks since."""
    optimiser = Optimiser(adam, parameters, limit=1.0, beta2=0.99)
    total, since = epochs * len(text), []
    with progress("characters", total) as advance:
        for step in range(total):
            if step % len(text) == 0:
                state = first_state()
            outputs, state, residuals = model.forward(parameters, text[step % len(text)], state)
            # No cotangent of the state comes back from the next chunk: backpropagation ends with this one.
            gradients = model.backward(parameters, residuals, model.Outputs(loss=np.float32(1), scores=None))
            optimiser.set(rate=RATE * min(1, (step + 1) / 50) * (1 - step / total))
            parameters = optimiser.step(gradients.parameters)
            since.append(float(outputs.loss) / np.log(2))
            advance(f"{since[-1]:.2f} bits")
            if (step + 1) % REPORT == 0 or step + 1 == total:
                yield parameters, since
                since = []


def sample(rng: np.random.Generator, parameters: model.Parameters, known: list[str], length: int) -> str:
    """A text that the model makes up, beginning after a full stop."""
    state, number, text = first_state(m=1), known.index("."), ""
    for _ in range(length):
        column = np.array([[number]])
        outputs, state, _ = model.forward(parameters, model.Inputs(column, column), state)
        scores = outputs.scores[0, :, 0]
        number = int(np.argmax(scores + rng.gumbel(size=len(known))))  # a draw from softmax(scores)
        text += known[number]
    return text


def main() -> None:
    """Train, show a sample, and write the plot and the result."""
    rng = np.random.default_rng(0)
    text, held_out = load()
    known = sorted(set(text))
    numbers = {character: n for n, character in enumerate(known)}
    seen, unseen = (chunks(np.array([numbers[c] for c in part])) for part in (text, held_out))
    of_ngrams = ngram_bits(text, held_out, ORDER)

    parameters = first_parameters(rng, len(known))
    curves: dict[str, list[float]] = {"training": [], "held out": [], f"{ORDER}-gram, held out": []}
    for trained, since in train(parameters, seen, EPOCHS):
        for curve, value in zip(curves.values(), (float(np.mean(since)), bits(trained, unseen), of_ngrams)):
            curve.append(value)

    plot("characters", "Moby Dick, by characters", {"bits per character": curves}, across=f"{REPORT} chunks")
    print(sample(rng, trained, known, 400))
    reached = curves["held out"][-1]
    result = f"{reached:.3f} bits per character of held-out chapters; a {ORDER}-gram model {of_ngrams:.3f}"
    record("characters", result)


if __name__ == "__main__":
    main()
