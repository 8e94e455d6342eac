"""Labelled texts from tables and JSON lines, and the numbers of their words."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from boldhw.data.rows import Rows, listed
from boldhw.data.sentences import numbered
from boldhw.data.table import MISSING, Columns, column_of, labels_of, lines_of, named
from boldhw.errors import ConfigError, DataError
from boldhw.spec.words import MOST, Words

OBJECTS = (".jsonl", ".ndjson")
LEAST = 2  # times that a word occurs in training texts to have a number of its own
LONGEST = 128  # words that are kept of a text, unless a network says how many
# Letters, digits and apostrophes in or in front of them; or the same sign once or several times.
WORD = re.compile(r"\w+(?:['’]\w+)*|['’]\w+|([^\w\s])\1*")


@dataclass(frozen=True, eq=False)
class Texts(Rows):
    """Texts of one file: ``values`` are tuples of words, an object array of shape (samples,).

    column: that they are from.
    """

    column: str = ""

    @property
    def crc(self) -> int:
        """CRC-32 of words and labels."""
        parts = [" ".join(words) for words in self.values]
        parts += [] if self.labels is None else self.labels.tolist()
        return zlib.crc32("\n".join(parts).encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Vocabulary:
    """Words with a number: that of ``words[i]`` is i + 1, and 0 stands for all others.

    longest: words that are kept of a text.
    """

    words: tuple[str, ...]
    longest: int

    @classmethod
    def fit(cls, texts: Texts, network: Words | None) -> Vocabulary:
        """Return the vocabulary of training texts; frequent words have small numbers.

        A word has a number if it occurs LEAST times, and if the network has one left. Without a
        network there is a place for each word of the longest text, LONGEST at most. Raises
        DataError where no word occurs so often.
        """
        count = Counter(word for words in texts.values for word in words)
        known = [word for word, number in count.most_common() if number >= LEAST]
        if not known:
            raise DataError(
                f"{texts.name}: no word occurs {LEAST} times in the training texts, so none says "
                f"anything of another text; give more texts, or another column with --text"
            )
        if network is None:
            longest = min(LONGEST, max(map(len, texts.values)))
            return cls(tuple(known[: MOST - 1]), longest)
        return cls(tuple(known[: network.vocabulary - 1]), network.longest)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return texts as rows of numbers, int32, shape (samples, longest), -1 behind the last."""
        number = {word: index for index, word in enumerate(self.words, 1)}
        return numbered(values.tolist(), number, self.longest)

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`of` takes."""
        return {"words": list(self.words), "longest": self.longest}

    @classmethod
    def of(cls, found: dict[str, Any] | None) -> Vocabulary | None:
        """Return the vocabulary of :meth:`to_dict`, None for None."""
        return cls(tuple(map(str, found["words"])), int(found["longest"])) if found else None

    def notes(self, texts: Texts) -> tuple[str, ...]:
        """Return what a user should know of the training texts, a sentence each."""
        cut = sum(len(words) > self.longest for words in texts.values)
        note = (
            f"{cut} of {len(texts.values)} training texts have more than {self.longest} words; "
            f"what is behind them is left out"
        )
        return (note,) * bool(cut)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters; a sign is a word of its own."""
    return tuple(found.group() for found in WORD.finditer(text.lower()))


def read_texts(path: str | Path, columns: Columns, labels: bool = True) -> Texts:
    """Return the texts of a file.

    Parameters
    ----------
    path : str or Path
        A table like those of :func:`boldhw.data.table.read_table`, or a file of JSON objects, one a
        line. The first line of a table is a header if a column is named. In a ``.tsv`` file tabs
        separate columns, and quotes are signs like others.
    columns : Columns
        ``text`` and ``label`` are columns or keys. Others are not read.
    labels : bool
        False: labels may be missing, and are None then.

    Raises DataError, naming the line, for a text without a word and a label that is missing;
    ConfigError for a column that is not there.
    """
    if columns.label is None and labels:
        raise ConfigError(
            f"{path} has texts: say with --label which column or key holds their classes"
        )
    read = _objects if Path(path).suffix.lower() in OBJECTS else _table
    texts = read(path, columns, labels)
    for words, place in zip(texts.values, texts.places, strict=True):
        if not words:
            raise DataError(
                f"{path}, {place}: {texts.column!r} has no word; fill it in or remove the line"
            )
    return texts


def _table(path: str | Path, columns: Columns, needed: bool) -> Texts:
    lines = lines_of(path, tabs=Path(path).suffix.lower() == ".tsv")
    header = columns.header
    if header is None:
        header = not all(str(name).isdecimal() for name in (columns.text, columns.label) if name)
    names, lines = named(path, lines, replace(columns, header=header))
    column, label = column_of(path, names, columns.text, "--text"), None
    if needed or columns.label in names or _numbers(columns.label, names):
        label = column_of(path, names, columns.label, "--label")
    return Texts(
        name=str(path),
        values=_array([words_of(cells[column]) for _, cells in lines]),
        labels=None if label is None else labels_of(path, lines, label, names, needed),
        places=[f"line {line}" for line, _ in lines],
        label=None if label is None else names[label],
        header=header,
        column=names[column],
    )


def _numbers(label: str | None, names: list[str]) -> bool:
    """Return whether a label is the number of a column that is there."""
    return label is not None and label.isdecimal() and 1 <= int(label) <= len(names)


def _objects(path: str | Path, columns: Columns, needed: bool) -> Texts:
    found = list(_parsed(path))
    if not found:
        raise DataError(f"{path} is empty; give a JSON object a line")
    texts = [_text(path, line, entry, str(columns.text)) for line, entry in found]
    labels = [_label(path, line, entry, columns.label, needed) for line, entry in found]
    return Texts(
        name=str(path),
        values=_array([words_of(text) for text in texts]),
        labels=None if None in labels else np.array(labels),
        places=[f"line {line}" for line, _ in found],
        label=columns.label,
        header=True,
        column=str(columns.text),
    )


def _parsed(path: str | Path):
    """Yield (line number, object) of each line that is not empty. Raises DataError."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no UTF-8 text ({error.reason}); save it in UTF-8") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number} is no JSON ({error}); repair it") from error
        if not isinstance(entry, dict):
            raise DataError(
                f'{path}, line {number} is no object; write a line such as {{"text": "...", '
                f'"label": "..."}}'
            )
        yield number, entry


def _text(path: str | Path, line: int, entry: dict, key: str) -> str:
    if key not in entry:
        raise ConfigError(
            f"{path}, line {line} has no key {key!r}, which --text names; it has {listed(entry)}"
        )
    if not isinstance(entry[key], str):
        raise DataError(f"{path}, line {line}: {key!r} is {entry[key]!r:.40}; it must be a text")
    return entry[key]


def _label(path: str | Path, line: int, entry: dict, key: str | None, needed: bool) -> str | None:
    """Return a label as text; numbers and true are written as JSON has them."""
    found = entry.get(key)
    label = found if isinstance(found, str) else json.dumps(found)
    if label.strip().lower() not in MISSING and isinstance(found, str | int):
        return label.strip()
    if needed:
        raise DataError(
            f"{path}, line {line}: the label, key {key!r}, is {label:.40}; give a text or a whole "
            f"number, or remove the line"
        )
    return None


def _array(words: list[tuple[str, ...]]) -> np.ndarray:
    """Return tuples as an array of objects, shape (samples,)."""
    found = np.empty(len(words), object)
    found[:] = words
    return found
