"""Made sequences: their answers follow from their words."""

import numpy as np

from boldhw.data import sequences
from boldhw.data.sentences import NOTHING


def generator(seed=1):
    return np.random.default_rng(seed)


def test_recall_asks_for_the_value_of_a_key():
    words, labels = sequences.recall(50, generator(), 16, 8, 5)
    assert words.dtype == np.int32
    for row, label in zip(words, labels, strict=True):
        pairs = {int(word) // 8: int(word) % 8 for word in row[:-1]}
        assert len(pairs) == 5
        assert pairs[int(row[-1]) - 128] == label


def test_codes_of_a_key_are_the_same_in_pairs_and_questions():
    codes = sequences.recall_codes(20, generator(), 4, 3)
    assert codes.shape == (4 * 3 + 4, 20)
    for key in range(4):
        assert (codes[[key * 3, key * 3 + 2, 12 + key], :10] == codes[12 + key, :10]).all()
    assert (codes[1, 10:] == codes[4, 10:]).all()


def test_induction_asks_for_the_word_behind():
    words, labels = sequences.induction(50, generator(), 16, 6)
    for row, label in zip(words.tolist(), labels, strict=True):
        assert len(set(row[:-1])) == 6
        assert row[row.index(row[-1]) + 1] == label


def test_shuffled_sentences_have_the_same_words():
    words = np.array([[1, 2, 3, 4, 5, NOTHING]] * 40, np.int32)
    changed, labels = sequences.shuffled(words, generator())
    assert 5 < labels.sum() < 35
    assert np.array_equal(changed[labels == 1], words[labels == 1])
    assert np.array_equal(np.sort(changed), np.sort(words))
    assert (changed[:, 5] == NOTHING).all()
    assert (changed[labels == 0] != words[labels == 0]).any(axis=1).mean() > 0.9


def test_dropped_words_leave_no_gap():
    words = np.tile(np.arange(1, 9, dtype=np.int32), (400, 1))
    words[:, 6:] = NOTHING
    words[:100, 1:] = NOTHING
    kept = sequences.dropped(words, generator())
    assert kept.dtype == np.int32
    assert (kept[:, 0] != NOTHING).all()
    valid = kept != NOTHING
    assert not (valid[:, 1:] & ~valid[:, :-1]).any()
    assert 0.8 < valid[100:].sum() / (300 * 6) < 0.95
    assert all(row[row != NOTHING].tolist() == sorted(row[row != NOTHING]) for row in kept)


def test_made_sentences_tell_their_label():
    made = sequences.made_sentences(60, generator())
    for words, label in zip(made.words, made.labels, strict=True):
        told = [word for word in words if not word.startswith("word")]
        assert 2 <= len(told) <= 3
        assert all(word.startswith("good" if label else "bad") for word in told)
