"""The golden model with backward signals of several bits: a first look, without hardware for it.

The magnitude of such a signal is a number of bits; each of them is one more plane of three-valued
signals, so backward pass and vote are done once per plane, with weights 1, 2, 4, ... One plane is
the rule of :mod:`boldhw.golden.rule`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np

from boldhw.golden import rule
from boldhw.golden.network import Network
from boldhw.spec.arrays import Bits, Bytes, Seed, Signals, Sums
from boldhw.spec.engine import EngineConfig
from boldhw.spec.network import Network as Graph


class Planes(Network):
    """What goes before a Network or a subclass: hidden layers send ``planes`` bits and a sign.

    ``shifts`` has one entry per hidden layer: ``2**shift`` is what one more in the magnitude of a
    signal stands for. Signals of the last layer have one bit, as its loss has.
    """

    def __init__(
        self,
        widths: Graph | str | Sequence[int],
        config: EngineConfig,
        seed: Seed,
        planes: int,
        shifts: Sequence[int],
    ) -> None:
        super().__init__(widths, config, seed)
        self.planes, self.shifts = planes, tuple(shifts)

    def _signals(self, layer: int, below: Sums, gate: Bits, draws: Bytes | None) -> Signals:
        given = self.settings.layers[layer]
        dead, noise = given.dead, given.noise
        return quantise(below, gate, dead, self.planes, self.shifts[layer], noise, draws)

    def _below(self, signals: Signals, plane: Any) -> Sums:
        below = super()._below
        return _weighted(below(part, plane) for part in split(signals))

    def _votes(self, layer: int, signals: Signals, bits: Bits) -> Sums:
        votes = super()._votes
        return _weighted(votes(layer, part, bits) for part in split(signals))


class PlanesNetwork(Planes, Network):
    """A Network with signals of several bits, in NumPy."""


def quantise(
    sums: Sums,
    gate: Bits,
    dead: int,
    planes: int,
    shift: int,
    noise: int = 0,
    draws: Bytes | None = None,
) -> Signals:
    """Return signals of ``planes`` bits and a sign, int8: rule.ternarise if there is one plane.

    The magnitude is 0 where the gate is not set or ``|g|`` does not exceed the dead zone, 1 just
    above it, and grows by 1 every ``2**shift``, to ``2**planes - 1``.

    sums: int32 g, shape (k, m).  gate: bool, same.  dead, noise, draws: as in rule.ternarise.
    """
    signs = rule.ternarise(sums, gate, dead, noise, draws)
    beyond: Sums = np.abs(sums) - rule.dead_zone(dead, noise, draws)
    magnitudes = (beyond + (1 << shift) - 1) >> shift
    limited: Sums = np.minimum(magnitudes, (1 << planes) - 1)
    return signs * limited.astype(np.int8)


def _weighted(parts: Iterable[Sums]) -> Sums:
    """Return the sum of the parts, of which there is at least one, weighted by 1, 2, 4, ..."""
    return cast(Sums, sum(part << bit for bit, part in enumerate(parts)))


def split(signals: Signals) -> Iterator[Signals]:
    """Yield planes of three-valued signals, int8, lowest bit first; at least one.

    signals: int8, the sum of the planes weighted by 1, 2, 4, ...
    """
    signs, magnitudes = np.sign(signals), np.abs(signals)
    for bit in range(max(1, int(magnitudes.max(initial=0)).bit_length())):
        yield signs * (magnitudes >> bit & 1)
