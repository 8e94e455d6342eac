"""What a layer computes, compiled: the bits of :mod:`boldhw.golden.graph.kernel` in less time.

Forward, bits are read as words, so that one XOR and one count of ones does for 32 or 64 inputs
(:mod:`boldhw.golden.graph.sums`). Backward and in votes only signals other than 0 are visited:
behind pooling nine in ten are 0 (:mod:`boldhw.golden.graph.sparse`). Needs the package numba; one
thread.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.graph import loops, sparse
from boldhw.golden.graph.attention_loops import CompiledAttention
from boldhw.golden.graph.embedding_loops import CompiledEmbedding
from boldhw.golden.graph.kernel import Longs, Map, NumpyKernel
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.rooms import aligned
from boldhw.golden.graph.runs import Strings, byte_runs, copied_chunks, input_chunks, weight_chunks
from boldhw.golden.graph.sums import ShortSums, sums_of
from boldhw.golden.words64 import WORD
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Scalar, Signals, Sums
from boldhw.spec.numbers import ceil_div

# Room behind a list of places. Lists whose distance is a power of two share few lines of a cache,
# and outputs take turns to be written to.
SPREAD = 16


class CompiledKernel(NumpyKernel):
    """A :class:`NumpyKernel` whose every step gives the same bits, and takes less time."""

    embedding = CompiledEmbedding
    attention = CompiledAttention

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._strings, self._sums = Strings.of(places), sums_of(places)
        self._byte_runs = byte_runs(places)
        self._known = np.zeros((places.outputs, ceil_div(places.inputs, WORD)), np.uint64)
        self._down = weight_chunks(places)
        self._signs = aligned((places.outputs, self._down.size), np.int8)
        self._signs[:, self._down.slots] = -1  # all weights are F before the first load
        direct = input_chunks(places)
        self._up = direct or copied_chunks(places)
        copies = (0, 0) if direct else (places.rows + 1, places.columns)
        self._bytes = aligned((*copies, self._up.size), np.int8)
        self._wide = aligned((self._up.size,), np.int16)
        makes, squares = places.makes, places.pool**2
        self._outputs = np.empty((squares, 2, places.outputs), np.int32)
        self._counts = np.empty((squares, 2), np.int64)
        self._places = np.empty((places.outputs, 2, makes.height * makes.width + SPREAD), np.int32)
        self._seen = np.empty((places.outputs, 2), np.int64)

    def __deepcopy__(self, memo: Any) -> Self:
        """Copy the places alone: a network loads the weights before it computes.

        A copy of an array would lack the room behind it that vectors need.
        """
        return type(self)(self.places)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the places alone, for whatever kernel there is where they are read."""
        # Imported here: it imports this module.
        from boldhw.golden.graph.fastest import restored

        return restored, (self.places,)

    def load(self, weights: Bits) -> None:
        """Take the weights: as words for sums, and as -1 and 1 to be added up.

        Only those that changed are taken: a network is trained a few samples at a time.
        """
        words = self._sums.words
        size = words.dtype.itemsize.bit_length() + 2
        rows = np.ascontiguousarray(weights)
        loops.load(rows, self._known, words, size, self._signs, self._down.slots)

    def forward(self, maps: Map, zero_true: bool) -> tuple[Shorts, Signals]:
        if maps.dtype == np.int8 and isinstance(self._sums, ShortSums):
            self._take_long_sums()
        shape = len(maps), *vars(self.places.makes).values()
        sums, where = np.empty(shape, np.int16), np.zeros(shape, np.int8)
        self._sums.forward(sums, where, maps, zero_true)
        return sums, where

    def fire(self, sums: Shorts, tau: Sums, ternary: bool = False) -> Map:
        least = tau.astype(np.int16)
        if ternary:
            values = np.empty(sums.shape, np.int8)
            loops.fire_ternary(_rows(values), _rows(sums), least)
            return values
        bits = np.empty(sums.shape, np.bool_)
        loops.fire(_rows(bits), _rows(sums), least)
        return bits

    def count(self, bits: Map) -> Longs:
        found = np.zeros(bits.shape[-1], np.int32)
        loops.count(found, _rows(bits.view(np.int8)))
        return found.astype(np.int64)

    def signals(
        self,
        deltas: Sums,
        sums: Shorts,
        tau: Sums,
        window: Sums,
        dead: int,
        ternary: bool = False,
    ) -> tuple[Signals, Longs, int]:
        if ternary:
            sums = np.abs(sums)
        signals = np.empty(deltas.shape, np.int8)
        gated = np.zeros(deltas.shape[-1], np.int32)
        size = loops.signals(
            _rows(signals), gated, _rows(deltas), _rows(sums), tau, window, np.int32(dead)
        )
        return signals, gated.astype(np.int64), size

    def backward(self, signals: Signals, where: Signals) -> Sums:
        strings = self._strings
        shape = len(signals), strings.rows, strings.length
        deltas = aligned(shape, np.int16)
        steps = 2 * strings.stride * strings.length, 2 * strings.step
        sparse.backward(
            _flat(deltas), np.ascontiguousarray(signals), where, self._signs, self._down.to,
            self._down.at, steps, self.places.pool, self._outputs, self._counts,
        )  # fmt: skip
        return strings.cropped(deltas, self.places).astype(np.int32)

    def vote(
        self,
        target: Shorts,
        maps: Map,
        signals: Signals,
        where: Signals,
        zero_true: bool,
        rounding: int,
        first: int,
        bits: int,
    ) -> None:
        strings, places = self._strings, self.places
        values = np.ascontiguousarray(maps).view(np.int8)
        if maps.dtype == np.bool_ and not zero_true:
            values = 2 * values - 1
        padded = strings.padded(values, strings.length, aligned)
        steps = strings.stride * strings.length, strings.step
        copied = len(self._bytes) > 0
        jumps = (places.columns * self._up.size, self._up.size) if copied else steps
        sparse.vote(
            target, _flat(padded), np.ascontiguousarray(signals), where, self._byte_runs,
            self._up.to, self._up.at, steps, jumps, self._bytes, places.pool, rounding, first,
            1 << bits - 1, self._wide, self._places, self._seen,
        )  # fmt: skip

    def _take_long_sums(self) -> None:
        """Keep the weights in the words of long sums, which read three values too."""
        self._sums = sums_of(self.places, is_ternary=True)
        packed, self._known = self._known.view(np.uint8), np.zeros_like(self._known)
        bits = np.unpackbits(packed, axis=1, count=self.places.inputs, bitorder="little")
        weights = bits.astype(np.bool_)
        self._signs[:, self._down.slots] = -1
        self.load(weights)

    def total(self, signals: Signals) -> Sums:
        found = np.zeros(signals.shape[-1], np.int32)
        loops.total(found, _rows(signals))
        return found

    def add(self, accumulators: Shorts, steps: Sums, bits: int) -> None:
        loops.add(accumulators, steps, 1 << bits - 1)

    def flip(self, weights: Bits, accumulators: Shorts, theta: int) -> int:
        return int(loops.flip(weights, accumulators, theta))


def _rows(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return an array of shape (k, p, q, n) as (k * p * q, n)."""
    return np.ascontiguousarray(array).reshape(-1, array.shape[-1])


def _flat(strings: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return strings of shape (k, rows, length) as (k, rows * length)."""
    k, rows, length = strings.shape
    return strings.reshape(k, rows * length)
