"""Arrays of samples and labels from ``.npz`` files."""

from __future__ import annotations

import numpy as np

from boldhw.data.files import DAMAGED, open_archive, read_array
from boldhw.data.rows import Rows, listed
from boldhw.errors import DataError

SPLIT = ("x_train", "y_train", "x_test", "y_test")
SAVE = (
    "save it with np.savez(path, x=samples, y=labels), or with x_train=, y_train=, x_test=, y_test="
)


def read_npz(path, labels=True) -> tuple[Rows, Rows | None]:
    """Return the samples of an ``.npz`` file: (all, None), or (training, test) samples.

    It has arrays ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test`` and ``y_test``: bool,
    integer or real samples of any shape, and labels of any type. Without ``labels`` it may lack
    those. Raises DataError, naming the sample, for what is not finite.
    """
    try:
        with open_archive(path) as archive:
            there = [name.removesuffix(".npy") for name in archive.namelist()]
            wanted = _wanted(there, labels, path)
            arrays = {name: read_array(archive, name, path, real=True) for name in wanted}
    except DAMAGED as error:
        raise DataError(f"{path} is damaged or no .npz file: {error}; save it again") from error
    if "x" in arrays:
        return _rows(path, "x", "y", arrays), None
    return parted(path, arrays)


def parted(path, arrays) -> tuple[Rows, Rows]:
    """Return (training, test) samples of arrays ``x_train``, ``y_train``, ``x_test``, ``y_test``.

    ``path`` is where they come from. Raises DataError like :func:`read_npz`.
    """
    train, test = (_rows(path, f"x_{part}", f"y_{part}", arrays) for part in ("train", "test"))
    _check_alike(path, train, test)
    return train, test


def _check_alike(path, train, test) -> None:
    """Raise DataError unless training and test samples are of one size and kind."""
    if train.values.shape[1] != test.values.shape[1]:
        raise DataError(
            f"{path}: samples of x_train have shape {train.shape}, those of x_test {test.shape}; "
            f"save samples of one shape"
        )
    kinds = [_kind(rows.values.dtype) for rows in (train, test)]
    if kinds[0] != kinds[1]:
        raise DataError(
            f"{path}: x_train holds {kinds[0]}, x_test {kinds[1]}; save both in the same type, on "
            f"the same scale"
        )


def _kind(dtype) -> str:
    if dtype in (np.uint8, np.bool_):
        return "uint8 or bool"
    return "real numbers" if dtype.kind == "f" else "integers"


def _wanted(there, labels, path) -> list[str]:
    """Return the names of the arrays to read. Raises DataError when some are missing."""
    names = list(SPLIT) if set(SPLIT) & set(there) else ["x", "y"]
    missing = [name for name in names if name not in there and (labels or name[0] == "x")]
    if missing:
        raise DataError(
            f"{path} has no array {', '.join(missing)}; it has {listed(there) or 'none'}; {SAVE}"
        )
    return [name for name in names if name in there]


def _rows(path, x, y, arrays) -> Rows:
    """Return the Rows of two arrays; ``x`` and ``y`` are their names."""
    values, labels = arrays[x], arrays.get(y)
    if values.dtype.kind not in "biuf" or values.ndim < 1 or 0 in values.shape:
        raise DataError(
            f"{path}: {x} is {values.dtype} of shape {values.shape}; it must hold numbers, one "
            f"sample in each entry of its first axis, and not be empty"
        )
    _check_finite(path, x, values)
    shape = values.shape[1:] or (1,)
    flat = values.reshape(len(values), -1)
    return Rows(
        name=str(path),
        values=flat.astype(np.float64) if flat.dtype.kind == "f" else flat,
        labels=None if labels is None else _texts(path, y, labels, len(values)),
        places=[f"{x}[{index}]" for index in range(len(values))],
        shape=shape,
    )


def _check_finite(path, x, values) -> None:
    """Raise DataError, naming the first value, unless all of them are finite."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        place = tuple(np.argwhere(~np.isfinite(values))[0].tolist())
        raise DataError(
            f"{path}: {x}[{', '.join(map(str, place))}] is {values[place]}; values are not "
            f"guessed: replace it, or leave sample {place[0]} out"
        )


def _texts(path, y, labels, samples) -> np.ndarray:
    """Return labels of any type as texts."""
    if labels.shape != (samples,):
        raise DataError(
            f"{path}: {y} has shape {labels.shape}, the samples are {samples}; give one label for "
            f"each, not one-hot rows: y.argmax(axis=1) makes labels of those"
        )
    if labels.dtype.kind == "f":
        _check_finite(path, y, labels)
        if (labels == np.round(labels)).all():
            labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    return labels.astype(np.str_)
