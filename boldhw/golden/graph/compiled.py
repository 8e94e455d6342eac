"""What a layer computes, compiled: the bits of :mod:`boldhw.golden.graph.kernel` in less time.

Forward, what a sum reads is copied into 64-bit words, run by run, so that one XOR and one count of
ones does for 64 inputs. Backward and in votes only signals other than 0 are visited: behind pooling
nine in ten are 0. Needs the package numba; one thread.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.graph import loops
from boldhw.golden.graph.kernel import Longs, NumpyKernel
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.runs import Strings, bit_runs, runs
from boldhw.golden.graph.vectors import BYTES, FEW, ROW
from boldhw.golden.words64 import WORD, pack
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Scalar, Signals, Sums
from boldhw.spec.numbers import ceil_div


class CompiledKernel(NumpyKernel):
    """A :class:`NumpyKernel` whose every step gives the same bits, and takes less time."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._strings = Strings.of(places)
        self._step = self._strings.stride, self._strings.step
        self._runs, self._bit_runs = runs(places), bit_runs(places)
        words, size = ceil_div(places.inputs, WORD), ceil_div(places.inputs, ROW) * ROW
        self._inside, self._patch = np.empty((2, places.rows, places.columns, words), np.uint64)
        everywhere = np.ones((1, *vars(places.reads).values()), bool)
        loops.patches(self._inside, self._strings.packed(everywhere)[0], self._bit_runs, self._step)
        count = places.rows * places.columns
        self._full, self._listed = np.full(words, loops.ONES), np.empty(words, np.int64)
        self._planes = _aligned((words, ceil_div(places.outputs, FEW) * FEW), np.uint64)
        self._wrong = np.empty((places.pool**2, self._planes.shape[1]), np.int16)
        self._known = np.zeros((places.outputs, places.inputs), bool)
        self._signs = _aligned((places.outputs, size), np.int8)
        self._signs[:, : places.inputs] = -1  # all weights are F before the first load
        self._bytes, self._wide = _aligned((count, size), np.int8), _aligned((size,), np.int16)
        self._seen = np.empty((2, count), np.int64)
        self._outputs = np.empty((places.pool**2, 2, places.outputs), np.int64)
        self._counts = np.empty((places.pool**2, 2), np.int64)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the places alone: a network loads the weights before it computes."""
        # Imported here: it imports this module.
        from boldhw.golden.graph.fastest import restored

        return restored, (self.places,)

    def load(self, weights: Bits) -> None:
        """Take the weights: as words for sums, and as -1 and 1 to be added up.

        Only rows that changed are made anew: a network is trained a few samples at a time.
        """
        changed = np.flatnonzero((weights != self._known).any(axis=1))
        if not len(changed):
            return
        rows = weights[changed]
        self._known[changed] = rows
        self._planes[:, changed] = pack(rows).T
        self._signs[changed, : rows.shape[1]] = np.where(rows, np.int8(1), np.int8(-1))

    def forward(self, maps: Bits, zero_true: bool) -> tuple[Shorts, Signals]:
        shape = len(maps), *vars(self.places.makes).values()
        sums, where = np.empty(shape, np.int16), np.zeros(shape, np.int8)
        loops.forward(
            sums, where, self._strings.packed(maps), self._bit_runs, self._step, self._inside,
            self._patch, self._planes, self._wrong, self._full, self._listed, zero_true,
        )  # fmt: skip
        return sums, where

    def fire(self, sums: Shorts, tau: Sums) -> Bits:
        bits = np.empty(sums.shape, np.bool_)
        loops.fire(_rows(bits), _rows(sums), tau.astype(np.int16))
        return bits

    def count(self, bits: Bits) -> Longs:
        found = np.zeros(bits.shape[-1], np.int32)
        loops.count(found, _rows(bits))
        return found.astype(np.int64)

    def signals(
        self, deltas: Sums, sums: Shorts, tau: Sums, window: Sums, dead: int
    ) -> tuple[Signals, Longs, int]:
        signals = np.empty(deltas.shape, np.int8)
        gated = np.zeros(deltas.shape[-1], np.int32)
        size = loops.signals(
            _rows(signals), gated, _rows(deltas), _rows(sums), tau, window, np.int32(dead)
        )
        return signals, gated.astype(np.int64), size

    def backward(self, signals: Signals, where: Signals) -> Sums:
        strings = self._strings
        deltas = np.zeros((len(signals), strings.rows, strings.length), np.int16)
        loops.backward(
            deltas, signals, where, self._signs, self._runs, self._step, self.places.pool,
            self._wide, self._outputs, self._counts,
        )  # fmt: skip
        return strings.cropped(deltas, self.places).astype(np.int32)

    def vote(
        self,
        target: Shorts,
        maps: Bits,
        signals: Signals,
        where: Signals,
        zero_true: bool,
        rounding: int,
        first: int,
        bits: int,
    ) -> None:
        strings, places = self._strings, self.places
        ones = np.ascontiguousarray(maps).view(np.int8)  # 0 and 1
        values = ones if zero_true else 2 * ones - 1
        loops.vote(
            target, strings.padded(values, strings.length), signals, where, self._runs, self._step,
            self._bytes, places.columns, places.pool, rounding, first, 1 << bits - 1, self._wide,
            self._seen,
        )  # fmt: skip

    def flip(self, weights: Bits, accumulators: Shorts, theta: int) -> int:
        return int(loops.flip(weights, accumulators, theta))


def _aligned(shape: tuple[int, ...], dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return zeros that begin at a multiple of a vector, so that no load takes two cache lines."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + BYTES, np.uint8)
    first = -room.ctypes.data % BYTES
    return room[first : first + size].view(dtype).reshape(shape)


def _rows(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return an array of shape (k, p, q, n) as (k * p * q, n)."""
    return np.ascontiguousarray(array).reshape(-1, array.shape[-1])
