"""The examples that learn from text: their data, the 5-gram model beside them, and a few steps of training."""

from __future__ import annotations

import numpy as np
import pytest

from examples import characters, phrases

SEEN = "the whale and the sea and the ship and the whale. " * 60  # to be learned in a few steps
ENGLISH_FRENCH = phrases.load()


def test_every_tenth_chapter_is_held_out() -> None:
    train, held_out = characters.load()
    assert train.count(characters.BREAK) == 135 - 13 - 1
    assert held_out.count(characters.BREAK) == 13 - 1
    assert held_out[:200] not in train


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("before", ["the ", "zzzz"])
def test_the_probabilities_of_the_next_character_sum_to_one(order: int, before: str) -> None:
    text = characters.load()[0][:400]
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


def test_held_out_phrases_have_no_word_that_is_not_in_another() -> None:
    learned, held = phrases.split(ENGLISH_FRENCH, seed=0)
    assert len(held) == phrases.HELD_OUT
    assert len(learned) + len(held) == len(ENGLISH_FRENCH) == 560
    for side in (0, 1):
        words = {word for pair in learned for word in pair[side]}
        assert {word for pair in held for word in pair[side]} <= words


def test_words_of_a_phrase() -> None:
    assert phrases.words("L’heure d'été :") == ["l’", "heure", "d'", "été", ":"]


def test_a_few_phrases_are_learned_by_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "SIZES", {"n_e": 16, "n_h": 24, "n_k": 16})
    monkeypatch.setattr(phrases, "RATE", 0.03)
    pairs = [pair for pair in ENGLISH_FRENCH if len(pair[0]) == 3][:6]
    known = phrases.language(pairs)
    parameters, curves = phrases.train(pairs, pairs[:2], known, epochs=40)
    assert phrases.matches(parameters, pairs, known) == 6
    assert curves["phrases met, %"]["held out"][-1] == 100
    texts, weights = phrases.translate(parameters, [english for english, _ in pairs], known)
    assert texts == [french for _, french in pairs]
    np.testing.assert_allclose(np.sum(weights, axis=1), 1, rtol=0, atol=1e-5)
