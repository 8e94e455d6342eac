"""The random bits of stochastic ternarisation and rounding, one generator for all lanes.

A lagged Fibonacci generator over bits: the trinomials x^159 + x^31 + 1 and x^521 + x^32 + 1 are
primitive, so every state but zero is met. docs/architecture.md ("Noise") says who draws when.
"""

import numpy as np

from boldhw.spec.arrays import Bytes, Seed
from boldhw.spec.numbers import ceil_div

WORD_BITS = 16  # of a write to register NOISE


class NoiseStream:
    """The generator of an engine with ``elements`` lanes.

    Its state is ``n`` bits ``s[0] .. s[n-1]``, ``s[0]`` the oldest: n = 159, or 521 when
    8 * elements exceeds 128. One draw is 8 * elements bits,

        o[i] = s[i] ^ s[i + 31]     (n = 159;  s[i + 32] for n = 521)

    lane p takes ``o[8p] .. o[8p + 7]``, first bit lowest, and the new state is
    ``(s ++ o)[8 * elements:]``. Writing a word v to register NOISE makes the state
    ``(s ++ bits of v, lowest first)[16:]``; :attr:`seed_words` are the words to write, in order.
    They are ``ceil(n / 16)`` words, so the first ``16 * ceil(n / 16) - n`` bits written fall out.
    The state that ``seed`` (anything that numpy.random.SeedSequence takes) gives is never zero.
    """

    def __init__(self, elements: int, seed: Seed) -> None:
        self.elements = elements
        self.lags = (159, 128) if 8 * elements <= 128 else (521, 489)
        self.seed_words = self._words(seed)
        self.state: Bytes = np.zeros(self.lags[0], np.uint8)
        for word in self.seed_words:
            self.write(word)

    def _words(self, seed: Seed) -> tuple[int, ...]:
        source = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        count = ceil_div(self.lags[0], WORD_BITS)
        words = [int(word) & 0xFFFF for word in source.generate_state(count)]
        return (*words[:-1], words[-1] | 1 << WORD_BITS - 1)  # the newest bit is never 0

    def write(self, word: int) -> None:
        """Shift the 16 bits of ``word`` in, lowest first; the 16 oldest bits fall out."""
        bits = np.unpackbits(np.array([word], "<u2").view(np.uint8), bitorder="little")
        self.state = np.concatenate([self.state, bits])[WORD_BITS:]

    def draw(self, count: int) -> Bytes:
        """Return the next ``count`` draws, uint8, shape (count, elements)."""
        order, size = self.lags[0], count * self.elements
        start = _extend(self.state, self.lags, order + min(8 * size, 8 * order))
        # Eight bits apart the recurrence is the same with eight times the lags: whole bytes.
        data = _extend(np.packbits(start[order:], bitorder="little"), self.lags, size)
        newest = np.unpackbits(data[-order:], bitorder="little")
        self.state = np.concatenate([self.state, newest])[-order:]
        return data.reshape(count, self.elements)


def _extend(known: Bytes, lags: tuple[int, int], size: int) -> Bytes:
    """Return ``known`` continued by b[t] = b[t - lags[0]] ^ b[t - lags[1]] to ``size`` entries.

    Squaring a polynomial over bits doubles its exponents, so both lags may be doubled as often as
    the known part allows: each step computes as many entries as the second lag at once.
    """
    series = np.empty(size, np.uint8)
    series[: len(known)] = known
    end, (first, second) = len(known), lags
    while end < size:
        while 2 * first <= end:
            first, second = 2 * first, 2 * second
        stop = min(end + second, size)
        old = series[end - first : stop - first]
        series[end:stop] = old ^ series[end - second : stop - second]
        end = stop
    return series
