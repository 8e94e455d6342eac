"""The golden model with backward signals of several bits: a first look, without hardware for it.

The magnitude of such a signal is a number of bits; each of them is one more plane of three-valued
signals, so backward pass and vote are done once per plane, with weights 1, 2, 4, ... One plane is
the rule of :mod:`boldhw.golden.rule`.
"""

import numpy as np

from boldhw.golden import rule
from boldhw.golden.network import Network


class Planes:
    """Mixin for a Network or a CompiledNetwork: hidden layers send ``planes`` bits and a sign.

    ``shifts`` has one entry per hidden layer: ``2**shift`` is what one more in the magnitude of a
    signal stands for. Signals of the last layer have one bit, as its loss has.
    """

    def __init__(self, widths, engine, seed, planes, shifts):
        super().__init__(widths, engine, seed)
        self.planes, self.shifts = planes, tuple(shifts)

    def _signals(self, layer, below, gate, draws):
        given = self.settings.layers[layer]
        dead, noise = given.dead, given.noise
        return quantise(below, gate, dead, self.planes, self.shifts[layer], noise, draws)

    def _below(self, signals, plane):
        below = super()._below
        return sum(below(part, plane) << bit for bit, part in enumerate(split(signals)))

    def _votes(self, layer, signals, bits):
        votes = super()._votes
        return sum(votes(layer, part, bits) << bit for bit, part in enumerate(split(signals)))


class PlanesNetwork(Planes, Network):
    """A Network with signals of several bits, in NumPy."""


def quantise(sums, gate, dead, planes, shift, noise=0, draws=None):
    """Return signals of ``planes`` bits and a sign, int8: rule.ternarise if there is one plane.

    The magnitude is 0 where the gate is not set or ``|g|`` does not exceed the dead zone, 1 just
    above it, and grows by 1 every ``2**shift``, to ``2**planes - 1``.

    sums: int32 g, shape (k, m).  gate: bool, same.  dead, noise, draws: as in rule.ternarise.
    """
    signs = rule.ternarise(sums, gate, dead, noise, draws)
    threshold = dead + (draws & np.uint8(noise)).astype(np.int32) if noise else dead
    magnitudes = (np.abs(sums) - threshold + (1 << shift) - 1) >> shift
    return signs * np.minimum(magnitudes, (1 << planes) - 1).astype(np.int8)


def split(signals):
    """Yield planes of three-valued signals, int8, lowest bit first; at least one.

    signals: int8, the sum of the planes weighted by 1, 2, 4, ...
    """
    signs, magnitudes = np.sign(signals), np.abs(signals)
    for bit in range(max(1, int(magnitudes.max(initial=0)).bit_length())):
        yield signs * (magnitudes >> bit & 1)
