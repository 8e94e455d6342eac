"""How pictures become the planes of a sample: a thermometer code at each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.spec.arrays import Bits, Signals
from boldhw.spec.maps import Shape


@dataclass(frozen=True)
class Levels:
    """Codes pictures: plane i of a place is T where the pixel is above ``levels[i]``."""

    levels: tuple[int, ...]

    @classmethod
    def spread(cls, planes: int) -> Levels:
        """Return as many levels at equal distances, the first half a distance above 0."""
        return cls(tuple((2 * plane + 1) * 128 // (planes + 1) for plane in range(planes)))

    def __call__(self, pictures: NDArray[Any]) -> Bits:
        """Return the bits, bool, shape (count, places * levels), planes last.

        pictures: uint8 or bool, shape (count, places); T of bool is above every level.
        """
        if pictures.dtype == np.bool_:
            planes = [pictures] * len(self.levels)
        else:
            planes = [pictures > level for level in self.levels]
        return np.stack(planes, axis=-1).reshape(len(pictures), -1)

    def check(self, sample: Shape, pictures: NDArray[Any], name: str) -> None:
        """Raise DataError unless these pictures become samples of a shape.

        One place takes a whole picture, as chains of dense layers have it.
        """
        places, pixels = sample.height * sample.width, pictures.shape[1]
        of_picture = 1 if places > 1 or pixels == 1 else pixels
        if places * of_picture != pixels or sample.planes != of_picture * len(self.levels):
            raise DataError(
                f"{name} has pictures of {pixels} pixels, coded in {len(self.levels)} planes; the "
                f"network takes {sample}: begin it with the height and width of the pictures"
            )


@dataclass(frozen=True)
class Colours:
    """Codes coloured pictures, and where in the picture a place is.

    levels   of each colour: a plane is T where the colour is above one
    rows     planes of which one more is T for each step down the picture
    columns  likewise, to the right
    """

    levels: tuple[tuple[int, ...], ...]
    rows: int = 0
    columns: int = 0

    @classmethod
    def fit(cls, pictures: NDArray[np.uint8], planes: int, rows: int, columns: int) -> Colours:
        """Return levels that part the values of each colour into equal shares.

        pictures: uint8, shape (count, height, width, colours).
        """
        flat = pictures.reshape(-1, pictures.shape[-1])
        ranks = [(plane + 1) * len(flat) // (planes + 1) for plane in range(planes)]
        sorted_values = np.sort(flat, axis=0)[ranks]
        return cls(tuple(map(tuple, sorted_values.T.tolist())), rows, columns)

    @property
    def planes(self) -> int:
        """Planes of a place."""
        return sum(map(len, self.levels)) + self.rows + self.columns

    def __call__(self, pictures: NDArray[np.uint8]) -> Bits:
        """Return the bits, bool, shape (count, places * planes), planes last.

        pictures: uint8, shape (count, height, width, colours).
        """
        count, height, width, _ = pictures.shape
        parts = [
            pictures[..., colour, None] > np.array(levels, np.uint8)
            for colour, levels in enumerate(self.levels)
        ]
        down = np.arange(height)[:, None, None] * (self.rows + 1)
        right = np.arange(width)[None, :, None] * (self.columns + 1)
        for value, steps, size in ((down, self.rows, height), (right, self.columns, width)):
            above = value > np.arange(1, steps + 1) * size
            parts.append(np.broadcast_to(above, (count, height, width, steps)))
        return np.concatenate(parts, axis=-1).reshape(count, -1)


@dataclass(frozen=True)
class Differences:
    """Codes grey pictures by how each pixel differs from four neighbours, in three values.

    A plane is T where the neighbour right, below or at either diagonal below is brighter by more
    than one of ``levels``, F where it is darker by more, else 0: flat places are 0 everywhere.
    """

    levels: tuple[int, ...]
    NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))

    @property
    def planes(self) -> int:
        """Planes of a place."""
        return len(self.NEIGHBOURS) * len(self.levels)

    def __call__(self, pictures: NDArray[np.uint8]) -> Signals:
        """Return int8, shape (count, places * planes), planes last.

        pictures: uint8, shape (count, height + 2, width + 2), with a frame of neighbours.
        """
        count, height, width = pictures.shape
        values, levels = pictures.astype(np.int16), np.array(self.levels, np.int16)
        centre = values[:, 1:-1, 1:-1]
        parts = []
        for dy, dx in self.NEIGHBOURS:
            neighbour = values[:, 1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
            difference = (neighbour - centre)[..., None]
            parts.append((difference > levels).view(np.int8) - (difference < -levels).view(np.int8))
        return np.concatenate(parts, axis=-1).reshape(count, -1)
