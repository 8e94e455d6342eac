"""What training did, from the result bytes of its samples and from the counters of the board."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from boldhw.errors import DeviceError
from boldhw.spec.arrays import Bytes
from boldhw.spec.protocol import ACTIVE, COUNTERS, HIT, UPDATED
from boldhw.spec.stats import TrainStats

MASK = (1 << 32) - 1  # of a counter


def gathered_after(gathered: int, results: Bytes) -> int:
    """Return the active samples since the last update, after more samples.

    Parameters
    ----------
    gathered : int
        Those before.
    results : uint8 array, shape (samples,)
        Result bytes of TRAIN.
    """
    updates = np.flatnonzero(results & UPDATED)
    if len(updates):
        gathered, results = 0, results[updates[-1] + 1 :]
    return gathered + int(np.count_nonzero(results & ACTIVE))


def grown(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """Return by how much each counter of COUNTERS has grown, modulo 2^32."""
    return {name: (after[name] - before[name]) & MASK for name in COUNTERS}


def check_counted(growth: Mapping[str, int], results: Bytes) -> None:
    """Raise DeviceError unless the counters grew by what the result bytes of TRAIN tell.

    Parameters
    ----------
    growth : dict of int
        As :func:`grown` returns it.
    results : uint8 array, shape (samples,)
    """
    counted = {
        "samples": len(results),
        "hits": int(np.count_nonzero(results & HIT)),
        "active": int(np.count_nonzero(results & ACTIVE)),
    }
    for name, count in counted.items():
        if growth[name] != count:
            raise DeviceError(
                f"the device counted {growth[name]} {name}, the driver {count}; another program "
                f"talks to it: close that and load again"
            )


def train_stats(before: Mapping[str, Any], after: Mapping[str, Any], layers: int) -> TrainStats:
    """Return the TrainStats between two states of the counters, of a network of ``layers``."""
    growth = grown(before, after)
    pairs = zip(after["flips"][:layers], before["flips"][:layers], strict=True)
    flips = tuple((new - old) & MASK for new, old in pairs)
    counts = {name: growth[name] for name in ("samples", "hits", "active", "updates")}
    return TrainStats(**counts, flips=flips)
