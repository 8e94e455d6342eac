"""What attention computes, in NumPy: the definition that compiled code has to equal.

Every place i compares its query with the keys of all places j, and adds the values of those that it
chooses to its base:

    a[i,j] = popcount(xnor(q_i, k_j))      M[i,j] = a[i,j] >= t_i      c_i = x_i + sum M[i,j] v_j

The weights of these products are activations of the same sample. Backward, a bit of the mask wants
the sign of what it would change (BOLD's variation, eq. 5 and 6, of ``z . c`` to ``M``), and moves
the query and the key towards it. Each head does this for its own planes.

Shapes: k samples, n places, h heads, p planes of query and key, o planes of value, base and output.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from boldhw.golden import rule
from boldhw.golden.rule import Reals
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Signals, Sums
from boldhw.spec.attention import Attention


class Roles(NamedTuple):
    """What an attention layer reads: bool; query and key (k, n, p), value and base (k, n, o)."""

    query: Bits
    key: Bits
    value: Bits
    base: Bits


class Back(NamedTuple):
    """What goes back: g of each source, int32, in the shapes of :class:`Roles`; and two counts.

    gated   pairs of places whose score is near its threshold, and whose D is not 0
    size    sum of their |D|
    """

    query: Sums
    key: Sums
    value: Sums
    base: Sums
    gated: int
    size: int


class NumpyAttention:
    """Computes the steps of an attention layer on arrays; it has no state.

    Parameters
    ----------
    spec : Attention

    ``valid``, bool, shape (k, n), says which places a sample has; the others choose nothing, are
    not chosen and get nothing. ``tau``, int32, shape (h,), are the thresholds of scores; they count
    where ``spec.top`` is 0.
    """

    def __init__(self, spec: Attention) -> None:
        self.spec = spec

    def context(self, roles: Roles, valid: Bits, tau: Sums) -> tuple[Shorts, Sums]:
        """Return c, int16, shape (k, n, o), and how many pairs each sample's heads chose.

        The count is int32, shape (k, h).
        """
        scores, thresholds = self._scores(roles, valid, tau)
        mask = _pairs(valid) & (scores >= thresholds)
        values = _heads(rule.embed(roles.value), self.spec.heads)
        sums = rule.embed(roles.base) * valid[..., None] + _planes(mask.astype(np.float32) @ values)
        return sums.astype(np.int16), np.count_nonzero(mask, axis=(2, 3)).astype(np.int32)

    def back(
        self, roles: Roles, valid: Bits, tau: Sums, signals: Signals, window: int, dead: int
    ) -> Back:
        """Return what signals of the outputs give to the sources.

        signals: int8, shape (k, n, o), 0 at places that are not valid.  window: largest distance
        of a score from its threshold at which a bit of the mask has a signal.  dead: |D| up to this
        gives none.
        """
        heads = self.spec.heads
        scores, thresholds = self._scores(roles, valid, tau)
        pairs = _pairs(valid)
        mask = (pairs & (scores >= thresholds)).astype(np.float32)
        query, key, value = (
            _heads(rule.embed(part) * valid[..., None], heads)
            for part in (roles.query, roles.key, roles.value)
        )
        own = _heads(signals.astype(np.float32), heads)
        wants = (own @ value.swapaxes(2, 3)).astype(np.int32)  # D
        gate = pairs & (np.abs(scores - thresholds) <= window)
        turns = rule.ternarise(wants, gate, dead).astype(np.float32)  # zA
        return Back(
            query=_planes(turns @ key).astype(np.int32),
            key=_planes(turns.swapaxes(2, 3) @ query).astype(np.int32),
            value=_planes(mask.swapaxes(2, 3) @ own).astype(np.int32),
            base=signals.astype(np.int32),
            gated=int(np.count_nonzero(wants[gate])),
            size=int(np.abs(wants[gate]).sum(dtype=np.int64)),
        )

    def _scores(self, roles: Roles, valid: Bits, tau: Sums) -> tuple[Sums, Sums]:
        """Return a, int32, shape (k, h, n, n), and t, shape (k, h, n, 1)."""
        query, key = (_heads(rule.embed(part), self.spec.heads) for part in roles[:2])
        width = query.shape[-1]
        scores = (width + (query @ key.swapaxes(2, 3)).astype(np.int32)) // 2
        if not self.spec.top:
            return scores, np.broadcast_to(tau[:, None, None], (*scores.shape[:3], 1))
        return scores, largest(scores, valid, self.spec.top)


def largest(scores: Sums, valid: Bits, top: int) -> Sums:
    """Return the ``top``-th largest score of each row, 0 where a sample has fewer places.

    scores: int32, shape (k, h, n, n).  valid: bool, (k, n).  Returns int32, shape (k, h, n, 1).
    """
    count = scores.shape[-1]
    known = np.where(valid[:, None, None, :], scores, 0)
    if top > count:
        return np.zeros((*scores.shape[:3], 1), np.int32)
    ordered: Sums = np.sort(known, axis=-1)[..., count - top : count - top + 1]
    return ordered


def _pairs(valid: Bits) -> Bits:
    """Return which pairs of places are valid: bool, shape (k, 1, n, n)."""
    return (valid[:, :, None] & valid[:, None, :])[:, None]


def _heads(values: Reals, heads: int) -> Reals:
    """Return (k, n, planes) as (k, h, n, planes of a head)."""
    k, n, planes = values.shape
    return values.reshape(k, n, heads, planes // heads).transpose(0, 2, 1, 3)


def _planes(values: Reals) -> Reals:
    """Return (k, h, n, planes of a head) as (k, n, planes)."""
    k, heads, n, width = values.shape
    return values.transpose(0, 2, 1, 3).reshape(k, n, heads * width)
