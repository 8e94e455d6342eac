"""Samples as a file has them: values, labels, the names of both, and where each sample is from."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from boldhw.errors import ConfigError, DataError

MAX_CLASSES = 255
SHARE = 0.2  # of the samples, for testing, unless another is given
LISTED = 12  # names in a message
WHOLE = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, eq=False)
class Rows:
    """Samples of one file or folder, in its order.

    Parameters
    ----------
    name : str
        Of the file or folder.
    values : bool, integer or float64 array, shape (samples, features)
        Finite.
    labels : text array, shape (samples,), or None
        None when the file says no classes.
    places : sequence of str
        Where each sample is from, such as ``line 7`` or ``cats/1.png``.
    features : tuple of str
        Names of the features, empty where the file has none.
    shape : tuple of int
        Shape of a sample; of several dimensions if it is a picture.
    label : str or None
        Column that the labels are from.
    header : bool
        Whether the names of the features are the file's own.
    """

    name: str
    values: np.ndarray
    labels: np.ndarray | None
    places: Sequence[str]
    features: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    label: str | None = None
    header: bool = False

    @property
    def crc(self) -> int:
        """CRC-32 of values and labels: other samples have another one."""
        labels = [] if self.labels is None else self.labels.tolist()
        text = "\n".join(labels).encode("utf-8", "surrogatepass")
        return zlib.crc32(text, zlib.crc32(self.values.tobytes()))

    def picked(self, chosen) -> Rows:
        """Return the samples of some indices, or of a slice."""
        labels = None if self.labels is None else self.labels[chosen]
        places = np.array(self.places)[chosen].tolist()
        return replace(self, values=self.values[chosen], labels=labels, places=places)

    def first(self, size, name) -> Rows:
        """Return the first ``size`` samples, all if it is None. Raises DataError for other sizes.

        ``name`` is what the message calls the samples.
        """
        check_size(name, len(self.values), size)
        return self if size is None else self.picked(slice(size))


def listed(names) -> str:
    """Return the first names of a list, quoted, and how many more there are."""
    names = list(names)
    more = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return ", ".join([*(repr(str(name)) for name in names[:LISTED]), *more])


def check_size(name, count, size) -> None:
    """Raise DataError unless ``size`` is None or as many samples as a set of ``count`` can give."""
    if size is not None and not 1 <= size <= count:
        raise DataError(
            f"{name}: {size} samples asked for, it has {count}; "
            f"the nearest size that works is {max(1, min(size, count))}"
        )


def classes_of(*sets) -> tuple[str, ...]:
    """Return the names of the classes in sets of Rows, in order; numbers by their value.

    A set may be None. Raises DataError for one class, and for more than a network can have.
    """
    known = [rows for rows in sets if rows]
    found = np.unique(np.concatenate([rows.labels for rows in known])).tolist()
    fix = "name another column with --label" if known[0].label else "check what its labels are"
    if len(found) < 2:
        raise DataError(
            f"{known[0].name}: all samples have the label {found[0]!r}; a network needs at least "
            f"two classes to tell apart: {fix}"
        )
    if len(found) > MAX_CLASSES:
        raise DataError(
            f"{known[0].name} has {len(found)} different labels ({listed(found[:3])}, ...), a "
            f"network has at most {MAX_CLASSES} classes: {fix}"
        )
    if all(WHOLE.fullmatch(label) for label in found):
        return tuple(sorted(found, key=int))
    return tuple(found)


def indices_of(rows, classes) -> np.ndarray:
    """Return the index of each label among the classes, int64.

    Raises DataError, by name and place, for a label that is none of them.
    """
    index = {label: number for number, label in enumerate(classes)}
    found = [index.get(label, -1) for label in rows.labels.tolist()]
    if -1 in found:
        unknown = sorted(set(rows.labels.tolist()) - set(classes))
        place = rows.places[found.index(-1)]
        raise DataError(
            f"{rows.name} has the classes {listed(unknown)}, the first in {place}, and the "
            f"network knows {listed(classes)} only; leave their samples out, train a new network "
            f"on all classes, or add them with boldhw train --from RUN --add-class"
        )
    return np.array(found, np.int64)


def divided(rows, classes, share, seed) -> tuple[Rows, Rows]:
    """Return shuffled training and test samples; each class is divided alike.

    ``share`` of each class goes to the test samples, rounded, and never all of it. Raises
    DataError when no test sample is left, and for other classes.
    """
    labels = indices_of(rows, classes)
    order = np.random.default_rng(seed).permutation(len(labels))
    test = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        test[members[: min(len(members) - 1, int(len(members) * share + 0.5))]] = True
    if not test.any():
        raise DataError(
            f"{rows.name}: {share:g} of each class is less than half a sample, and none would be "
            f"left to test with; give more samples, or a greater --test-share, such as 0.5"
        )
    return rows.picked(order[~test[order]]), rows.picked(order[test[order]])


def check_share(share) -> float:
    """Return the share of test samples. Raises ConfigError unless it is between 0 and 1."""
    if not 0 < share < 1:
        raise ConfigError(
            f"--test-share {share:g} must be more than 0 and less than 1: a network is trained on "
            f"some samples and tested on others; try --test-share {SHARE}"
        )
    return share
