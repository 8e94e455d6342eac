"""Coloured pictures with a class of each pixel, from an ``.npz`` file in three parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boldhw.data.files import DAMAGED, open_archive, read_array
from boldhw.data.rows import listed
from boldhw.errors import DataError

PARTS = ("train", "val", "test")
COLOURS = 3


@dataclass(frozen=True)
class Scenes:
    """Pictures, uint8, shape (count, height, width, 3), and labels, uint8, (count, height, width).

    ``x_val`` and ``y_val`` choose settings. Labels are classes from 0 and, above these, one for
    pixels of no class.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str

    @property
    def arrays(self):
        """All arrays: they tell one data set from another."""
        return tuple(getattr(self, f"{kind}_{part}") for part in PARTS for kind in "xy")

    def smaller(self, factor):
        """Return scenes of ``factor`` times fewer rows and columns.

        A pixel is the mean of a square, rounded down; its label is that of the middle.
        """
        fields = {}
        for part in PARTS:
            pictures, labels = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            count, height, width, _ = pictures.shape
            squares = pictures[:, : height // factor * factor, : width // factor * factor].reshape(
                count, height // factor, factor, width // factor, factor, COLOURS
            )
            means = squares.sum(axis=(2, 4), dtype=np.uint32) // factor**2
            fields[f"x_{part}"] = means.astype(np.uint8)
            fields[f"y_{part}"] = labels[:, factor // 2 :: factor, factor // 2 :: factor][
                :, : height // factor, : width // factor
            ]
        return Scenes(**fields, name=self.name)


def read_scenes(path) -> Scenes:
    """Return the scenes of an ``.npz`` file, or of the only one in a directory.

    It has arrays ``x_train``, ``y_train``, ``x_val``, ``y_val``, ``x_test`` and ``y_test``, as
    :class:`Scenes` says. Raises DataError for a file that is not there, damaged or holds others.
    """
    path = _file(Path(path))
    wanted = [f"{kind}_{part}" for part in PARTS for kind in "xy"]
    try:
        with open_archive(path) as archive:
            there = [name.removesuffix(".npy") for name in archive.namelist()]
            if missing := [name for name in wanted if name not in there]:
                raise DataError(
                    f"{path} has no array {', '.join(missing)}; it has {listed(there) or 'none'}; "
                    f"save pictures and labels of the parts {', '.join(PARTS)}"
                )
            arrays = {name: read_array(archive, name, path) for name in wanted}
    except DAMAGED as error:
        raise DataError(f"{path} is damaged or no .npz file: {error}; save it again") from error
    for part in PARTS:
        _check(path, part, arrays)
    return Scenes(**arrays, name=str(path))


def _file(path) -> Path:
    if path.is_dir():
        files = sorted(path.glob("*.npz"))
        if len(files) != 1:
            raise DataError(
                f"{path} has {len(files)} .npz files; give a directory with one, or the file itself"
            )
        return files[0]
    if not path.is_file():
        raise DataError(f"{path} is not there; give an .npz file of scenes, or its directory")
    return path


def _check(path, part, arrays) -> None:
    """Raise DataError unless a part has coloured pictures with a label for each pixel."""
    pictures, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[-1] != COLOURS:
        raise DataError(
            f"{path}: x_{part} is {pictures.dtype} of shape {pictures.shape}; it must be uint8 of "
            f"shape (count, height, width, {COLOURS})"
        )
    if not len(pictures) or pictures.shape[1:3] != arrays["x_train"].shape[1:3]:
        raise DataError(
            f"{path}: x_{part} is empty, or its pictures have another size than x_train"
        )
    if labels.dtype != np.uint8 or labels.shape != pictures.shape[:3]:
        raise DataError(
            f"{path}: y_{part} is {labels.dtype} of shape {labels.shape}; it must be uint8, one "
            f"label for each pixel of x_{part}"
        )
