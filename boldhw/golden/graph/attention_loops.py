"""Attention, compiled: the bits of :mod:`boldhw.golden.graph.attention` in less time.

A score and D are counts of ones in words of 64 bits; values are added up a byte at a time. Needs
the package numba; one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from boldhw.golden.compiled import kept, popcount
from boldhw.golden.graph.attention import Back, NumpyAttention, Roles
from boldhw.golden.words64 import Words, pack
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums


class CompiledAttention(NumpyAttention):
    """A :class:`NumpyAttention` whose every step gives the same bits, and takes less time."""

    def context(self, roles: Roles, valid: Bits, tau: Sums) -> tuple[Shorts, Sums]:
        sums = np.zeros(roles.value.shape, np.int16)
        chosen = np.zeros((len(valid), self.spec.heads), np.int32)
        query, key, width = self._compared(roles)
        add_values(
            sums, chosen, query, key, _signs(roles.value), _signs(roles.base), valid, tau,
            self.spec.top, width,
        )  # fmt: skip
        return sums, chosen

    def back(
        self, roles: Roles, valid: Bits, tau: Sums, signals: Signals, window: int, dead: int
    ) -> Back:
        found = [np.zeros(part.shape, np.int32) for part in roles[:3]]
        query, key, width = self._compared(roles)
        value, plus, near = (
            _words(bits, self.spec.heads) for bits in (roles.value, signals > 0, signals != 0)
        )
        gated, size = move_pairs(
            found[0], found[1], found[2], query, key, _signs(roles.query), _signs(roles.key),
            value, plus, near, np.ascontiguousarray(signals), valid, tau, self.spec.top, width,
            window, dead,
        )  # fmt: skip
        return Back(found[0], found[1], found[2], signals.astype(np.int32), int(gated), int(size))

    def _compared(self, roles: Roles) -> tuple[Words, Words, int]:
        """Return queries and keys as words, and bits of a head."""
        heads = self.spec.heads
        return (
            _words(roles.query, heads),
            _words(roles.key, heads),
            roles.query.shape[2] // heads,
        )


def _words(bits: Bits, heads: int) -> Words:
    """Return bits of shape (k, n, planes) as words, shape (k, n, heads)."""
    k, n, planes = bits.shape
    return pack(bits.reshape(k * n * heads, planes // heads)).reshape(k, n, heads)


def _signs(bits: Bits) -> Signals:
    """Return T as 1 and F as -1, int8."""
    return 2 * np.ascontiguousarray(bits).view(np.int8) - np.int8(1)


@kept
def _score(
    scores: Sums, counts: Sums, query: Any, keys: Words, valid: Bits, head: int, tau: Any,
    top: int, width: int,
) -> Any:  # fmt: skip
    """Compare a query with all keys; return the threshold. counts: room for a histogram."""
    counts[:] = 0
    for j in range(len(keys)):
        if valid[j]:
            scores[j] = width - np.int32(popcount(query ^ keys[j, head]))
            counts[scores[j]] += 1
    if top == 0:
        return np.int32(tau)
    threshold, found = np.int32(width), counts[width]
    while threshold > 0 and found < top:
        threshold -= np.int32(1)
        found += counts[threshold]
    return threshold


@kept
def add_values(
    sums: Shorts, chosen: Sums, query: Words, key: Words, value: Signals, base: Signals,
    valid: Bits, tau: Sums, top: int, width: int,
) -> None:  # fmt: skip
    """Add the values of chosen places to the base, and count them.

    sums: int16, shape (k, n, o).  chosen: int32, (k, h).  query, key: words, (k, n, h).  value,
    base: int8, (k, n, o).  valid: bool, (k, n).  width: bits of a query.
    """
    places, heads = valid.shape[1], len(tau)
    part = value.shape[2] // heads
    scores, counts = np.zeros(places, np.int32), np.zeros(width + 1, np.int32)
    for k in range(len(valid)):
        for i in range(places):
            if not valid[k, i]:
                continue
            for c in range(sums.shape[2]):
                sums[k, i, c] = base[k, i, c]
            for h in range(heads):
                threshold = _score(
                    scores, counts, query[k, i, h], key[k], valid[k], h, tau[h], top, width
                )
                own = sums[k, i, h * part : (h + 1) * part]
                for j in range(places):
                    if valid[k, j] and scores[j] >= threshold:
                        chosen[k, h] += 1
                        other = value[k, j, h * part : (h + 1) * part]
                        for c in range(part):
                            own[c] += other[c]


@kept
def move_pairs(
    g_query: Sums, g_key: Sums, g_value: Sums, query: Words, key: Words, q: Signals, k_: Signals,
    value: Words, plus: Words, near: Words, signals: Signals, valid: Bits, tau: Sums, top: int,
    width: int, window: int, dead: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Add up g of query, key and value; return the pairs near a threshold, and their |D|.

    g_query, g_key: int32, shape (k, n, p), 0 before.  g_value: (k, n, o).  q, k_: int8, (k, n, p).
    value, plus, near: words, (k, n, h): of values, of signals that are T, and of those not 0.
    """
    places, heads = valid.shape[1], len(tau)
    part = signals.shape[2] // heads
    scores, counts = np.zeros(places, np.int32), np.zeros(width + 1, np.int32)
    gated, size = np.int64(0), np.int64(0)
    for s in range(len(valid)):
        for i in range(places):
            if not valid[s, i]:
                continue
            for h in range(heads):
                threshold = _score(
                    scores, counts, query[s, i, h], key[s], valid[s], h, tau[h], top, width
                )
                mask, sign = near[s, i, h], plus[s, i, h]
                total = np.int32(popcount(mask))
                own = signals[s, i, h * part : (h + 1) * part]
                first, last = h * width, (h + 1) * width
                for j in range(places):
                    if not valid[s, j]:
                        continue
                    if total and scores[j] >= threshold:
                        target = g_value[s, j, h * part : (h + 1) * part]
                        for c in range(part):
                            target[c] += own[c]
                    if abs(scores[j] - threshold) > window:
                        continue
                    wants = total - 2 * np.int32(popcount((sign ^ value[s, j, h]) & mask))
                    gated += np.int64(wants != 0)
                    size += abs(wants)
                    if abs(wants) > dead:
                        turn = np.int32(1) if wants > 0 else np.int32(-1)
                        _turn(g_query[s, i, first:last], k_[s, j, first:last], turn)
                        _turn(g_key[s, j, first:last], q[s, i, first:last], turn)
    return gated, size


@kept
def _turn(target: Sums, signs: Signals, turn: Any) -> None:
    for c in range(len(target)):
        target[c] += turn * signs[c]
