"""Scenes are read from one file in three parts; what is no scenes is refused."""

import numpy as np
import pytest

from boldhw.data.scenes import PARTS, read_scenes
from boldhw.errors import DataError


def arrays(count=2, height=4, width=6):
    generator = np.random.default_rng(0)
    found = {}
    for part in PARTS:
        shape = count, height, width
        found[f"x_{part}"] = generator.integers(0, 256, (*shape, 3)).astype(np.uint8)
        found[f"y_{part}"] = generator.integers(0, 12, shape).astype(np.uint8)
    return found


def saved(path, **changes):
    np.savez_compressed(path, **{k: v for k, v in (arrays() | changes).items() if v is not None})
    return path


def test_a_file_or_its_directory(tmp_path):
    path = saved(tmp_path / "scenes.npz")
    for name in (path, tmp_path):
        scenes = read_scenes(name)
        assert np.array_equal(scenes.x_val, arrays()["x_val"])
        assert len(scenes.arrays) == 6
        assert scenes.name == str(path)


def test_pixels_are_means_and_labels_those_of_the_middle(tmp_path):
    scenes = read_scenes(saved(tmp_path / "scenes.npz")).smaller(2)
    picture, labels = arrays()["x_test"][1], arrays()["y_test"][1]
    assert scenes.x_test.shape == (2, 2, 3, 3)
    assert scenes.x_test[1, 1, 2].tolist() == [
        int(picture[2:4, 4:6, colour].astype(int).sum()) // 4 for colour in range(3)
    ]
    assert scenes.y_test[1].tolist() == labels[1::2, 1::2].tolist()


def test_sides_that_are_no_multiples_are_cut(tmp_path):
    scenes = read_scenes(saved(tmp_path / "scenes.npz")).smaller(4)
    assert scenes.x_train.shape == (2, 1, 1, 3)
    assert scenes.y_train.shape == (2, 1, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_val": None}, "has no array x_val; it has"),
        ({"x_train": np.zeros((2, 4, 6), np.uint8)}, r"x_train is uint8 of shape \(2, 4, 6\)"),
        ({"x_test": np.zeros((2, 4, 6, 3), np.int16)}, "x_test is int16"),
        ({"x_val": np.zeros((2, 5, 6, 3), np.uint8)}, "another size than x_train"),
        ({"y_train": np.zeros((2, 4, 5), np.uint8)}, "one label for each pixel of x_train"),
    ],
)
def test_other_arrays_are_refused(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read_scenes(saved(tmp_path / "scenes.npz", **changes))


def test_what_is_no_file_of_scenes(tmp_path):
    with pytest.raises(DataError, match="is not there"):
        read_scenes(tmp_path / "none.npz")
    with pytest.raises(DataError, match=r"has 0 \.npz files"):
        read_scenes(tmp_path)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="is damaged"):
        read_scenes(tmp_path)
