"""The random numbers of a head, which do not depend on how many samples are computed together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Bytes, Seed
from boldhw.spec.noise import NoiseStream

LANES = 2  # bytes of a number, the first one lowest
SPAWN = 1  # of the seed of a network: its weights are drawn from the seed itself


class Draws:
    """A row of 16-bit numbers: those of :class:`boldhw.spec.noise.NoiseStream` with two lanes.

    ``state`` is all state, uint8, shape (159,), and may be set.
    """

    def __init__(self, seed: Seed) -> None:
        words = seed.entropy if isinstance(seed, np.random.SeedSequence) else seed
        self._stream = NoiseStream(LANES, np.random.SeedSequence(words, spawn_key=(SPAWN,)))

    @property
    def state(self) -> Bytes:
        """The state of the generator."""
        return self._stream.state

    @state.setter
    def state(self, state: Bytes) -> None:
        self._stream.state = state

    def ahead(self, samples: int, each: int) -> NDArray[np.uint16]:
        """Return the next numbers, shape (samples, each), without taking them."""
        state = self.state
        numbers = self._stream.draw(samples * each).view("<u2")
        self.state = state
        return numbers.reshape(samples, each)

    def take(self, samples: int, each: int) -> None:
        """Take the numbers of so many samples."""
        self._stream.draw(samples * each)
