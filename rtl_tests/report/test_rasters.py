"""PNG files that any program reads, with the pixels that were given."""

import io

import numpy as np
import pytest

from boldhw.report.rasters import GAP, pixels, png, sheet, text


def test_a_png_has_the_pixels():
    image = pytest.importorskip("PIL.Image")
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    with image.open(io.BytesIO(png(picture))) as found:
        assert found.format == "PNG"
        assert np.array_equal(np.asarray(found), picture)


def test_pixels_as_text():
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(pixels(text(picture), (2, 4, 3)), picture)


def test_a_sheet_has_rows_and_columns():
    grey = np.array([[1, 2]], np.uint8)
    colour = np.array([[[9, 8, 7], [6, 5, 4]]], np.uint8)
    found = sheet([[grey, colour], [colour, grey]], 3)
    assert found.shape == (2 * 3 + GAP, 2 * 6 + GAP, 3)
    assert (found[:3, :3] == 1).all()
    assert (found[:3, 3:6] == 2).all()
    assert (found[2, 6 + GAP] == [9, 8, 7]).all()
    assert (found[3 + GAP, 0] == [9, 8, 7]).all()
    assert (found[3 : 3 + GAP] == 255).all()
