"""Runs of dense chains on rows of bits, with governors; epochs come from the data's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from boldhw.golden.graph.calibrate import SAMPLES, calibrate
from boldhw.golden.graph.constants import SHARE, Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.governors import SHORT, is_short
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.arrays import Bits, Labels
from boldhw.spec.network import Network
from boldhw.spec.numbers import ceil_div

HIDDEN = (256,)  # widths that serve tables of any size
VISITS = 10_000  # samples that a run sees at least
EPOCHS = 20  # that it makes at least
BITS = 16  # of an accumulator
FEW_UPDATES = 2  # times theta at the start where the run is short
FIRST_SAMPLES = 3  # what a seed is spawned for, beside the purposes of GraphTrainer


def epochs_for(samples: int) -> int:
    """Return how many epochs of so many samples are enough: small sets are seen more often."""
    return max(EPOCHS, ceil_div(VISITS, samples))


def dense_run(
    widths: Network | str | Sequence[int],
    bits: Bits,
    labels: Labels,
    epochs: int,
    seed: int = 0,
    *,
    constants: Mapping[str, Any] | None = None,
    zero_true: bool = False,
    calibrated: bool = True,
) -> GraphTrainer:
    """Return a calibrated run that has not begun, compiled where numba is installed.

    Parameters
    ----------
    widths : Network, str or sequence of int
        A chain of dense layers, inputs first.
    bits : ndarray
        Training samples, bool, shape (samples, inputs).
    labels : ndarray
        Integers, shape (samples,), 0..outputs-1.
    epochs : int
        Of the whole run; schedules go from the first to the last.
    seed : int
        Weights, orders of samples, and the samples that calibrate.
    constants : mapping, optional
        Those that are not the usual ones, by name.
    zero_true : bool
        The sample is {0,T} (True) or {F,T}, which suits features that are F as often as T.
    calibrated : bool
        Whether thresholds and windows fit the samples before the first vote.

    Raises ConfigError and DataError like GraphNetwork, CheckError like :func:`fastest`.
    """
    spec, aims = Network.of(widths), Constants(**{"short": SHORT, **(constants or {})})
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(FIRST_SAMPLES,)))
    first = order.permutation(len(bits))[:SAMPLES]
    seen = bits[first]
    ones = SHARE * np.count_nonzero(seen) // seen.size
    initial = start(spec, aims, int(ones), zero_true=[zero_true] + [False] * (len(spec.layers) - 1))
    graph = fastest(spec, initial, seed, BITS, seen, labels[first])
    if calibrated:
        calibrate(graph, aims, seen)
    if is_short(spec, epochs * len(bits), aims):
        for layer in graph.layers:
            layer.settings.theta = min(FEW_UPDATES * layer.settings.theta, (1 << BITS - 1) - 1)
    return GraphTrainer(graph, aims, epochs, len(bits), seed)
