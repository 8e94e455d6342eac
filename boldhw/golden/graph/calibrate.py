"""Thresholds and windows of an untrained network, from a look at some samples.

Governors move a threshold every PERIOD samples, so a network that sees a few thousand in all would
spend its training on the way to the band. Calibration takes it there before the first vote. A host
that can read T's alone finds the same values by bisection, one pass of the samples per bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.graph.constants import SHARE, Constants
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import MAX_WINDOW
from boldhw.spec.arrays import Bits
from boldhw.spec.layer import INPUT

SAMPLES = 1024  # that are looked at, at most


def calibrate(graph: GraphNetwork, constants: Constants, bits: Bits) -> None:
    """Set tau and window of the units of hidden layers, layer by layer.

    tau is the greatest with which more than the middle of the band of all outputs are T; window is
    the least, 1 or more, within which more than ``gated`` of them are.  bits: bool, shape (count,
    inputs), the first SAMPLES of which count. Raises DataError like GraphNetwork.train.
    """
    bits = bits[:SAMPLES]
    graph.check_bits(bits)
    sample = graph.spec.sample
    maps = {INPUT: bits.reshape(-1, sample.height, sample.width, sample.planes)}
    middle = (constants.fire_low + constants.fire_high) // 2
    for layer in graph.layers[:-1]:
        layer.load()
        settings, name = layer.settings, layer.spec.name
        sums = layer.forward(maps).sums.reshape(-1, layer.spec.outputs).astype(np.int32)
        settings.tau[:] = -exceeding(-sums, middle)
        distances = exceeding(np.abs(sums - settings.tau), constants.gated)
        settings.window[:] = np.clip(distances, 1, MAX_WINDOW)
        maps[name] = layer.forward(maps).bits


def exceeding(values: NDArray[np.int32], share: int) -> NDArray[np.int32]:
    """Return the least value that more than a share of a column reach from below, column by column.

    values: int32, shape (count, n).  share: in 1/256, less than all.
    """
    place = len(values) * share // SHARE
    least: NDArray[np.int32] = np.partition(values, place, axis=0)[place]
    return least
