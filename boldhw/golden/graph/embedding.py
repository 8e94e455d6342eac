"""What an embedding computes, in NumPy: the definition that compiled code has to equal.

It is a dense layer on one-hot words whose bits are its weights: a word reads one row of a table and
votes on it, and no other row is visited. The signal of a word is nearly the same in every sample
that has it. With one threshold all bits of a row would flip together, so a signal's threshold is
random, and so is whether a weight that may flip does.

Shapes: k samples, n places, a table of v rows of d bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.golden import rule
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Bits, Bytes, Sums

Rows = NDArray[np.int32]  # numbers of words
NOTHING = -1  # the number of no word, behind the last one of a sample


class NumpyEmbedding:
    """Computes the steps of an embedding on arrays; it has no state."""

    def read(self, weights: Bits, words: Rows) -> Bits:
        """Return the rows of words, bool, shape (k, n, d); F where there is none.

        weights: bool, shape (v, d).  words: int32, shape (k, n), 0..v-1 or NOTHING.
        """
        found: Bits = weights[words] & (words != NOTHING)[..., None]
        return found

    def vote(
        self, accumulators: Shorts, rows: Rows, deltas: Sums, draws: Bytes, dead: int, noise: int,
        bits: int,
    ) -> int:  # fmt: skip
        """Subtract signals from accumulators in place, word by word; return the sum of |g|.

        accumulators: int16, shape (v, d), clamped to ``bits`` bits after each word.  rows: int32,
        shape (words,), those of samples one after the other.  deltas: int32, (words, d), g of their
        bits.  draws: uint8 u, same; a signal is ``sign(g)`` where ``|g| > dead + (u & noise)``.
        """
        everywhere = np.ones(deltas.shape, bool)
        signals = rule.ternarise(deltas, everywhere, dead, noise, draws)
        for row, signal in zip(rows, -signals.astype(np.int32), strict=True):
            accumulators[row] = rule.accumulate(accumulators[row], signal, bits)
        return int(np.abs(deltas).sum(dtype=np.int64))

    def flip(
        self, weights: Bits, accumulators: Shorts, rows: Rows, draws: Bytes, theta: int, chance: int
    ) -> int:
        """Flip weights of rows in place; return how many.

        A weight with ``m * e(w) <= -theta`` flips if ``u < chance``, and its m is 0 then; else it
        stays, and may flip when its row is visited again.  weights: bool, shape (v, d).
        accumulators: int16, same.  rows: int32, each once.  draws: uint8 u, shape (rows, d).
        chance: 1..256.
        """
        _, _, against = rule.flip(weights[rows], accumulators[rows], theta)
        flipped = against & (draws < chance)
        weights[rows] ^= flipped
        accumulators[rows] = np.where(flipped, np.int16(0), accumulators[rows])
        return int(np.count_nonzero(flipped))
