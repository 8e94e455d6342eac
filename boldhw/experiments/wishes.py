"""What hardware might do otherwise than the rule, as kernels: measured before it is chosen."""

from dataclasses import replace
from typing import Any

import numpy as np

from boldhw.golden import rule
from boldhw.golden.graph.fastest import kernel

Kernel: Any = kernel()


class FirstFired(Kernel):
    """Sends the signal of a pooled square to the first sum that fired, not to the largest.

    A square is then T where one of four comparisons is true, and no sums are compared with each
    other. If none fired, the signal goes to the largest sum as before.
    """

    def __init__(self, places):
        super().__init__(places)
        self._single = Kernel(replace(places, pool=1)) if places.pool > 1 else None

    def load(self, weights):
        super().load(weights)
        if self._single:
            self._single.load(weights)

    def forward(self, maps, zero_true):
        if not self._single:
            return super().forward(maps, zero_true)
        sums, _ = self._single.forward(maps, zero_true)
        k, rows, columns, n = sums.shape
        squares = sums.reshape(k, rows // 2, 2, columns // 2, 2, n).transpose(0, 1, 3, 5, 2, 4)
        self._squares = squares.reshape(k, rows // 2, columns // 2, n, 4)
        self._where = self._squares.argmax(axis=-1).astype(np.int8)
        return self._squares.max(axis=-1), self._where

    def fire(self, sums, tau, *others):
        """Return the outputs; ``where`` that :meth:`forward` returned is changed as they say."""
        bits = super().fire(sums, tau, *others)
        if self._single:
            first = (self._squares >= tau[:, None]).argmax(axis=-1)
            self._where[...] = np.where(bits, first, self._where)
        return bits


class Noise(Kernel):
    """Rounds votes with random numbers, one for each weight and sample, not with a counter."""

    def __init__(self, places):
        super().__init__(places)
        self._generator = np.random.default_rng(0)

    def vote(self, target, maps, signals, where, zero_true, rounding, first, bits):
        for k in range(len(signals)):
            votes, part = np.zeros_like(target), slice(k, k + 1)
            super().vote(votes, maps[part], signals[part], where[part], zero_true, 0, 0, 16)
            noise = self._generator.integers(0, 1 << rounding, target.shape, np.int32)
            target[...] = rule.accumulate(target, (noise + votes) >> rounding, bits)


class OneNumber(Kernel):
    """Rounds votes with one random number for a whole layer and sample, not with a counter."""

    def __init__(self, places):
        super().__init__(places)
        self._generator = np.random.default_rng(0)

    def vote(self, target, maps, signals, where, zero_true, rounding, first, bits):
        for k in range(len(signals)):
            part, number = slice(k, k + 1), int(self._generator.integers(1 << rounding))
            super().vote(
                target, maps[part], signals[part], where[part], zero_true, rounding, number, bits
            )


class WholeBatch(Kernel):
    """Adds up the votes of a batch in 16 bits, and rounds and clamps that sum once.

    A counter of updates rounds. Dense layers add up their votes anyway, and do so as before.
    """

    def __init__(self, places):
        super().__init__(places)
        self._sum, self._rounding, self._updates = None, 0, 0

    def vote(self, target, maps, signals, where, zero_true, rounding, first, bits):
        if self.places.rows * self.places.columns == 1:
            super().vote(target, maps, signals, where, zero_true, rounding, first, bits)
            return
        if self._sum is None:
            self._sum = np.zeros_like(target)
        super().vote(self._sum, maps, signals, where, zero_true, 0, 0, 16)
        self._rounding, self._bits = rounding, bits

    def flip(self, weights, accumulators, theta):
        if self._sum is not None:  # what accumulators would get: -q of each sample
            number = self._updates % (1 << self._rounding)
            step = (self._sum.astype(np.int32) + number) >> self._rounding
            self.add(accumulators, step, self._bits)
            self._sum[...] = 0
            self._updates += 1
        return super().flip(weights, accumulators, theta)


KERNELS: dict[str, Any] = {
    "first": FirstFired, "noise": Noise, "one": OneNumber, "batch": WholeBatch,
}  # fmt: skip
