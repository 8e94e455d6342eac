"""Labelled sentences from text files, and rows of word numbers made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError

PARTS = ("train", "dev", "test")  # files of a corpus, each with the ending .tsv
OTHER = 0  # number of words that are not in the vocabulary
NOTHING = -1  # behind the last word of a sentence
MAX_CLASSES = 256


@dataclass(frozen=True)
class Sentences:
    """Sentences, each a list of words, and their labels, int64, from 0."""

    words: list[list[str]]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Sentences as rows of word numbers, int32, shape (count, longest), NOTHING behind the last.

    x and y are the rows and the labels of each of PARTS.  vocabulary: the words; that of number i
    is ``vocabulary[i]``, OTHER stands for all that are not in it.
    """

    x: dict[str, NDArray[np.int32]]
    y: dict[str, NDArray[np.int64]]
    vocabulary: tuple[str, ...]

    @property
    def y_train(self) -> NDArray[np.int64]:
        """Labels of sentences to train on."""
        return self.y["train"]

    @property
    def y_test(self) -> NDArray[np.int64]:
        """Labels of sentences to test on."""
        return self.y["test"]

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """All rows and labels."""
        return [part[name] for name in PARTS for part in (self.x, self.y)]

    @classmethod
    def of(cls, parts: dict[str, Sentences], least: int, longest: int) -> Corpus:
        """Return the corpus of sentences.

        least: how often a word occurs in ``train`` to have a number of its own; frequent words
        have small numbers.  longest: words that are kept of a sentence.
        """
        count = Counter(word for words in parts["train"].words for word in words)
        known = (word for word, number in count.most_common() if number >= least)
        vocabulary = ("", *known)
        number = {word: index for index, word in enumerate(vocabulary)}
        return cls(
            {name: numbered(part.words, number, longest) for name, part in parts.items()},
            {name: part.labels for name, part in parts.items()},
            vocabulary,
        )


def read_corpus(directory: str | Path) -> dict[str, Sentences]:
    """Return the Sentences of ``train.tsv``, ``dev.tsv`` and ``test.tsv`` of a directory.

    Raises DataError, naming file and line.
    """
    if not Path(directory).is_dir():
        raise DataError(
            f"{directory} is no folder; name one with the files "
            f"{', '.join(f'{part}.tsv' for part in PARTS)}"
        )
    return {part: read_sentences(Path(directory) / f"{part}.tsv") for part in PARTS}


def read_sentences(path: str | Path) -> Sentences:
    """Return the sentences of a UTF-8 text: in each line words with spaces, a tab, and a label.

    A label is an integer from 0. Raises DataError, naming file and line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; name another folder") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error}); convert it") from error
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise DataError(f"{path} has no sentence; give it lines of words, a tab and a label")
    return Sentences([words for words, _ in rows], np.array([label for _, label in rows]))


def numbered(
    sentences: Sequence[Sequence[str]], number: dict[str, int], longest: int
) -> NDArray[np.int32]:
    """Return sentences as rows of numbers, int32, shape (count, longest). See :class:`Corpus`."""
    found = np.full((len(sentences), longest), NOTHING, np.int32)
    for row, words in zip(found, sentences, strict=True):
        kept = words[:longest]
        row[: len(kept)] = [number.get(word, OTHER) for word in kept]
    return found


def _row(path: str | Path, number: int, line: str) -> tuple[list[str], int]:
    """Return words and label of a line. Raises DataError."""
    text, tab, label = line.rpartition("\t")
    words = text.split()
    if not tab or not words:
        raise DataError(
            f"line {number} of {path} is {line[:40]!r}; it must have words, a tab and a label"
        )
    if not (label.isascii() and label.isdigit() and int(label) < MAX_CLASSES):
        raise DataError(
            f"line {number} of {path} has the label {label!r}; it must be an integer from 0 to "
            f"{MAX_CLASSES - 1}"
        )
    return words, int(label)
