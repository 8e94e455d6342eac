"""Figures of an epoch, held against counts and accumulators that are easy to read."""

import numpy as np

from boldhw.golden.diagnosis import LayerState, figures
from boldhw.golden.graph.counts import Counts


def state(places=2, samples=10, active=4):
    counts = Counts(3, places)
    counts.samples, counts.active = samples, active
    counts.fires += [0, 20, 5]
    counts.near, counts.nonzero = 12, 6
    accumulators = np.array([[127, -128, 3, 0], [126, -127, -128, -128], [0, 0, 0, 0]], np.int16)
    counts._before = dict.fromkeys(Counts.NAMES, 0)
    return LayerState("near", counts, 17, accumulators, 8)


def test_shares_and_ends():
    (found,) = figures([state()], [5])
    assert (found.name, found.units, found.flips, found.theta) == ("near", 3, 5, 17)
    assert found.true_share == 25 / 60
    assert found.gated_share == 12 / 24
    assert found.signal_share == 6 / 24
    assert (found.saturated_low, found.saturated_high) == (3 / 12, 1 / 12)
    assert (found.never, found.always) == (1, 1)


def test_what_was_not_counted_is_none():
    (found,) = figures([state(samples=0, active=0)], [5])
    assert (found.true_share, found.gated_share, found.signal_share) == (None, None, None)
    assert (found.never, found.always) == (None, None)
    assert found.saturated_low == 3 / 12
