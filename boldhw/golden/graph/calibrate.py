"""Thresholds and windows of an untrained network, from a look at some samples.

A network that is trained on few samples would spend them on the way of its thresholds to the band.
A host that can read counts alone finds the same values by bisection, one pass of the samples a bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.graph.constants import SHARE, Constants
from boldhw.golden.graph.kernel import Map
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import MAX_WINDOW
from boldhw.spec.layer import INPUT

OUTPUTS = 1 << 16  # of a unit that are looked at, at most
SAMPLES = 1024  # at most


def calibrate(graph: GraphNetwork, constants: Constants, bits: Map) -> None:
    """Set tau and window of the units of hidden layers, layer by layer.

    tau is the greatest with which more than the middle of the band of all outputs are T (or not 0,
    if they are three-valued); window is the least, 1 or more, within which more than ``gated`` of
    them are.  bits: as GraphNetwork.train takes them, of which the first are looked at. Raises
    DataError like it.
    """
    sample = graph.spec.sample
    bits = bits[: max(1, min(SAMPLES, OUTPUTS // (sample.height * sample.width)))]
    graph.check_bits(bits)
    maps = {INPUT: bits.reshape(-1, sample.height, sample.width, sample.planes)}
    middle = (constants.fire_low + constants.fire_high) // 2
    for layer in graph.layers[:-1]:
        layer.load()
        settings = layer.settings
        sums = layer.forward(maps).sums.reshape(-1, layer.spec.outputs).astype(np.int32)
        sums = np.abs(sums) if layer.spec.is_ternary else sums
        settings.tau[:] = -exceeding(-sums, middle)
        distances = exceeding(np.abs(sums - settings.tau), constants.gated)
        settings.window[:] = np.clip(distances, 1, MAX_WINDOW)
        maps[layer.spec.name] = layer.forward(maps).bits


def exceeding(values: NDArray[np.int32], share: int) -> NDArray[np.int32]:
    """Return the least value that more than a share of a column reach from below, column by column.

    values: int32, shape (count, n).  share: in 1/256, less than all.
    """
    place = len(values) * share // SHARE
    least: NDArray[np.int32] = np.partition(values, place, axis=0)[place]
    return least
