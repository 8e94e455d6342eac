"""Folders of pictures, one folder a class."""

import sys

import numpy as np
import pytest
from PIL import Image

from boldhw.data.pictures import read_pictures
from boldhw.data.sources import Reading, load, load_to_predict
from boldhw.errors import DataError, ToolError

PIXELS = np.random.default_rng(5).integers(0, 256, (20, 4, 6), dtype=np.uint8)


def save(path, pixels=PIXELS[0], **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **more)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with ten grey pictures of each of two classes."""
    for index, pixels in enumerate(PIXELS):
        save(tmp_path / ("dog", "cat")[index % 2] / f"{index:02}.png", pixels)
    return tmp_path


def test_grey_pictures(folder):
    (folder / ".DS_Store").write_bytes(b"of macOS")
    (folder / "cat" / "Thumbs.db").write_bytes(b"of Windows")
    rows = read_pictures(folder)
    assert (rows.values.dtype, rows.shape) == (np.uint8, (4, 6))
    assert (rows.values == np.vstack([PIXELS[1::2], PIXELS[::2]]).reshape(20, 24)).all()
    assert rows.labels.tolist() == ["cat"] * 10 + ["dog"] * 10
    assert rows.places[:2] == ["cat/01.png", "cat/03.png"]


def test_pictures_are_a_data_set(folder):
    dataset = load(folder)
    assert dataset.pictures
    assert dataset.schema.classes == ("cat", "dog")
    assert (len(dataset.y_train), np.bincount(dataset.y_test).tolist()) == (16, [2, 2])
    assert dataset.samples(99)[0].shape == (16, 24)


@pytest.mark.parametrize("levels", [3, 7])
def test_several_thresholds_a_pixel(folder, levels):
    dataset = load(
        folder, reading=Reading(edges=[255 * (i + 1) // (levels + 1) for i in range(levels)])
    )
    coder = dataset.schema.coder
    assert len(coder.edges) <= 24 * levels
    assert set(coder.edges) == {255 * (i + 1) // (levels + 1) for i in range(levels)}


def test_coloured_pictures(tmp_path):
    colours = np.stack([PIXELS, 255 - PIXELS, PIXELS // 2], axis=-1)
    for index, pixels in enumerate(colours[:4]):
        save(tmp_path / "ab"[index % 2] / f"{index}.png", pixels)
    rows = read_pictures(tmp_path)
    assert rows.shape == (4, 6, 3)
    assert (rows.values[0] == colours[0].reshape(-1)).all()


@pytest.mark.parametrize(
    ("mode", "pixels"),
    [
        ("1", (PIXELS[0] > 99) * np.uint8(255)),
        ("LA", PIXELS[0]),
        ("RGBA", np.stack([PIXELS[0]] * 3, -1)),
        ("P", PIXELS[0]),
    ],
)
def test_other_kinds_of_the_same_picture(folder, mode, pixels):
    for index in range(2):
        path = folder / "new" / "ab"[index] / "1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(pixels).convert(mode, dither=Image.Dither.NONE).save(path)
    rows = read_pictures(folder / "new")
    expected = np.repeat(pixels, 3) if mode == "P" else pixels.reshape(-1)
    assert (rows.values[0] == expected).all()


def test_jpeg(folder):
    for path in list(folder.rglob("*.png")):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".JPG"), quality=100)
        path.unlink()
    near = read_pictures(folder).values.astype(int) - np.vstack(
        [PIXELS[1::2], PIXELS[::2]]
    ).reshape(20, 24)
    assert abs(near).max() <= 4


def test_pictures_to_predict_need_no_classes(folder):
    schema = load(folder).schema
    rows = load_to_predict(str(folder / "cat"), Reading(), schema)
    assert (rows.labels, rows.places[0]) == (None, "01.png")
    assert (rows.values == PIXELS[1::2].reshape(10, 24)).all()
    assert load_to_predict(str(folder), Reading(), schema).labels.tolist()[::10] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: save(f / "dog/x.png", PIXELS[0].T), r"dog/x.png has 4 x 6 pixels, .*png has 6"),
        (
            lambda f: save(f / "dog/x.png", np.stack([PIXELS[0]] * 3, -1)),
            "dog/x.png is in colour, .*cat/01.png is grey; save all pictures alike",
        ),
        (
            lambda f: save(f / "dog/x.png", np.stack([PIXELS[0]] * 4, -1)),
            "dog/x.png is transparent in places; give it a background",
        ),
        (
            lambda f: save(f / "dog/x.png", PIXELS[0].astype(np.uint16)),
            "dog/x.png has pixels of the kind I;16; save it with 8 bits",
        ),
        (lambda f: (f / "cow").mkdir(), "cow is empty; a folder is a class"),
        (lambda f: (f / "dog/x.txt").touch(), "dog/x.txt is a file of another kind; .* move it"),
        (lambda f: (f / "dog/old").mkdir(), "dog/old is a folder; .* move it elsewhere"),
        (lambda f: (f / "dog/x.png").write_bytes(b"hello"), "dog/x.png is damaged or no picture"),
        (
            lambda f: (f / "dog/x.png").write_bytes((f / "dog/00.png").read_bytes()[:60]),
            "dog/x.png is damaged or no picture: .*; save it again as PNG or JPEG",
        ),
        (lambda f: (f / "dog").rename(f.parent / "away"), "has 1 folders; give it one"),
    ],
)  # fmt: skip
def test_folders_that_are_refused(folder, spoil, words):
    spoil(folder)
    with pytest.raises(DataError, match=words):
        load(folder)


def test_a_picture_that_is_too_large_is_not_unpacked(folder, monkeypatch):
    monkeypatch.setattr("boldhw.data.pictures.LARGEST", 24 * 3 * 20 - 1)
    with pytest.raises(DataError, match="01.png has 6 x 4 pixels; 20 such pictures are too large"):
        load(folder)


def test_pillow_is_asked_for_by_name(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ToolError, match=r"needs the package pillow, .*'\.\[pictures\]'"):
        load(folder)
