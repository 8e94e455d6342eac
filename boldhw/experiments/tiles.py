"""Pictures at two sizes, tiles of them to train on, and what a network makes of a picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from boldhw.data.bicubic import FRACTION, enlarged, reduced
from boldhw.golden.graph.heads.residuals import NONE, shuffled, unshuffled

EDGE = 4  # places around a tile that teach nothing: their sums reach outside of it
OVERHANG = 6  # places by which a tile may reach outside of a picture
TOGETHER = 16  # tiles that are computed together


class Pair(NamedTuple):
    """A picture, uint8, its bicubic base, int16 in 1/16, and what is made larger, uint8."""

    large: np.ndarray
    base: np.ndarray
    small: np.ndarray

    @classmethod
    def of(cls, picture, scale):
        """Cut a grey picture to multiples of ``scale``, and make it smaller and larger again."""
        height, width = (size // scale * scale for size in picture.shape)
        large = picture[:height, :width]
        small = reduced(large, scale)
        return cls(large, enlarged(small, scale), small)

    @property
    def bicubic(self):
        """The base, rounded: uint8."""
        return rounded(self.base)


def rounded(values):
    """Return 1/16 of values, to nearest, as uint8."""
    return np.clip((values + (1 << FRACTION - 1)) >> FRACTION, 0, 255).astype(np.uint8)


class Tiles:
    """Draws tiles of ``side`` x ``side`` small pixels out of pairs.

    A tile is the small pixels with a frame of one around, uint8, shape (side + 2, side + 2), and
    the residuals of its sub-pixels, int16, shape (side, side, scale * scale), NONE at its edge and
    outside of the picture. Outside of a picture its last pixels go on.
    """

    def __init__(self, pairs, scale, side):
        self.scale, self.side = scale, side
        self._sizes = np.array([pair.small.shape for pair in pairs])
        self._small = [np.pad(pair.small, side + 1, "edge") for pair in pairs]
        self._residuals = [
            np.pad((pair.large.astype(np.int16) << FRACTION) - pair.base, (side + 1) * scale,
                   constant_values=NONE)
            for pair in pairs
        ]  # fmt: skip

    def draw(self, generator, count):
        """Return (tiles, residuals) at random places and in random ones of eight symmetries."""
        ends = np.cumsum(self._sizes.prod(axis=1))
        chosen = np.searchsorted(ends, generator.integers(ends[-1], size=count), side="right")
        shares, symmetries = generator.random((count, 2)), generator.integers(8, size=count)
        tiles, residuals = [], []
        for index, share, symmetry in zip(chosen, shares, symmetries, strict=True):
            y, x = (
                int(np.clip(int(share[axis] * size) - self.side // 2, -OVERHANG,
                            max(-OVERHANG, size - self.side + OVERHANG)))
                for axis, size in enumerate(self._sizes[index])
            )  # fmt: skip
            tiles.append(turned(self.tile(index, y, x), symmetry))
            residuals.append(turned(self._taught(index, y, x), symmetry))
        return np.stack(tiles), unshuffled(np.stack(residuals), self.scale)

    def tile(self, index, y, x):
        """Return the small pixels at (y, x) of a picture, with their frame."""
        y, x = y + self.side, x + self.side  # the frame begins one before
        return self._small[index][y : y + self.side + 2, x : x + self.side + 2]

    def _taught(self, index, y, x):
        """Return the residuals of a tile, shape (side * scale, side * scale)."""
        y, x = (self.scale * (place + self.side + 1) for place in (y, x))
        size = self.side * self.scale
        found = self._residuals[index][y : y + size, x : x + size].copy()
        inner = slice(EDGE * self.scale, size - EDGE * self.scale)
        edge = np.ones(found.shape, bool)
        edge[inner, inner] = False
        found[edge] = NONE
        return found


def turned(square, symmetry):
    """Return a square array in one of the eight symmetries of a square, 0 to 7."""
    square = square[::-1] if symmetry & 1 else square
    square = square[:, ::-1] if symmetry & 2 else square
    return square.T if symmetry & 4 else square


def restored(pair, graph, code, scale, side):
    """Return what a network makes of a small picture: uint8, the size of the large one."""
    tiles, step = Tiles([pair], scale, side), side - 2 * OVERHANG
    height, width = pair.small.shape
    corners = [(y, x) for y in range(0, height, step) for x in range(0, width, step)]
    found = pair.base.astype(np.int32)
    inner = slice(OVERHANG * scale, (side - OVERHANG) * scale)
    for start in range(0, len(corners), TOGETHER):
        part = corners[start : start + TOGETHER]
        cut = np.stack([tiles.tile(0, y - OVERHANG, x - OVERHANG) for y, x in part])
        scores = shuffled(graph.infer(code(cut)), scale)[:, inner, inner]
        for (y, x), residual in zip(part, scores, strict=True):
            target = found[y * scale : (y + step) * scale, x * scale : (x + step) * scale]
            target += residual[: target.shape[0], : target.shape[1]]
    return rounded(found)
