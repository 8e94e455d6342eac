"""The memories and registers of an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Bits, Sums
from boldhw.spec.ops.array import ArraySize

Longs = NDArray[np.int64]


class Memories:
    """Everything that ops read and write, all 0 at first.

    data       bool, shape (rows, bits): maps, accumulators, op lists
    weights    bool, shape (rows, P, S)
    deltas     bool, shape (rows, 2, S): signs and masks of one output
    units      int32, shape (rows, P, 2): thresholds and windows; means and nothing
    counters   int64, shape (rows, P)
    scores     int32, sums of the last MAC of a forward list, place by place
    label, margin   of the loss, set by the host
    count      active samples of this batch that voted before this one
    active     verdict of the last LOSS
    """

    def __init__(self, size: ArraySize) -> None:
        self.size = size
        p, s = size.elements, size.lanes
        self.data = np.zeros((size.data_rows, size.data_width), np.bool_)
        self.weights = np.zeros((size.weight_rows, p, s), np.bool_)
        self.deltas = np.zeros((size.delta_rows, 2, s), np.bool_)
        self.units = np.zeros((size.unit_rows, p, 2), np.int32)
        self.counters = np.zeros((size.counter_rows, p), np.int64)
        self.scores = np.zeros(0, np.int32)
        self.label = self.margin = self.count = 0
        self.active = False

    def pairs(self, rows: Longs) -> tuple[Bits, Bits]:
        """Return both words of rows of the data memory: bool, shape of ``rows`` and S."""
        s, found = self.size.lanes, self.data[rows]
        return found[..., :s], found[..., s : 2 * s]

    def write_pairs(self, row: int, first: Bits, second: Bits) -> None:
        """Write pairs of words to rows from ``row`` on. first, second: bool, shape (rows, S)."""
        s = self.size.lanes
        target = self.data[row : row + len(first)]
        target[:, :s], target[:, s : 2 * s] = first, second
        target[:, 2 * s :] = False

    def accumulators(self, row: int, rows: int) -> Sums:
        """Return rows of accumulators, int32, shape (rows, P)."""
        p, a = self.size.elements, self.size.accumulator_bits
        bits = self.data[row : row + rows, : p * a].reshape(rows, p, a)
        weight = 1 << np.arange(a, dtype=np.int32)
        weight[-1] = -weight[-1]
        found: Sums = bits @ weight
        return found

    def write_accumulators(self, row: int, values: Sums | Longs) -> None:
        """Write rows of accumulators, clamped. values: int, shape (rows, P)."""
        p, a = self.size.elements, self.size.accumulator_bits
        half = 1 << a - 1
        kept: Longs = np.clip(values, -half, half - 1).astype(np.int64)
        bits = kept[..., None] >> np.arange(a) & 1
        target = self.data[row : row + len(values)]
        target[:, : p * a] = bits.reshape(len(values), -1)
        target[:, p * a :] = False
