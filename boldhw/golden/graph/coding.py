"""How pictures become the planes of a sample: a thermometer code at each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.errors import DataError
from boldhw.spec.arrays import Bits
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
        """Raise DataError unless these pictures become samples of a shape."""
        places, pixels = sample.height * sample.width, pictures.shape[1]
        if places != pixels or sample.planes != len(self.levels):
            raise DataError(
                f"{name} has pictures of {pixels} pixels, coded in {len(self.levels)} planes; the "
                f"network takes {sample}: begin it with the height and width of the pictures"
            )
