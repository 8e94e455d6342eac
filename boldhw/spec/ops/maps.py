"""Maps in the data memory: a pair of words a pixel and word.

Word ``v`` of pixel (y, x) is at row ``row + (y * deep + v) * pitch + x``, so that pixels next to
each other are in rows next to each other, and in different banks. ``front`` rows of zeros are in
front of the map; a map row ends with ``pitch - width`` pixels that are flushed: they hold nothing
themselves, and the pixels left of them where a word holds several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boldhw.spec.arrays import Bits
from boldhw.spec.maps import Shape
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.words import pixels


@dataclass(frozen=True)
class MapPlace:
    """Where a map is in the data memory.

    shape   of the map
    size    of the array
    row     of pixel (0, 0)
    pad     pixels of zeros that readers reach left and right of it
    """

    shape: Shape
    size: ArraySize
    row: int = 0
    pad: int = 0

    @property
    def groups(self) -> int:
        """Groups of P planes of a pixel."""
        return ceil_div(self.shape.planes, self.size.elements)

    @property
    def lanes(self) -> int:
        """Planes in the last of them."""
        return self.shape.planes - (self.groups - 1) * self.size.elements

    @property
    def deep(self) -> int:
        """Words of one pixel."""
        return ceil_div(self.groups, self.size.granules)

    @property
    def pitch(self) -> int:
        """Rows from one word of a map row to the next; the banks of the planes divide it."""
        return ceil_div(self.shape.width + self.pad, self.size.planes) * self.size.planes

    @property
    def rows(self) -> int:
        """Rows of the data memory, those in front included."""
        return self.pad + self.shape.height * self.deep * self.pitch

    @property
    def line(self) -> int:
        """Rows from one map row to the next."""
        return self.deep * self.pitch

    @property
    def first(self) -> int:
        """First row of the data memory that belongs to the map."""
        return self.row - self.pad

    def at(self, first: int) -> MapPlace:
        """Return the same map, in the rows from ``first`` on."""
        return MapPlace(self.shape, self.size, first + self.pad, self.pad)


def packed(bits: Bits, size: ArraySize, pitch: int) -> Bits:
    """Return the words of a map: bool, shape (height * deep * pitch, S).

    bits: bool, shape (height, width, groups * P).
    """
    height, width, planes = bits.shape
    p, granules = size.elements, size.granules
    groups = planes // p
    deep = ceil_div(groups, granules)
    held = pixels(groups, granules)
    wide = np.zeros((height, held - 1 + pitch, planes), bool)
    wide[:, held - 1 : held - 1 + width] = bits
    words = np.zeros((height, deep, pitch, size.lanes), bool)
    if held > 1:
        for pixel in range(held):
            part = slice(pixel * planes, (pixel + 1) * planes)
            words[:, 0, :, part] = wide[:, pixel : pixel + pitch]
    else:
        for word in range(deep):
            own = wide[:, :, word * size.lanes : (word + 1) * size.lanes]
            words[:, word, :, size.lanes - own.shape[2] :] = own
    return words.reshape(-1, size.lanes)


def own_planes(words: Bits, groups: int, size: ArraySize) -> Bits:
    """Return the planes of pixels, without those left of them: bool, shape (..., groups * P).

    words: bool, shape (..., deep, S), the words of each pixel.
    """
    deep, found = words.shape[-2], []
    for word in range(deep):
        held = min(groups - word * size.granules, size.granules)
        found.append(words[..., word, size.lanes - held * size.elements :])
    return np.concatenate(found, axis=-1)
