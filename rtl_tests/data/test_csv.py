"""CSV files: read as people write them, or refused by line and column."""

import numpy as np
import pytest

from boldhw.data.sources import Reading, load, load_to_predict
from boldhw.data.table import Columns, read_table
from boldhw.errors import ConfigError, DataError

HEADER = "width,height,kind"
LINES = [f"{i / 4},{(i * 7) % 20},{'cat' if i % 2 else 'dog'}" for i in range(1, 21)]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes lines of text and returns the path."""

    def call(*lines, name="a.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    return call


def reading(label="kind", **columns):
    return Reading(Columns(label, **columns))


def test_a_table(write):
    rows = read_table(write(HEADER, *LINES), Columns("kind"))
    assert rows.features == ("width", "height")
    assert rows.values[:2].tolist() == [[0.25, 7], [0.5, 14]]
    assert rows.labels[:3].tolist() == ["cat", "dog", "cat"]
    assert (rows.places[0], rows.places[19]) == ("line 2", "line 21")
    assert (rows.label, rows.header) == ("kind", True)


@pytest.mark.parametrize("label", ["1", "2", "3"])
def test_without_a_header_columns_have_numbers(write, label):
    order = {"1": (2, 0, 1), "2": (0, 2, 1), "3": (0, 1, 2)}[label]
    lines = [",".join(line.split(",")[index] for index in order) for line in LINES]
    rows = read_table(write(*lines), Columns(label))
    assert rows.label == f"column {label}"
    assert rows.values[:2].tolist() == [[0.25, 7], [0.5, 14]]
    assert (rows.places[0], len(rows.places), rows.header) == ("line 1", 20, False)


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (lambda text: text.replace(",", ";"), {}),
        (lambda text: text.replace(",", "\t"), {}),
        (lambda text: text.replace(",", " , "), {}),
        (lambda text: text.replace("\n", "\n\n  \n"), {}),
        (lambda text: text.replace("\n", "\r\n"), {}),
        (lambda text: "\ufeff" + text, {}),
        (lambda text: text.replace("dog", '"dog"').replace("width", '"width"'), {}),
        (lambda text: text.replace("width,height", "1,2"), {}),
        (lambda text: text.replace("width,height", "1,2"), {"header": True}),
    ],
)
def test_as_people_write_them(tmp_path, change, columns):
    path = tmp_path / "a.csv"
    path.write_bytes(change("\n".join([HEADER, *LINES, ""])).encode())
    rows = read_table(path, Columns("kind", **columns))
    assert rows.values[:2].tolist() == [[0.25, 7], [0.5, 14]]
    assert sorted(set(rows.labels.tolist())) == ["cat", "dog"]
    assert len(rows.values) == 20


def test_numbers_as_names_of_columns(write):
    lines = ["0,1,2", *LINES]
    assert read_table(write(*lines), Columns("2", header=True)).label == "2"
    with pytest.raises(DataError, match="line 2: column 'column 3' has 'cat', which is no number"):
        read_table(write(*lines), Columns("2"))


def test_columns_can_be_left_out(write):
    lines = [f"{index},{line},note {index}" for index, line in enumerate(LINES)]
    path = write(f"id,{HEADER},text", *lines)
    for ignored in (("id", "text"), ("1", "5")):
        rows = read_table(path, Columns("kind", ignored=ignored))
        assert rows.features == ("width", "height")
    assert read_table(write(*lines), Columns("4", ignored=("1", "5"))).values[0, 1] == 7


def test_classes_keep_their_names_and_numbers_their_order(write):
    lines = [f"{i},{i * i % 17},{(2, 10, 9)[i % 3]}" for i in range(30)]
    dataset = load(write("a,b,kind", *lines), reading=reading())
    assert dataset.schema.classes == ("2", "9", "10")
    assert (np.bincount(dataset.y_train).tolist(), len(dataset.y_test)) == ([8, 8, 8], 6)
    assert dataset.schema.features == ("a", "b")
    assert not dataset.pictures


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "is empty; values are not guessed: fill it in, .*--ignore 'height'"),
        ("NA", r"is missing \('NA'\); values are not guessed"),
        ("nan", r"is missing \('nan'\)"),
        ("?", r"is missing \('\?'\)"),
        ("inf", r"is infinite \(inf\); give a finite number or remove the line"),
        ("-1e999", r"is infinite \(-1e999\)"),
        ("red", "has 'red', which is no number; .* 0 and 1 for each text, or .*--ignore 'height'"),
        ("1_000", "has '1_000', which is no number"),
        ('"3,5"', "has '3,5'; write decimal points: 3.5"),
    ],
)
def test_cells_that_are_no_numbers(write, cell, words):
    lines = [HEADER, *LINES]
    lines[6] = f"1,{cell},cat"
    with pytest.raises(DataError, match=f"a.csv, line 7: column 'height' {words}"):
        read_table(write(*lines), Columns("kind"))


@pytest.mark.parametrize("cell", ["", "NA", "null"])
def test_a_missing_label(write, cell):
    lines = [HEADER, *LINES, f"1,2,{cell}"]
    with pytest.raises(DataError, match="line 22: the label, column 'kind', is .*; fill it in or"):
        read_table(write(*lines), Columns("kind"))


@pytest.mark.parametrize(
    ("lines", "columns", "error", "words"),
    [
        ([HEADER, *LINES, "1,2"], {}, DataError, "line 22 has 2 cells, line 1 has 3; give every"),
        ([HEADER, *LINES, "1,2,3,4"], {}, DataError, "line 22 has 4 cells"),
        ([""], {}, DataError, "a.csv is empty; give a CSV file"),
        ([HEADER], {}, DataError, "has a header and no samples; add lines"),
        (["a,a,kind", *LINES], {}, DataError, "two columns 'a', 1 and 2; give each a name"),
        ([HEADER, '1,"2"x,cat'], {}, DataError, "line 2: .* a cell with quotes in it"),
        ([HEADER, *LINES], {"label": None}, ConfigError, "say with --label .* 'kind', has 2 diff"),
        ([HEADER, *LINES], {"label": "king"}, ConfigError, "no column 'king'; .* mean 'kind'"),
        (LINES, {"label": "4"}, ConfigError, "no column '4'; --label takes .* from 1 to 3"),
        (LINES, {"label": "0"}, ConfigError, "no column '0'"),
        ([HEADER, *LINES], {"ignored": ("x",)}, ConfigError, "no column 'x'; --ignore takes"),
        ([HEADER, *LINES], {"ignored": ("1", "2")}, DataError, "no column left for features"),
    ],
)
def test_tables_that_are_refused(write, lines, columns, error, words):
    with pytest.raises(error, match=words):
        read_table(write(*lines), Columns(**{"label": "kind", **columns}))


def test_text_of_another_encoding(write):
    with pytest.raises(DataError, match=r"no UTF-8 text \(.* at byte 0\); save it as CSV in UTF-8"):
        read_table(write("über,kind", *LINES, encoding="latin-1"), Columns("kind"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{i},{i},cat", "all samples have the label 'cat'; .* name another column with --label"),
        ("{i},{i},{i}.5", "300 different labels .*, a network has at most 255 .*--label"),
        ("1,2,{kind}", "every feature is constant, so nothing can be learnt"),
    ],
)
def test_data_that_nothing_can_be_learned_from(write, line, words):
    lines = [line.format(i=i, kind=i % 3) for i in range(300)]
    with pytest.raises(DataError, match=words):
        load(write(HEADER, *lines), reading=reading())


class TestOtherTablesOfARun:
    """What a network was trained with says how to read what it is to predict."""

    @pytest.fixture
    def schema(self, write):
        return load(write(HEADER, *LINES), reading=reading()).schema

    def predict(self, path, schema, **columns):
        return load_to_predict(str(path), Reading(Columns(**columns)), schema)

    def test_columns_in_another_order_and_without_labels(self, write, schema):
        rows = self.predict(write("height,width", "7,0.25", name="b.csv"), schema)
        assert (rows.values.tolist(), rows.labels) == ([[0.25, 7]], None)
        rows = self.predict(write("kind,height,width", "cat,7,0.25", name="b.csv"), schema)
        assert (rows.values.tolist(), rows.labels.tolist()) == ([[0.25, 7]], ["cat"])
        rows = self.predict(write("kind,height,width", ",7,0.25", name="b.csv"), schema)
        assert (rows.values.tolist(), rows.labels) == ([[0.25, 7]], None)

    def test_other_features_are_refused_by_name(self, write, schema):
        with pytest.raises(DataError, match="no column 'width', which the network was trained wit"):
            self.predict(write("height,weight", "7,0.25", name="b.csv"), schema)
        path = write("height,width,weight", "7,0.25,3", name="b.csv")
        with pytest.raises(DataError, match="a column 'weight' that the .*--ignore 'weight'"):
            self.predict(path, schema)
        assert self.predict(path, schema, ignored=("weight",)).values.tolist() == [[0.25, 7]]

    def test_without_a_header(self, write):
        lines = [f"{line.rpartition(',')[2]},{line.rpartition(',')[0]}" for line in LINES]
        schema = load(write(*lines), reading=reading("1")).schema
        assert self.predict(write("0.25,7", name="b.csv"), schema).values.tolist() == [[0.25, 7]]
        rows = self.predict(write("cat,0.25,7", name="b.csv"), schema)
        assert (rows.values.tolist(), rows.labels.tolist()) == ([[0.25, 7]], ["cat"])
        with pytest.raises(
            DataError, match="has 1 features a sample, .* trained with 2; give data"
        ):
            self.predict(write("0.25", name="b.csv"), schema)

    def test_new_classes_are_refused_by_name(self, write, schema):
        path = write(HEADER, *LINES, "1,2,cow", "1,3,cow", name="b.csv")
        with pytest.raises(
            DataError, match="classes 'cow', the first in line 22, and .* 'cat', 'd"
        ):
            load(path, schema=schema)
