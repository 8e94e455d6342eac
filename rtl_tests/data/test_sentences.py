"""Sentences from text files, and rows of word numbers."""

import numpy as np
import pytest

from boldhw.data.sentences import NOTHING, OTHER, Corpus, read_corpus
from boldhw.errors import DataError

TEXTS = {"train": "a good film\t1\na bad film\t0\nodd\t0\n", "dev": "good \t1\n",
         "test": "a film of note\t1\n"}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.tsv").write_text(text)
    return tmp_path


def test_words_and_labels_of_each_file(folder):
    parts = read_corpus(folder)
    assert parts["train"].words == [["a", "good", "film"], ["a", "bad", "film"], ["odd"]]
    assert parts["train"].labels.tolist() == [1, 0, 0]
    assert parts["dev"].words == [["good"]]


def test_words_become_numbers(folder):
    corpus = Corpus.of(read_corpus(folder), 2, 3)
    assert corpus.vocabulary == ("", "a", "film")
    assert corpus.x["train"].dtype == np.int32
    assert corpus.x["train"].tolist() == [[1, OTHER, 2], [1, OTHER, 2], [OTHER, NOTHING, NOTHING]]
    assert corpus.x["test"].tolist() == [[1, 2, OTHER]]  # cut behind three words
    assert corpus.y["test"].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fine\t1\nno label\n", r"line 2 of .*train.tsv is 'no label'; it must have words, a tab"),
        ("\t1\n", "line 1 of .*must have words"),
        ("a\tone\n", "has the label 'one'; it must be an integer from 0 to 255"),
        ("a\t-1\n", "has the label '-1'"),
        ("a\t999\n", "has the label '999'"),
        ("\n", "has no sentence"),
        (b"\xff\xfe\t1", "is not UTF-8 text"),
    ],
)
def test_wrong_files_are_refused(folder, text, message):
    (folder / "train.tsv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_corpus(folder)


def test_missing_files_are_named(folder):
    (folder / "dev.tsv").unlink()
    with pytest.raises(DataError, match=r"dev.tsv cannot be read: No such file"):
        read_corpus(folder)
    with pytest.raises(DataError, match="is no folder; name one with the files train.tsv"):
        read_corpus(folder / "none")
