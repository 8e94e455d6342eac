"""Brightness of pictures, and the folders of super-resolution."""

import numpy as np
import pytest

from boldhw.data.luma import luma, read_brightness
from boldhw.errors import DataError


def test_brightness_of_colours():
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [10, 200, 30]]], np.uint8)
    exact = 16 + colours[0] @ np.array([65.481, 128.553, 24.966]) / 255
    assert luma(colours)[0].tolist() == np.rint(exact).astype(int).tolist()
    assert luma(np.array([[255]], np.uint8)).tolist() == [[235]]


def test_three_folders(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for folder, count in (("T91", 3), ("Set5", 2), ("Set14", 1)):
        (tmp_path / folder).mkdir()
        for index in range(count):
            pixels = np.full((4 + index, 6, 3), 40 * index, np.uint8)
            image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    found = read_brightness(tmp_path)
    assert [picture.shape for picture in found.train] == [(4, 6), (5, 6), (6, 6)]
    assert {name: len(pictures) for name, pictures in found.tests.items()} == {
        "Set5": 2, "Set14": 1,
    }  # fmt: skip
    assert len(found.y_test) == 3
    assert len(found.arrays) == 6
    assert found.train[1][0, 0] == luma(np.full((1, 1, 3), 40, np.uint8))[0, 0]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="T91 is not there; give a directory with folders T91"):
        read_brightness(tmp_path)
    (tmp_path / "T91").mkdir()
    with pytest.raises(DataError, match="T91 has no pictures"):
        read_brightness(tmp_path)
