"""Sums of a layer, compiled: the arrays that :mod:`boldhw.golden.graph.summing` work on.

Sums of few inputs are counted for a square of places at once, in lanes of 32 bits. Others are
counted word by word; where all planes of a place are whole words, these are read where they are.
"""

from __future__ import annotations

import numpy as np

from boldhw.golden.graph import summing
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.places import Places
from boldhw.golden.graph.rooms import aligned
from boldhw.golden.graph.runs import Strings, bit_runs, string_words
from boldhw.golden.graph.squares import LANE, LANES
from boldhw.golden.graph.vectors import FEW
from boldhw.golden.words64 import WORD, Words
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Signals
from boldhw.spec.numbers import ceil_div

SHORT = 256  # inputs that are few


def sums_of(places: Places, is_ternary: bool = False) -> ShortSums | LongSums:
    """Return what is faster for a layer; only long sums read three values."""
    return LongSums(places) if is_ternary or places.inputs > SHORT else ShortSums(places)


class ShortSums:
    """Sums of few inputs.

    ``words`` are the weights, uint32, shape (units, padded n), bit by bit in the order of inputs.
    """

    def __init__(self, places: Places) -> None:
        self._pool, self._inputs, self._strings = places.pool, places.inputs, Strings.of(places)
        self._step, self._runs = (self._strings.stride, self._strings.step), bit_runs(places)
        self._inside, self._patch = _patches(places)
        self._counts = np.bitwise_count(self._inside).sum(axis=2).astype(np.int32)
        units, width = ceil_div(places.inputs, LANE), ceil_div(places.outputs, LANES) * LANES
        self.words = aligned((units, width), np.uint32)
        self._totals = np.empty(self._pool**2, np.int32)

    def forward(self, sums: Shorts, where: Signals, maps: Map, zero_true: bool) -> None:
        """Sum into ``sums``, and into ``where``, which is 0. maps: bool."""
        summing.forward_short(
            sums, where, self._strings.packed(maps), self._runs, self._step, self._inside,
            self._counts, self._inputs, self._patch, self.words, self._totals, self._pool,
            zero_true,
        )  # fmt: skip


class LongSums:
    """Sums of many inputs, as :class:`ShortSums`; ``words`` are uint64."""

    def __init__(self, places: Places) -> None:
        self._strings = Strings.of(places)
        self._step, self._runs = (self._strings.stride, self._strings.step), bit_runs(places)
        words = ceil_div(places.inputs, WORD)
        if (at := string_words(places)) is None:
            inside, self._patch = _patches(places)
            at, self._jumps = np.arange(words), (places.columns * words, words)
        else:
            everywhere = np.ones((1, *vars(places.reads).values()), bool)
            inside, self._patch = self._strings.packed(everywhere), np.empty((0, 0, 0), np.uint64)
            self._jumps = self._step[0] * self._strings.words, self._step[1] // WORD
        self._at, self._inside = at, inside.reshape(-1)
        self.words = aligned((words, ceil_div(places.outputs, FEW) * FEW), np.uint64)
        self._wrong = np.empty((places.pool**2, self.words.shape[1]), np.int16)
        self._full, self._listed = np.full(words, summing.ONES), np.empty(words, np.int64)
        self._found, self._mask = np.empty((2, words), np.uint64), np.empty_like(self._patch)

    def forward(self, sums: Shorts, where: Signals, maps: Map, zero_true: bool) -> None:
        """Sum into ``sums``, and into ``where``, which is 0. maps: bool; int8 of three values."""
        is_ternary = maps.dtype == np.int8
        signs = self._strings.packed(maps > 0 if is_ternary else maps)
        masks = self._strings.packed(maps != 0) if is_ternary else signs
        coding = summing.TERNARY if is_ternary else summing.ZERO if zero_true else summing.SIGN
        summing.forward(
            sums, where, signs, masks, self._runs, self._step, self._inside, self._patch,
            self._mask, self._at, self._jumps, self.words, self._wrong, self._full, self._found,
            self._listed, coding,
        )  # fmt: skip


def _patches(places: Places) -> tuple[Words, Words]:
    """Return masks of what sums read inside of the map, and room for what they read there."""
    strings, words = Strings.of(places), ceil_div(places.inputs, WORD)
    inside, patch = np.empty((2, places.rows, places.columns, words), np.uint64)
    everywhere = np.ones((1, *vars(places.reads).values()), bool)
    step = strings.stride, strings.step
    summing.patches(inside, strings.packed(everywhere)[0], bit_runs(places), step)
    return inside, patch
