"""Sums over three-valued maps, compiled: a sign and a mask of 64 inputs at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from boldhw.golden.compiled import kept, popcount
from boldhw.golden.graph.kernel import Longs
from boldhw.golden.graph.loops import differ, largest, patches
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.runs import Strings, bit_runs
from boldhw.golden.graph.vectors import FEW, address
from boldhw.golden.words64 import WORD, Words, pack
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals
from boldhw.spec.numbers import ceil_div


class TernarySums:
    """What a layer sums when it reads maps of -1, 0 and 1."""

    def __init__(self, places: Places) -> None:
        self._strings, self._runs = Strings.of(places), bit_runs(places)
        words, outputs = ceil_div(places.inputs, WORD), ceil_div(places.outputs, FEW) * FEW
        self._signs, self._masks = np.empty((2, places.rows, places.columns, words), np.uint64)
        self._planes = np.zeros((words, outputs), np.uint64)
        self._wrong = np.empty((places.pool**2, outputs), np.int16)
        self._listed = np.empty(words, np.int64)

    def load(self, weights: Bits) -> None:
        """Take the weights, bool, shape (n, m)."""
        self._planes[:, : len(weights)] = pack(weights).T

    def forward(self, sums: Shorts, where: Signals, maps: Signals) -> None:
        """Sum, and keep the largest of each square. maps: int8, shape (k, h, w, c)."""
        strings = self._strings
        forward(
            sums, where, strings.packed(maps > 0), strings.packed(maps != 0), self._runs,
            (strings.stride, strings.step), self._signs, self._masks, self._planes, self._wrong,
            self._listed,
        )  # fmt: skip


@kept
def forward(
    sums: Shorts, where: Signals, trues: Words, others: Words, runs: Longs, step: tuple[int, int],
    signs: Words, masks: Words, planes: Words, wrong: Shorts, listed: Longs,
) -> None:  # fmt: skip
    """Sum, and keep the largest of each square.

    trues, others: strings of all samples, uint64, set where the map is T, and where it is not 0.
    signs, masks: uint64, shape (r, s, words), room for what sums read.  planes: uint64, shape
    (words, padded n).  wrong: int16, room for counts of each sum of a square.  listed: int64, shape
    (words,). Words whose mask is 0 are left out: they are most of a flat picture.
    """
    totals, pool = np.empty(len(wrong), np.int16), 2 if len(wrong) > 1 else 1
    words, pitch = planes.shape
    for k in range(len(sums)):
        patches(signs, trues[k], runs, step)
        patches(masks, others[k], runs, step)
        for y in range(sums.shape[1]):
            for x in range(sums.shape[2]):
                for q in range(len(wrong)):
                    r, s = y * pool + q // pool, x * pool + q % pool
                    count: Any = 0
                    total: Any = 0
                    for word in range(words):
                        listed[count] = word
                        count += np.int64(masks[r, s, word] != 0)
                        total += np.int64(popcount(masks[r, s, word]))
                    totals[q] = total
                    at = 8 * words * (r * signs.shape[1] + s)
                    found = address(wrong) + 2 * pitch * q
                    differ(found, address(signs) + at, address(masks) + at, planes, listed, count)
                largest(sums[k, y, x], where[k, y, x], totals, wrong)


@kept
def fire(values: Signals, sums: Shorts, tau: Shorts) -> None:
    """Set values to 1 where sums reach tau, int16, to -1 where they reach -tau, to 0 elsewhere."""
    for row in range(len(sums)):
        for j in range(sums.shape[1]):
            one, other = sums[row, j] >= tau[j], sums[row, j] <= -tau[j]
            values[row, j] = np.int8(one) - np.int8(other)
