"""Texts from tables and JSON lines: words, labels, numbers, and refusals by line."""

import json

import numpy as np
import pytest

from boldhw import data
from boldhw.data.schema import Schema
from boldhw.data.sources import Reading, load_to_predict, load_to_test
from boldhw.data.table import Columns
from boldhw.data.texts import Texts, Vocabulary, read_texts, words_of
from boldhw.errors import ConfigError, DataError
from boldhw.spec.words import Words

COLUMNS = Columns("kind", text="what")


@pytest.fixture
def write(tmp_path):
    def write(name, *lines, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It isn't GOOD, but...", ["it", "isn't", "good", ",", "but", "..."]),
        ("wo n't 's", ["wo", "n't", "'s"]),
        ("l\u2019été 1930s!!?", ["l\u2019été", "1930s", "!!", "?"]),
        ("'quoted' (a_b)", ["'quoted", "'", "(", "a_b", ")"]),
        ("  \t\n", []),
    ],
)
def test_words(text, words):
    assert list(words_of(text)) == words


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.csv", ["id,what,kind", '1,"Good, good",yes', "2,bad,no"]),
        ("a.csv", ["kind;what", "yes;Good, good", "no;bad"]),
        ("a.tsv", ["what\tkind", "Good, good\tyes", "bad\tno"]),
        ("a.jsonl", ['{"what": "Good, good", "kind": "yes", "more": [1]}', "",
                     '{"kind": "no", "what": "bad"}', ""]),
    ],
)  # fmt: skip
def test_the_same_texts_in_all_forms(write, name, lines):
    texts = read_texts(write(name, *lines), COLUMNS)
    assert texts.values.tolist() == [("good", ",", "good"), ("bad",)]
    assert texts.labels.tolist() == ["yes", "no"]
    assert (texts.column, texts.label) == ("what", "kind")


def test_numbers_of_columns_mean_that_there_is_no_header(write):
    path = write("a.tsv", 'a "quoted , text\t1', "more text\t0")
    texts = read_texts(path, Columns("2", text="1"))
    assert texts.values[0] == ("a", '"', "quoted", ",", "text")
    assert texts.places == ["line 1", "line 2"]
    named = read_texts(path, Columns("2", text="1", header=True))
    assert (named.places, named.label) == (["line 2"], "1")


def test_labels_of_json_lines_are_texts(write):
    lines = [json.dumps({"what": "a", "kind": kind}) for kind in (1, True, "x ")]
    assert read_texts(write("a.jsonl", *lines), COLUMNS).labels.tolist() == ["1", "true", "x"]


def test_labels_may_be_missing(write):
    table = write("a.csv", "what", "good")
    assert read_texts(table, COLUMNS, labels=False).labels is None
    lines = write("a.jsonl", '{"what": "good"}', '{"what": "bad", "kind": "no"}')
    assert read_texts(lines, COLUMNS, labels=False).labels is None
    headless = write("b.tsv", "good", "bad")
    assert read_texts(headless, Columns("2", text="1"), labels=False).labels is None


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("a.csv", ["what,kind", "good,yes", " ,no"], "line 3: 'what' has no word"),
        ("a.csv", ["what,kind", "good,"], "line 2: the label, column 'kind', is empty"),
        ("a.csv", ["what,kind", "good,yes,no"], "line 2 has 3 cells"),
        ("a.jsonl", ['{"what": "a", "kind": 1}', "{"], "line 2 is no JSON"),
        ("a.jsonl", ["[]"], "line 1 is no object"),
        ("a.jsonl", ['{"what": 3, "kind": 1}'], "'what' is 3; it must be a text"),
        ("a.jsonl", ['{"what": "a"}'], "line 1: the label, key 'kind', is null"),
        ("a.jsonl", ['{"what": "a", "kind": 1.5}'], "the label, key 'kind', is 1.5"),
        ("a.jsonl", ['{"what": "a", "kind": ["b"]}'], "give a text or a whole number"),
        ("a.jsonl", [""], "is empty"),
    ],
)
def test_bad_lines_are_refused(write, name, lines, message):
    with pytest.raises(DataError, match=message.replace("[", r"\[")):
        read_texts(write(name, *lines), COLUMNS)


