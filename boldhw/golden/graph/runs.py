"""What the sums of a layer read, as pieces of strings: how compiled code finds it.

A row of a map, with the places that are missing at its ends, is one string of places times planes.
What a kernel row reads is then one run of the string, at one offset for each place of a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from boldhw.golden.graph.places import Places
from boldhw.golden.graph.rooms import BYTES
from boldhw.golden.words64 import WORD
from boldhw.spec.numbers import ceil_div


class Strings(NamedTuple):
    """Size of the strings of a map.

    top, left   rows above the map, planes before it
    rows        strings, those above and below included
    length      planes of one
    step        planes from one sum to the next
    stride      rows from one sum to the next
    """

    top: int
    left: int
    rows: int
    length: int
    step: int
    stride: int

    @classmethod
    def of(cls, places: Places) -> Strings:
        """Return the strings that the sums of a layer read."""
        (top, bottom, left, right), reads = places.edges, places.reads
        return cls(
            top,
            left * reads.planes,
            top + reads.height + bottom,
            (left + reads.width + right) * reads.planes,
            places.stride * reads.planes,
            places.stride,
        )

    @property
    def words(self) -> int:
        """64-bit words of a string, and one more that may be read past its end."""
        return ceil_div(self.length, WORD) + 1

    def padded(
        self, maps: np.ndarray, length: int, zeros: Callable[..., np.ndarray] = np.zeros
    ) -> np.ndarray:
        """Return (k, rows, length), zeros around maps of shape (k, h, w, c)."""
        k, height, width, planes = maps.shape
        strings = zeros((k, self.rows, length), maps.dtype)
        inner = strings[:, self.top : self.top + height, self.left : self.left + width * planes]
        inner[...] = maps.reshape(k, height, width * planes)
        return strings

    def packed(self, maps: np.ndarray) -> np.ndarray:
        """Return the strings as uint64, first plane lowest. maps: bool, shape (k, h, w, c)."""
        padded = self.padded(maps, self.words * WORD)
        return np.packbits(padded, axis=-1, bitorder="little").view(np.uint64)

    def cropped(self, strings: np.ndarray, places: Places) -> np.ndarray:
        """Return the maps in strings of shape (k, rows, length), the inverse of :meth:`padded`."""
        reads = places.reads
        inner = strings[
            :,
            self.top : self.top + reads.height,
            self.left : self.left + reads.width * reads.planes,
        ]
        return inner.reshape(-1, reads.height, reads.width, reads.planes)


def runs(places: Places) -> np.ndarray:
    """Return the runs of a sum at (0, 0): int64 rows of (string, offset, planes, first input).

    Pieces that follow each other in a string are one run.
    """
    found: list[list[int]] = []
    strings, at = Strings.of(places), 0
    for piece in places.pieces:
        row = strings.top + piece.dy
        offset = strings.left + piece.dx * places.reads.planes + piece.first
        if found and found[-1][0] == row and sum(found[-1][1:3]) == offset:
            found[-1][2] += piece.planes
        else:
            found.append([row, offset, piece.planes, at])
        at += piece.planes
    return np.array(found, np.int64)


def bit_runs(places: Places) -> np.ndarray:
    """Return :func:`runs`, cut so that none crosses from one 64-bit word of inputs to the next."""
    found = []
    for row, offset, planes, first in runs(places).tolist():
        while planes:
            count = min(planes, WORD - first % WORD)
            found.append((row, offset, count, first))
            offset, planes, first = offset + count, planes - count, first + count
    return np.array(found, np.int64)


def string_words(places: Places) -> np.ndarray | None:
    """Return the words that a sum at (0, 0) reads in all strings, int64.

    None if what it reads are no whole words, there or for another sum.
    """
    strings, found = Strings.of(places), bit_runs(places)
    if strings.step % WORD or (found[:, 1:] % WORD).any():
        return None
    at: np.ndarray = found[:, 0] * strings.words + found[:, 1] // WORD
    return at


def byte_runs(places: Places) -> np.ndarray:
    """Return :func:`runs` with the offset in all strings: int64 rows of (offset, planes, first)."""
    found, length = runs(places), Strings.of(places).length
    return np.stack([found[:, 0] * length + found[:, 1], found[:, 2], found[:, 3]], axis=1)


class Chunks(NamedTuple):
    """Where a row of bytes is added to, a vector at a time.

    at      int64: offset of each chunk in its row, or in a string
    to      int64: offset of its sum in numbers of 16 bits
    slots   int64, shape (m,): place of each input in the row
    """

    at: np.ndarray
    to: np.ndarray
    slots: np.ndarray

    @property
    def size(self) -> int:
        """Bytes of a row."""
        return len(self.at) * BYTES


def weight_chunks(places: Places) -> Chunks:
    """Return the chunks of a row of weights, to be added up in strings.

    Each run begins a chunk of its own; what is left of its last one is 0.
    """
    to: list[int] = []
    slots: list[int] = []
    length = Strings.of(places).length
    for row, offset, planes, _ in runs(places).tolist():
        slots += range(len(to) * BYTES, len(to) * BYTES + planes)
        to += [2 * (row * length + offset + part) for part in range(0, planes, BYTES)]
    return Chunks(BYTES * np.arange(len(to)), np.array(to, np.int64), np.array(slots, np.int64))


def input_chunks(places: Places) -> Chunks | None:
    """Return the chunks of what a sum reads in strings of bytes, None if runs are no whole ones."""
    at, found, length = [], runs(places), Strings.of(places).length
    if (found[:, 2] % BYTES).any():
        return None
    for row, offset, planes, _ in found.tolist():
        at += [row * length + offset + part for part in range(0, planes, BYTES)]
    to = 2 * BYTES * np.arange(len(at))
    return Chunks(np.array(at, np.int64), to, np.arange(places.inputs))


def copied_chunks(places: Places) -> Chunks:
    """Return the chunks of a copy of what a sum reads."""
    at = BYTES * np.arange(ceil_div(places.inputs, BYTES))
    return Chunks(at, 2 * at, np.arange(places.inputs))
