"""The examples that train, for a few steps on a few samples; and what they share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from examples import sentences, speakers, training
from generated import adam


class Inner(NamedTuple):
    W: np.ndarray
    b: np.ndarray


class Outer(NamedTuple):
    E: np.ndarray
    reader: Inner
    scale: np.ndarray


MODEL = Outer(
    np.arange(6.0).reshape(2, 3), Inner(np.full((2, 2), 7.0), np.full((2, 1), 8.0)), np.array(9.0)
)  # fmt: skip


def test_a_nested_record_is_a_vector_and_back() -> None:
    vector = training.flatten(MODEL)
    assert vector.tolist() == [0, 1, 2, 3, 4, 5, 7, 7, 7, 7, 8, 8, 9]
    back = training.unflatten(vector, MODEL)
    assert isinstance(back, Outer)
    assert isinstance(back.reader, Inner)
    for one, other in zip(training.leaves(back), training.leaves(MODEL)):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_optimiser_changes_every_array_and_keeps_its_dtype(dtype: type) -> None:
    start = training.unflatten(training.flatten(MODEL).astype(dtype), MODEL)
    gradients = training.unflatten(np.ones(13, dtype), MODEL)
    optimiser = training.Optimiser(adam, start, limit=1.0, rate=0.5)
    after = optimiser.step(gradients)
    np.testing.assert_allclose(training.flatten(after), training.flatten(start) - 0.5, rtol=1e-6)
    assert {array.dtype for array in training.leaves(after)} == {np.dtype(dtype)}
    optimiser.set(rate=0.0)
    np.testing.assert_array_equal(training.flatten(optimiser.step(gradients)), training.flatten(after))


def test_batches_have_every_number_once() -> None:
    parts = list(training.batches(np.random.default_rng(0), 11, 4))
    assert [len(part) for part in parts] == [4, 4, 3]
    assert sorted(np.concatenate(parts)) == list(range(11))


def test_buckets_have_every_place_once_and_about_one_length() -> None:
    lengths = np.random.default_rng(1).integers(1, 60, 103)
    parts = list(training.bucketed(np.random.default_rng(0), lengths, 10))
    assert sorted(map(len, parts)) == [3, *[10] * 10]
    assert sorted(np.concatenate(parts)) == list(range(103))
    assert np.mean([np.ptp(lengths[part]) for part in parts]) < np.ptp(lengths) / 4


def test_an_average_is_that_of_what_was_added() -> None:
    average = training.Average()
    for factor in (1, 3, 8):
        average.add(training.unflatten(factor * training.flatten(MODEL), MODEL))
    np.testing.assert_allclose(training.flatten(average.parameters()), 4 * training.flatten(MODEL), rtol=1e-15)


def test_sequences_are_padded_to_the_longest() -> None:
    together, lengths = training.padded([np.ones((2, 3)), np.ones((4, 3)), np.ones((0, 3))])
    assert together.shape == (4, 3, 3)
    assert lengths.tolist() == together[:, :, 0].sum(axis=0).tolist() == [2, 4, 0]


def test_a_run_replaces_its_own_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "process_time", lambda: 4.4)
    monkeypatch.setattr(training, "perf_counter", lambda: training.BEGUN + 5.5)
    table = tmp_path / "results.md"
    for name, result in (("two", "2"), ("one", "1"), ("two", "3")):
        training.record(name, result, table)
    rows = ["| `python -m examples.one` | 1 | 4 s | 6 s |", "| `python -m examples.two` | 3 | 4 s | 6 s |"]
    written = training.HEADING + "\n".join(rows) + "\n"
    assert table.read_text("utf-8") == written
    monkeypatch.setattr(sys, "argv", ["examples.two", "validation"])
    training.record("two", "4", table)
    assert table.read_text("utf-8") == written


def test_speakers_are_learned() -> None:
    train, test = speakers.standardised(speakers.load("train"), speakers.load("test"))
    assert (len(train.frames), len(test.frames)) == (270, 370)
    assert {frame.shape[1] for frame in train.frames + test.frames} == {12}
    assert (min(map(len, test.frames)), max(map(len, test.frames))) == (7, 29)
    few = speakers.Utterances(train.frames[::9], train.speakers[::9])
    losses, accuracies = speakers.train(0, few, few, epochs=8)
    assert losses[-1] < losses[0]
    assert accuracies[-1] > 0.5  # one in nine by chance


def test_sentences_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "RATE", 0.02)
    train, test = sentences.split()
    assert (len(train.words), len(test.words)) == (2400, 600)
    few = train.some(np.arange(0, 2400, 50))
    known = sentences.known_pieces(few)
    losses, accuracies = sentences.train(0, few, few, known, epochs=12)
    assert losses[-1] < losses[0]
    assert accuracies[-1] > 0.6  # a half by chance
    assert sentences.bag_of_words(few, few, known, steps=40) > 0.9


def test_settings_are_chosen_without_the_test_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = sentences.split()
    monkeypatch.setattr(sys, "argv", ["examples.sentences", "validation"])
    fewer, validation = sentences.split()
    told_apart = [sorted(map(" ".join, part.words)) for part in (train, test)]
    assert sorted(map(" ".join, fewer.words + validation.words)) == told_apart[0] != told_apart[1]


def test_words_are_spelled_in_the_pieces_that_are_known() -> None:
    assert sentences.pieces("bad") == ["<bad>", "<ba", "<bad", "ad>", "bad", "bad>"]
    known = {"<bad>": 0, "bad": 1, "<ba": 2, "sad>": 3}
    table, weight = sentences.spelled(["bad", "sad", "xyz"], known)
    assert [row[mask].tolist() for row, mask in zip(table, weight > 0)] == [[0, 2, 1], [3], [], []]
    np.testing.assert_allclose(weight[0], [1, 0.5**0.5, 0.5**0.5], rtol=1e-6)
    np.testing.assert_allclose(np.sum(weight**2, axis=1), [2, 1, 0, 0], rtol=1e-6)
