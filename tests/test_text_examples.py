"""The examples that learn from text: their data, the 5-gram model beside them, and a few steps of training."""

from __future__ import annotations

import numpy as np
import pytest

from examples import characters

SEEN = "the whale and the sea and the ship and the whale. " * 60  # to be learned in a few steps


def test_every_tenth_chapter_is_held_out() -> None:
    train, held_out = characters.load()
    assert train.count(characters.BREAK) == 135 - 13 - 1
    assert held_out.count(characters.BREAK) == 13 - 1
    assert held_out[:200] not in train


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("before", ["the ", "whale", "zzzz"])
def test_the_probabilities_of_the_next_character_sum_to_one(order: int, before: str) -> None:
    text = characters.load()[0][:1500]
    texts = [(before + character)[-order:] for character in set(text)]
    bits = [characters.ngram_bits(text, after, order) for after in texts]
    assert sum(2**-b for b in bits) == pytest.approx(1, abs=1e-12)


def test_kneser_ney_by_hand() -> None:
    # The pairs are ab, ba, ab and bc; two kinds of them occur once and one twice: half of one is taken from each.
    # After b come a and c, once each.  Below, one kind ends with each of a, b and c; all is taken: 1 / 3 is left.
    assert characters.ngram_bits("ababc", "bc", 2) == pytest.approx(-np.log2(0.5 / 2 + 0.5 * 2 / 2 * 1 / 3))


def test_chunks_hold_the_text_with_each_target_below_its_character() -> None:
    numbers = np.arange(characters.BATCH * 70 + 5)
    chunks = characters.chunks(numbers)
    read, target = (np.concatenate(parts) for parts in zip(*chunks))
    assert [len(chunk.target) for chunk in chunks] == [32, 32, 5]
    np.testing.assert_array_equal(target, read + 1)
    np.testing.assert_array_equal(read.T.ravel(), [n for n in numbers[:-5] if n % 70 != 69])


def test_characters_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(characters, "HIDDEN", 32)
    monkeypatch.setattr(characters, "RATE", 0.03)
    known = sorted(set(SEEN))
    text = characters.chunks(np.array([known.index(character) for character in SEEN]))
    parameters = characters.first_parameters(np.random.default_rng(0), len(known))
    *_, (trained, losses) = characters.train(parameters, text, epochs=20)
    assert characters.bits(parameters, text) > 3
    assert characters.bits(trained, text) < 1
    assert len(losses) <= characters.REPORT
    assert set(characters.sample(np.random.default_rng(0), trained, known, 50)) <= set(known)
