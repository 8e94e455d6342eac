"""Made sequences of words: tasks whose answer needs the order of words, or one of them.

Rows are int32, shape (count, words), as :class:`boldhw.data.sentences.Corpus` has them; labels are
int64. Whoever draws gives the generator, so that a seed tells all of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.data.sentences import NOTHING, Sentences

Rows = NDArray[np.int32]
Labels = NDArray[np.int64]
DROPPED = 32  # of 256 words that are left out of a sample in training
GOOD, BAD = 12, 12  # words of made sentences that tell their label
NEUTRAL = 60  # words that do not; each is followed by the next one, or by that behind it


def recall(
    count: int, generator: np.random.Generator, keys: int, values: int, pairs: int
) -> tuple[Rows, Labels]:
    """Return words that are each a key and a value, then a key; the label is its value.

    Word ``key * values + value`` is a pair, ``keys * values + key`` asks for a value. The keys of a
    sample differ.
    """
    chosen = generator.permuted(np.tile(np.arange(keys), (count, 1)), axis=1)[:, :pairs]
    held = generator.integers(0, values, (count, pairs))
    rows, asked = np.arange(count), generator.integers(0, pairs, count)
    question = keys * values + chosen[rows, asked]
    words = np.column_stack([chosen * values + held, question])
    return words.astype(np.int32), held[rows, asked]


def recall_codes(
    bits: int, generator: np.random.Generator, keys: int, values: int
) -> NDArray[np.bool_]:
    """Return codes of the words of :func:`recall`, bool, shape (words, bits).

    The first half of the bits is the code of the key. The second half is that of the value; of a
    question it is random.
    """
    half = bits // 2
    key, value, none = (generator.random((n, half)) < 0.5 for n in (keys, values, keys))
    pairs = np.column_stack([np.repeat(key, values, axis=0), np.tile(value, (keys, 1))])
    return np.concatenate([pairs, np.column_stack([key, none])])


def induction(
    count: int, generator: np.random.Generator, words: int, length: int
) -> tuple[Rows, Labels]:
    """Return different words, then one of them again; the label is the word that followed it."""
    row = generator.permuted(np.tile(np.arange(words), (count, 1)), axis=1)[:, :length]
    rows, asked = np.arange(count), generator.integers(0, length - 1, count)
    found = np.column_stack([row, row[rows, asked]])
    return found.astype(np.int32), row[rows, asked + 1]


def shuffled(words: Rows, generator: np.random.Generator) -> tuple[Rows, Labels]:
    """Return half of the sentences with their words in another order; the label of these is 0."""
    words, labels = words.copy(), generator.integers(0, 2, len(words))
    for index in np.flatnonzero(labels == 0):
        length = int(np.count_nonzero(words[index] != NOTHING))
        words[index, :length] = generator.permutation(words[index, :length])
    return words, labels


def dropped(words: Rows, generator: np.random.Generator) -> Rows:
    """Return sentences without some of their words, DROPPED of 256; one word is left at least."""
    kept = (generator.integers(0, 256, words.shape) >= DROPPED) & (words != NOTHING)
    kept[~kept.any(axis=1), 0] = True
    order = np.argsort(~kept, axis=1, kind="stable")
    places = np.arange(words.shape[1]) < np.count_nonzero(kept, axis=1)[:, None]
    found: Rows = np.where(places, np.take_along_axis(words, order, axis=1), np.int32(NOTHING))
    return found


def made_sentences(count: int, generator: np.random.Generator) -> Sentences:
    """Return sentences of 5 to 12 words of which two or three tell the label, 0 or 1."""
    labels = generator.integers(0, 2, count)
    sentences = []
    for label in labels.tolist():
        length, told = int(generator.integers(5, 13)), int(generator.integers(2, 4))
        steps = np.cumsum(generator.integers(1, 3, length)) + generator.integers(0, NEUTRAL)
        words = [f"word{index % NEUTRAL}" for index in steps]
        name, most = ("good", GOOD) if label else ("bad", BAD)
        for place in generator.permutation(length)[:told]:
            words[place] = f"{name}{generator.integers(0, most)}"
        sentences.append(words)
    return Sentences(sentences, labels)
