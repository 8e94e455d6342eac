"""Bicubic pictures are those of a program for pictures, in integers."""

import numpy as np
import pytest

from boldhw.data.bicubic import POINT, enlarged, reduced, weights


def picture(height, width):
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    waves = 128 + 80 * np.sin(y / 5) * np.cos(x / 7) + generator.integers(-40, 40, (height, width))
    return np.clip(waves, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scale", [2, 3])
def test_as_pillow_makes_them(scale):
    image = pytest.importorskip("PIL.Image")
    large = picture(36, 48)

    def resized(values, width, height):
        return np.asarray(
            image.fromarray(values.astype(np.float32)).resize((width, height), image.BICUBIC)
        )

    small = reduced(large, scale)
    assert np.abs(small - resized(large, 48 // scale, 36 // scale)).max() < 0.51
    base = enlarged(small, scale)
    expected = np.clip(resized(small, 48, 36), 0, 255)
    assert np.abs(base / 16 - expected).max() < 0.04


def test_weights_add_up():
    for before, after in ((12, 6), (6, 12), (9, 3), (5, 15)):
        found = weights(before, after)
        assert found.shape == (after, before)
        assert (found.sum(axis=1) == 1 << POINT).all()


def test_a_flat_picture_stays():
    flat = np.full((8, 12), 77, np.uint8)
    assert (reduced(flat, 2) == 77).all()
    assert (enlarged(flat, 3) == 77 * 16).all()


def test_taps_of_twice_the_size():
    """Inside, a new pixel is -9, 111, 29 and -3 of 128 of four old ones, or the other way round."""
    row = weights(16, 32)[17]  # a quarter of a pixel right of old pixel 8
    assert row[7:11].tolist() == [-9 * 128, 111 * 128, 29 * 128, -3 * 128]
