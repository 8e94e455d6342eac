"""What an epoch of training says about each layer: shares, flips and saturation.

Counts are integers of the golden model (:class:`boldhw.golden.graph.counts.Counts`); shares are
made of them here, for people, and nothing reads them back. A device does not count them; its epochs
have None in their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from boldhw.golden.graph.counts import Counts
from boldhw.spec.arrays import Accumulators


@dataclass(frozen=True)
class LayerState:
    """A layer at the end of an epoch.

    name           of the layer
    counts         of the epoch, since its restart
    theta          accumulator that flips a weight
    accumulators   int16, shape (outputs, fan-in); of an embedding (words, outputs)
    bits           of an accumulator
    """

    name: str
    counts: Counts
    theta: int
    accumulators: Accumulators
    bits: int


@dataclass(frozen=True)
class LayerFigures:
    """What an epoch says about a layer; None where it was not counted, as of the last layer.

    name             of the layer
    units            outputs
    true_share       of its outputs, over all samples and places
    gated_share      of its outputs in active samples: those within their window
    signal_share     of the same: those that got a signal other than 0
    flips            weights flipped
    theta            accumulator that flips a weight, at the end
    saturated_low    share of accumulators at the lowest value they can have, at the end
    saturated_high   at the highest
    never, always    units that were never T, or T in every sample and place
    """

    name: str
    units: int
    true_share: float | None
    gated_share: float | None
    signal_share: float | None
    flips: int
    theta: int
    saturated_low: float
    saturated_high: float
    never: int | None
    always: int | None


def figures(states: Sequence[LayerState], flips: Sequence[int]) -> list[LayerFigures]:
    """Return the figures of each layer. flips: weights flipped in the epoch, of each layer."""
    return [_figures(state, count) for state, count in zip(states, flips, strict=True)]


def _figures(state: LayerState, flips: int) -> LayerFigures:
    counts, units = state.counts, state.counts.outputs
    samples = counts.since("samples") * counts.places
    active = counts.since("active") * counts.places * units
    fires = counts.since("fires")
    uncounted = fires is None or not samples
    high = (1 << state.bits - 1) - 1
    return LayerFigures(
        name=state.name,
        units=units,
        true_share=_share(None if fires is None else int(fires.sum()), samples * units),
        gated_share=_share(counts.since("near"), active),
        signal_share=_share(counts.since("nonzero"), active),
        flips=flips,
        theta=state.theta,
        saturated_low=_saturated(state, -high - 1),
        saturated_high=_saturated(state, high),
        never=None if uncounted else int(np.count_nonzero(fires == 0)),
        always=None if uncounted else int(np.count_nonzero(fires == samples)),
    )


def _saturated(state: LayerState, value: int) -> float:
    """Return the share of accumulators at a value; 0 of a layer without weights."""
    return np.count_nonzero(state.accumulators == value) / max(1, state.accumulators.size)


def _share(count: int | None, of: int) -> float | None:
    return None if count is None or not of else count / of