def test_columns_that_are_not_there_are_refused(write):
    path = write("a.csv", "what,kind", "good,yes")
    with pytest.raises(ConfigError, match="no column 'which'; --text takes"):
        read_texts(path, Columns("kind", text="which"))
    with pytest.raises(ConfigError, match="no column 'sort'; --label takes"):
        read_texts(path, Columns("sort", text="what"))
    with pytest.raises(ConfigError, match="say with --label"):
        read_texts(path, Columns(text="what"))
    lines = write("a.jsonl", '{"what": "good", "kind": 1}')
    with pytest.raises(ConfigError, match="line 1 has no key 'which'"):
        read_texts(lines, Columns("kind", text="which"))


def texts_of(*lines):
    values = np.empty(len(lines), object)
    values[:] = [tuple(line.split()) for line in lines]
    return Texts("made", values, np.array(["a"] * len(lines)), [""] * len(lines))


def test_numbers_of_words():
    texts = texts_of("b a b", "c a b d", "d")
    words = Vocabulary.fit(texts, None)
    assert (words.words, words.longest) == (("b", "a", "d"), 4)
    assert words(texts.values).tolist() == [[1, 2, 1, -1], [0, 2, 1, 3], [3, -1, -1, -1]]
    assert words.notes(texts) == ()
    assert Vocabulary.of(json.loads(json.dumps(words.to_dict()))) == words


def test_a_network_says_how_many_words():
    texts = texts_of("b a b", "c a b d", "d")
    words = Vocabulary.fit(texts, Words(longest=2, vocabulary=3))
    assert words.words == ("b", "a")
    assert words(texts.values).tolist() == [[1, 2], [0, 2], [0, -1]]
    assert "2 of 3 training texts have more than 2 words" in words.notes(texts)[0]


def test_a_vocabulary_of_words_that_occur_once_is_refused():
    with pytest.raises(DataError, match="no word occurs 2 times"):
        Vocabulary.fit(texts_of("a b", "c d"), None)


def made(write, name="a.csv", count=40):
    lines = [f"good number{i % 3},yes\nbad number{i % 3},no" for i in range(count // 2)]
    return write(name, "what,kind", *lines)


def test_a_data_set_of_texts(write):
    path = str(made(write))
    found = data.load(path, reading=Reading(COLUMNS))
    assert (found.x_train.shape, found.x_test.shape) == ((32, 2), (8, 2))
    assert found.x_train.dtype == np.int32
    assert not found.pictures
    assert found.schema.classes == ("no", "yes")
    again = Schema.restored(json.loads(json.dumps(found.schema.to_dict())), None)
    assert (again.vocabulary, again.text) == (found.schema.vocabulary, "what")
    tested = load_to_test(path, None, Reading(), again)
    assert np.array_equal(tested.x_test, found.x_test)
    other = load_to_test(str(made(write, "b.csv", 12)), None, Reading(), again)
    assert len(other.y_test) == 12
    rows = load_to_predict(str(write("c.jsonl", '{"what": "unknown good"}')), Reading(), again)
    assert rows.values.tolist() == [[0, again.vocabulary.words.index("good") + 1]]


def test_texts_and_numbers_are_not_taken_for_each_other(write):
    texts = data.load(str(made(write)), reading=Reading(COLUMNS)).schema
    numbers = write("n.csv", "x,kind", *["1,a\n2,b"] * 8)
    table = data.load(str(numbers), reading=Reading(Columns("kind"))).schema
    with pytest.raises(DataError, match="was trained with numbers; leave out --text"):
        data.load(str(made(write)), reading=Reading(COLUMNS), schema=table)
    with pytest.raises(DataError, match="has no texts, and the network was trained with texts"):
        data.load("digits", schema=texts)
    with pytest.raises(ConfigError, match="no column 'what'"):
        data.load(str(numbers), schema=texts)
    with pytest.raises(ConfigError, match="say with --text"):
        data.load(str(write("d.jsonl", '{"what": "a", "kind": 1}')))
    with pytest.raises(ConfigError, match="texts have words: leave them out"):
        data.load(str(made(write)), reading=Reading(COLUMNS, levels=3))


def test_other_texts_have_another_checksum(write):
    one = read_texts(write("a.csv", "what,kind", "good,yes", "bad,no"), COLUMNS)
    other = read_texts(write("b.csv", "what,kind", "good,yes", "worse,no"), COLUMNS)
    label = read_texts(write("c.csv", "what,kind", "good,yes", "bad,yes"), COLUMNS)
    assert len({one.crc, other.crc, label.crc}) == 3
    assert read_texts(write("d.csv", "what,kind", "Good,yes", "bad,no"), COLUMNS).crc == one.crc
