"""The brightness of pictures, for super-resolution: folders of pictures to train and to test on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boldhw.data.pictures import is_picture, read_picture, visible
from boldhw.errors import DataError

TRAIN, TESTS = "T91", ("Set5", "Set14")
# Y of ITU-R BT.601 from R, G and B, in 1/255000, and its offset.
RED, GREEN, BLUE, OFFSET, UNIT = 65481, 128553, 24966, 16, 255000
Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Brightness:
    """Grey pictures of any size, uint8, shape (height, width).

    train   to train on; some of them choose settings
    tests   of each set to test on, by name
    """

    train: tuple[Grey, ...]
    tests: dict[str, tuple[Grey, ...]]
    name: str

    @property
    def y_train(self) -> tuple[Grey, ...]:
        """What is learned: the pictures themselves."""
        return self.train

    @property
    def y_test(self) -> tuple[Grey, ...]:
        """All pictures to test on."""
        return tuple(picture for pictures in self.tests.values() for picture in pictures)

    @property
    def arrays(self) -> tuple[Grey, ...]:
        """All pictures: they tell one data set from another."""
        return (*self.y_train, *self.y_test)


def read_brightness(path) -> Brightness:
    """Return the pictures of a directory with the folders T91, Set5 and Set14.

    Raises DataError for a folder that is missing, empty or holds what is no picture; ToolError
    without Pillow.
    """
    path = Path(path)
    folders = {name: _pictures(path / name) for name in (TRAIN, *TESTS)}
    return Brightness(folders[TRAIN], {name: folders[name] for name in TESTS}, str(path))


def luma(picture: NDArray[np.uint8]) -> Grey:
    """Return Y of ITU-R BT.601, 16 to 235, rounded to nearest; of a grey one the same.

    picture: uint8, shape (height, width, 3), or (height, width).
    """
    colours = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    total = colours.astype(np.int64) @ np.array([RED, GREEN, BLUE])
    return ((total + OFFSET * UNIT + UNIT // 2) // UNIT).astype(np.uint8)


def _pictures(folder) -> tuple[Grey, ...]:
    files = visible(folder, is_picture) if folder.is_dir() else []
    if not files:
        raise DataError(
            f"{folder} {'has no pictures' if folder.is_dir() else 'is not there'}; give a "
            f"directory with folders {TRAIN}, {' and '.join(TESTS)} of PNG or JPEG pictures"
        )
    return tuple(luma(read_picture(file, len(files))) for file in files)
