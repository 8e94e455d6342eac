"""The learning rule over maps, one pure function per step, integers and booleans only.

What :mod:`boldhw.golden.rule` computes for one place, at each place of a map. Shapes: k samples, a
map of h x w places and c planes that is read, r x s places that have sums, m bits that a sum reads
and n outputs. A sum fits 16 bits; :mod:`boldhw.golden.graph.widths` refuses networks beyond that.
"""

import numpy as np

from boldhw.golden import rule
from boldhw.golden.graph.places import Piece, Places
from boldhw.golden.rule import Reals
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums

HALF = 128  # of the fixed point of means


def patches(values: Reals, places: Places) -> Reals:
    """Return what each sum reads, 0 outside of the map: float32, shape (k, r, s, m).

    values: float32 that hold -1, 0 and 1, shape (k, h, w, c).
    """
    top, bottom, left, right = places.edges
    padded = np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)))
    shape = len(values), places.rows, places.columns, places.inputs
    found, at = np.empty(shape, np.float32), 0
    for piece in places.pieces:
        found[..., at : at + piece.planes] = padded[:, *_seen(places, piece)]
        at += piece.planes
    return found


def spread(parts: Sums, places: Places) -> Sums:
    """Add up what each bit gets from the sums that read it: int32, shape (k, h, w, c).

    It is :func:`patches` backward. parts: int32, shape (k, r, s, m).
    """
    (height, width, planes), (top, bottom, left, right) = _sizes(places), places.edges
    total = np.zeros((len(parts), top + height + bottom, left + width + right, planes), np.int32)
    at = 0
    for piece in places.pieces:
        total[:, *_seen(places, piece)] += parts[..., at : at + piece.planes]
        at += piece.planes
    return total[:, top : top + height, left : left + width]


def forward(inputs: Reals, weights: Bits) -> Shorts:
    """Sum XNORs at each place (eq. 1): int16, shape (k, r, s, n), -m..m.

    inputs: :func:`patches`.  weights: bool, shape (n, m).
    """
    *places, m = inputs.shape
    sums = exact(inputs.reshape(-1, m), rule.embed(weights).T)
    return sums.reshape(*places, len(weights)).astype(np.int16)


def fire(sums: Shorts, tau: Sums) -> Bits:
    """Return ``s >= tau`` (eq. 1), bool. sums: int16, shape (k, r, s, n).  tau: int32, (n,)."""
    return sums >= tau


def fire_ternary(sums: Shorts, tau: Sums) -> Signals:
    """Return ``(s >= tau) - (s <= -tau)``: int8, T = 1, F = -1, 0 in between.

    sums: int16, shape (k, r, s, n).  tau: int32, shape (n,), from 0.
    """
    return fire(sums, tau).view(np.int8) - (sums <= -tau).view(np.int8)


def gate(sums: Shorts, tau: Sums, window: Sums, ternary: bool = False) -> Bits:
    """Return ``|s - tau| <= window``, bool: where a unit passes signals on.

    ternary: the distance is that of ``|s|``, for a three-valued unit has two thresholds.  sums:
    int16, shape (k, r, s, n).  tau, window: int32, shape (n,).
    """
    distances = (np.abs(sums) if ternary else sums) - tau
    within: Bits = np.abs(distances) <= window
    return within


def backward(signals: Signals, weights: Bits, places: Places) -> Sums:
    """Sum signals times weights over outputs and places (eq. 8): int32, shape (k, h, w, c).

    signals: int8, shape (k, r, s, n).  weights: bool, shape (n, m).
    """
    flat = signals.reshape(-1, signals.shape[-1]).astype(np.float32)
    parts = exact(flat, rule.embed(weights))
    return spread(parts.reshape(*signals.shape[:3], -1), places)


def vote(signals: Signals, inputs: Reals) -> Sums:
    """Sum signals times inputs over the places of each sample (eq. 7): int32, shape (k, n, m).

    signals: int8, shape (k, r, s, n).  inputs: :func:`patches`.
    """
    k, _, _, n = signals.shape
    columns = inputs.reshape(k, -1, inputs.shape[-1])
    rows = signals.reshape(k, -1, n).transpose(0, 2, 1).astype(np.float32)
    return np.stack([exact(row, column) for row, column in zip(rows, columns, strict=True)])


def steps(votes: Sums, rounding: int, count: int) -> Sums:
    """Return ``(u - q) >> rounding`` with ``u = count mod 2**rounding``: int32.

    The counter does for the noise of :func:`boldhw.golden.rule.stochastic_round`: over
    2**rounding samples the mean of the result is -votes / 2**rounding.  votes: int32.  count:
    active samples of this batch that voted before.
    """
    return (count % (1 << rounding) - votes) >> rounding


def common(balance: Sums, means: Shorts, rounding: int) -> Sums:
    """Return what the mean of the inputs adds to accumulators: int32, shape (n, m).

    ``(Z * mean + half) >> (8 + rounding)``, rounded to nearest: with it, votes are as if each input
    had its mean taken away. balance: int32, shape (n,), Z: signals of each output, added up over a
    batch.  means: int16, shape (m,), 256 times the mean of e(input).
    """
    product = balance[:, None] * means.astype(np.int32)
    return (product + (HALF << rounding)) >> (8 + rounding)


def exact(a: Reals, b: Reals) -> Sums:
    """Return a @ b as int32, in parts that :func:`boldhw.golden.rule.product` takes."""
    total = np.zeros((a.shape[0], b.shape[1]), np.int32)
    for start in range(0, a.shape[1], rule.MAX_TERMS):
        part = slice(start, start + rule.MAX_TERMS)
        total += rule.product(a[:, part], b[part])
    return total


def _sizes(places: Places) -> tuple[int, int, int]:
    return places.reads.height, places.reads.width, places.reads.planes


def _seen(places: Places, piece: Piece) -> tuple[slice, slice, slice]:
    """Return the slices of a padded map that hold a piece of every sum."""
    (top, _, left, _), stride = places.edges, places.stride
    y, x = top + piece.dy, left + piece.dx
    return (
        slice(y, y + stride * (places.rows - 1) + 1, stride),
        slice(x, x + stride * (places.columns - 1) + 1, stride),
        slice(piece.first, piece.first + piece.planes),
    )
