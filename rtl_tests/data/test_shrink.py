"""Pictures with fewer rows and columns."""

import numpy as np
import pytest
from PIL import Image

from boldhw.data import idx
from boldhw.data.schema import Schema
from boldhw.data.shrink import shrunk
from boldhw.data.sources import Reading, load, load_to_predict, load_to_test
from boldhw.data.table import Columns
from boldhw.errors import ConfigError, DataError

PICTURES = np.random.default_rng(3).integers(0, 256, (8, 5, 7), dtype=np.uint8)
HALF = Reading(smaller=2)


def means(picture, factor):
    """Return the means of squares, one by one."""
    rows, columns = picture.shape[0] // factor, picture.shape[1] // factor
    return [
        picture[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor].astype(int).sum()
        // factor**2
        for y in range(rows)
        for x in range(columns)
    ]


@pytest.fixture
def folder(tmp_path):
    """Return a folder of eight pictures of two classes."""
    for index, picture in enumerate(PICTURES):
        path = tmp_path / "ab"[index % 2] / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(path)
    return tmp_path


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_a_pixel_is_the_mean_of_a_square(factor):
    found = shrunk(PICTURES.reshape(8, 35), (5, 7), factor, "these")
    assert found.dtype == np.uint8
    assert found.tolist() == [means(picture, factor) for picture in PICTURES]


def test_colours_stay_apart():
    colours = np.stack([PICTURES, 255 - PICTURES, PICTURES // 2], axis=-1)
    found = shrunk(colours.reshape(8, -1), (5, 7, 3), 2, "these").reshape(8, 6, 3)
    for colour in range(3):
        wanted = [means(picture, 2) for picture in colours[..., colour]]
        assert found[..., colour].tolist() == wanted


def test_digits_become_smaller():
    whole, small = load("digits"), load("digits", reading=HALF)
    assert small.x_train.shape == (len(whole.x_train), 16)
    for name in ("x_train", "x_test"):
        squares = getattr(whole, name).reshape(-1, 4, 2, 4, 2).astype(int)
        wanted = squares.sum(axis=(2, 4)) // 4
        assert np.array_equal(getattr(small, name), wanted.reshape(-1, 16))
    assert np.array_equal(small.y_test, whole.y_test)
    assert small.schema.smaller == 2


def test_an_earlier_run_says_how_small(folder):
    dataset = load(folder, reading=HALF)
    assert dataset.pictures
    assert dataset.x_train.shape[1] == 6
    schema = Schema.restored(dataset.schema.to_dict(), {}.get)
    assert schema.smaller == 2
    again = load_to_test(str(folder), None, Reading(), schema)
    assert np.array_equal(again.x_test, dataset.x_test)
    rows = load_to_predict(str(folder), Reading(), schema)
    order = [*range(0, 8, 2), *range(1, 8, 2)]
    assert rows.values.tolist() == [means(PICTURES[index], 2) for index in order]
    digits = load("digits", reading=HALF)
    rows = load_to_predict("digits", Reading(), digits.schema)
    assert np.array_equal(rows.values, digits.x_test)


def test_checkpoints_of_earlier_versions_have_whole_pictures():
    found = Schema(("a", "b")).to_dict()
    del found["smaller"]
    assert Schema.restored(found, {}.get).smaller == 1


def test_idx_files_become_smaller(tmp_path):
    def write(name, array):
        sizes = np.array(array.shape, ">u4").tobytes()
        head = bytes([0, 0, 8, array.ndim]) + sizes
        (tmp_path / name).write_bytes(head + array.tobytes())

    for pictures, labels in idx.FILES:
        write(pictures, PICTURES)
        write(labels, np.arange(8, dtype=np.uint8) % 2)
    dataset = load(tmp_path, reading=Reading(smaller=3))
    assert dataset.x_test.tolist() == [means(picture, 3) for picture in PICTURES]
    with pytest.raises(DataError, match="pictures of 5 x 7 pixels; --smaller 6 .*: 5 at most"):
        load(tmp_path, reading=Reading(smaller=6))


def test_what_is_no_picture_is_refused(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("x,kind\n1,a\n2,b\n3,a\n4,b\n")
    with pytest.raises(DataError, match="no pictures but features, .* leave out --smaller"):
        load(table, reading=Reading(Columns("kind"), smaller=2))
    values, labels = PICTURES.astype(float), np.arange(8) % 2
    np.savez(tmp_path / "a.npz", x=values, y=labels)
    with pytest.raises(DataError, match="values of the type float64; .* uint8: leave it out"):
        load(tmp_path / "a.npz", reading=HALF)
    with pytest.raises(ConfigError, match="smaller"):
        Schema(("a", "b"), smaller=0)
