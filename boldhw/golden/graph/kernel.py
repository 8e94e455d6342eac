"""What a layer computes, in NumPy: the definition that every other kernel has to equal."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from boldhw.golden import rule as places_alone
from boldhw.golden.convolution import pool, unpool
from boldhw.golden.graph import rule
from boldhw.golden.graph.attention import NumpyAttention
from boldhw.golden.graph.embedding import NumpyEmbedding
from boldhw.golden.graph.places import Places
from boldhw.golden.rule import Reals
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums

Longs = NDArray[np.int64]  # counts
Map = Bits | Signals  # two-valued, or three-valued


def operand(maps: Map, zero_true: bool) -> Reals:
    """Return what a map counts in a sum, float32: -1, 0 and 1. maps: bool or int8."""
    if maps.dtype == np.int8:
        return maps.astype(np.float32)
    return places_alone.operand(cast(Bits, maps), zero_true)


class NumpyKernel:
    """Computes the steps of one layer on arrays; it has no state but the weights it was given.

    Parameters
    ----------
    places : Places
        What the outputs read.

    Shapes: k samples; a map of h x w places and c planes is read, r x s places have sums, m bits
    are read by a sum, n outputs; p x q places are left when sums are pooled (p = r, q = s without).
    ``embedding`` and ``attention`` are what these kinds of layers compute with.
    """

    embedding: type[NumpyEmbedding] = NumpyEmbedding
    attention: type[NumpyAttention] = NumpyAttention

    def __init__(self, places: Places) -> None:
        self.places = places

    def load(self, weights: Bits) -> None:
        """Take the weights that the next steps use. weights: bool, shape (n, m)."""
        self._weights = weights

    def forward(self, maps: Map, zero_true: bool) -> tuple[Shorts, Signals]:
        """Return (sums, where): int16 and int8, both of shape (k, p, q, n).

        maps: shape (k, h, w, c); bool, or int8 that holds -1, 0 and 1.  zero_true: F of a bool map
        is 0 (True) or -1 (False).  where: which sum of a square is the largest, 0..3, row by row
        and the first on ties; 0 without pooling.
        """
        sums = rule.forward(self._inputs(maps, zero_true), self._weights)
        if self.places.pool == 1:
            return sums, np.zeros(sums.shape, np.int8)
        best, where = pool(sums.astype(np.int32))
        return best.astype(np.int16), where

    def fire(self, sums: Shorts, tau: Sums, ternary: bool = False) -> Map:
        """Return the outputs, shape (k, p, q, n): bool, or int8 if they are ternary.

        sums: int16, same.  tau: int32, shape (n,).
        """
        return rule.fire_ternary(sums, tau) if ternary else rule.fire(sums, tau)

    def count(self, bits: Map) -> Longs:
        """Return how often each output is T, or not 0: int64, shape (n,).

        bits: bool or int8, shape (k, p, q, n).
        """
        found: Longs = np.count_nonzero(bits, axis=(0, 1, 2)).astype(np.int64)
        return found

    def signals(
        self,
        deltas: Sums,
        sums: Shorts,
        tau: Sums,
        window: Sums,
        dead: int,
        ternary: bool = False,
    ) -> tuple[Signals, Longs, int]:
        """Return (signals, gated, size) of this layer's outputs.

        deltas: int32, shape (k, p, q, n), g of eq. 8 from all that read them.  sums: int16, same.
        tau, window: int32, shape (n,).  dead: |g| up to this gives no signal.  ternary: outputs
        are three-valued.
        signals: int8, shape of deltas, ``sign(g)`` where the gate is set and ``|g| > dead``.
        gated: int64, shape (n,), outputs whose gate is set.  size: sum of |g| over all of these.
        """
        gate = rule.gate(sums, tau, window, ternary)
        size = int(np.abs(deltas[gate]).sum(dtype=np.int64))
        return places_alone.ternarise(deltas, gate, dead), self.count(gate), size

    def backward(self, signals: Signals, where: Signals) -> Sums:
        """Return g of the map that is read: int32, shape (k, h, w, c).

        signals: int8, shape (k, p, q, n).  where: of :meth:`forward`; the signal of a square goes
        to its largest sum.
        """
        return rule.backward(self._unpooled(signals, where), self._weights, self.places)

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
        """Add the steps of each sample to ``target``, int16, shape (n, m), in place.

        After each sample ``target`` is clamped to ``bits`` bits.  maps: as for :meth:`forward`.
        signals, where: shape (k, p, q, n).  first: active samples of this batch that voted before.
        """
        inputs = self._inputs(maps, zero_true)
        votes = rule.vote(self._unpooled(signals, where), inputs)
        for count, sample in enumerate(votes, first):
            step = rule.steps(sample, rounding, count)
            target[...] = places_alone.accumulate(target, step, bits)

    def total(self, signals: Signals) -> Sums:
        """Return the sum of the signals of each output: int32, shape (n,).

        signals: int8, shape (k, p, q, n).
        """
        found: Sums = signals.sum(axis=(0, 1, 2), dtype=np.int32)
        return found

    def add(self, accumulators: Shorts, steps: Sums, bits: int) -> None:
        """Add steps to accumulators in place, clamped to ``bits`` bits.

        accumulators: int16, shape (n, m).  steps: int32, same, of 17 bits at most.
        """
        accumulators[...] = places_alone.accumulate(accumulators, steps, bits)

    def flip(self, weights: Bits, accumulators: Shorts, theta: int) -> int:
        """Flip weights whose accumulator is against them by ``theta``, in place; return how many.

        weights: bool, shape (n, m).  accumulators: int16, same; 0 where a weight flips.
        """
        weights[...], accumulators[...], flipped = places_alone.flip(weights, accumulators, theta)
        return int(np.count_nonzero(flipped))

    def _inputs(self, maps: Map, zero_true: bool) -> Reals:
        return rule.patches(operand(maps, zero_true), self.places)

    def _unpooled(self, signals: Signals, where: Signals) -> Signals:
        return signals if self.places.pool == 1 else unpool(signals, where)
