"""Integer governors: what a host does between samples instead of tuning.

They read counters (:class:`boldhw.golden.graph.counts.Counts`) and move settings by steps:

    tau      every PERIOD samples, unit by unit, towards a band of shares of T that opens
    window   at the same time, towards the share of outputs within it
    margin   at the same time, along its schedule
    theta    every UPDATES updates, layer by layer, towards the flips that the schedule wants
    dead     at an update, layer by layer, to a share of the mean |g|

Everything is an integer, so that a host, a soft processor and this model move them alike.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from boldhw.golden.graph.constants import ROOT, SHARE, Constants, power
from boldhw.golden.graph.layer import GraphLayer
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import HIGHEST, MAX_WINDOW
from boldhw.spec.layer import CONV
from boldhw.spec.stats import TrainStats

PERIOD = 256  # samples between two moves of thresholds and windows
UPDATES = 4  # updates between two moves of theta
OUTPUTS = 512  # of a unit in active samples, before its window moves
SIZES = 2048  # gated outputs of a layer, before its dead zone moves
FINE = 8  # bits behind the point of theta and of the mean |g|
PROGRESS = 16  # bits of the share of training that is done
EARLY = (1 << PROGRESS) // 50  # of it: theta takes large steps before
STEP_EARLY, STEP = 15, 3  # of theta, in 1/256
RATE = 40  # bits behind the point of a flip rate
STEPS = 24  # of a threshold in the root of the fan-in, at the start


class Governors:
    """Moves the settings of ``graph`` as ``total`` samples go by.

    ``after`` is called with the stats of each call of ``graph.train``, which must not train past
    ``samples_left`` samples nor past an update. ``seen``, ``thetas`` and ``sizes`` are all state.
    """

    def __init__(self, graph: GraphNetwork, constants: Constants, total: int):
        self.graph, self.constants, self.total = graph, constants, max(1, total)
        self.seen = 0
        self.thetas = [layer.settings.theta << FINE for layer in graph.layers]
        self.sizes = [0] * len(graph.layers)  # mean |g|, 0: not known yet

    @property
    def samples_left(self) -> int:
        """Samples until thresholds move."""
        return PERIOD - self.seen % PERIOD

    @property
    def progress(self) -> int:
        """Share of training that is done, 0 to 1 << PROGRESS."""
        return min(1 << PROGRESS, (self.seen << PROGRESS) // self.total)

    def after(self, stats: TrainStats) -> None:
        """Move what is due after these samples."""
        self.seen += stats.samples
        if stats.samples and self.seen % PERIOD == 0:
            self._move_units()
        if stats.updates:
            for index, layer in enumerate(self.graph.layers):
                if layer.spec.learns:
                    self._move_theta(index, layer)
                if not layer.spec.place.is_output:
                    self._move_dead(index, layer)

    def _move_units(self) -> None:
        constants, progress = self.constants, self.progress
        for layer in self.graph.layers[:-1]:
            move_tau(layer, constants, progress)
            move_window(layer, constants)
        root = isqrt(self.graph.spec.output.inputs * self.graph.settings.outputs_per_class**2)
        factor = between(constants.margin_first, constants.margin_last, progress)
        self.graph.settings.margin = min(MAX_WINDOW, factor * root // ROOT)

    def _move_theta(self, index: int, layer: GraphLayer) -> None:
        """Move theta up by a step when more weights flipped than wanted, else down."""
        counts, constants, progress = layer.counts, self.constants, self.progress
        if counts.updates < UPDATES:
            return
        exponent = between(constants.flips_first, constants.flips_last, progress)
        samples = counts.updates * self.graph.settings.batch
        wanted = layer.spec.weights * samples * power(exponent, RATE)
        step = self.thetas[index] * (STEP_EARLY if progress < EARLY else STEP) >> FINE
        if counts.flips << RATE > wanted:
            self.thetas[index] += max(1, step)
        else:  # where less than one flip is wanted, steps down are as much smaller
            self.thetas[index] -= step * min(wanted, 1 << RATE) >> RATE
        top = (1 << layer.bits - 1) - 1
        self.thetas[index] = min(max(self.thetas[index], 1 << FINE), top << FINE)
        layer.settings.theta = self.thetas[index] >> FINE
        counts.clear_flips()

    def _move_dead(self, index: int, layer: GraphLayer) -> None:
        counts = layer.counts
        if counts.near < SIZES:
            return
        mean = (counts.size << FINE) // counts.near
        old = self.sizes[index] or mean
        self.sizes[index] = old + (mean - old >> 3)
        dead = self.sizes[index] * self.constants.dead // SHARE
        layer.settings.dead = min(HIGHEST, dead >> FINE)
        counts.clear_sizes()


def between(first: int, last: int, progress: int) -> int:
    """Return what is ``progress`` of the distance from first to last, rounded down."""
    return first + ((last - first) * progress >> PROGRESS)


def move_tau(layer: GraphLayer, constants: Constants, progress: int) -> None:
    """Move thresholds of units that are T too often up by a step, too seldom down.

    A step is a share of the root of the fan-in, 1 at least, and shrinks to a tenth of it. The band
    opens until all shares are within it at the end: a share of few sums jumps past the band with
    each step, and would have thresholds move back and forth under weights that are done. The band
    of a dense layer is wide from the start: a narrow one costs accuracy on MNIST (experiment
    "governed").
    """
    counts, tau = layer.counts, layer.settings.tau
    share = (1 << PROGRESS) - 9 * progress // 10
    step = max(1, isqrt(layer.spec.inputs) * share // STEPS >> PROGRESS)
    low, high = constants.fire_low, constants.fire_high
    if layer.spec.kind != CONV:
        low, high = constants.dense_low, constants.dense_high
    fires, outputs = counts.fires * SHARE, counts.samples * counts.places
    tau += step * (fires > between(high, SHARE, progress) * outputs).astype(np.int32)
    tau -= step * (fires < between(low, 0, progress) * outputs).astype(np.int32)
    np.clip(tau, -HIGHEST, HIGHEST, out=tau)
    counts.clear_fires()


def move_window(layer: GraphLayer, constants: Constants) -> None:
    """Move windows a sixteenth up or down when the share within them is a tenth off.

    A window stays at 1 or more: sums of a dark picture are few values, and between 0 and 1 the
    share can jump past its aim.
    """
    counts, window = layer.counts, layer.settings.window
    outputs = counts.active * counts.places
    if outputs < OUTPUTS:
        return
    step = (window >> 4) + 1
    gated, aim = counts.gated * (SHARE * 10), constants.gated * outputs
    window += step * (gated < 9 * aim).astype(np.int32)
    window -= step * ((gated > 11 * aim) & (window > step)).astype(np.int32)
    np.clip(window, 0, MAX_WINDOW, out=window)
    counts.clear_gates()
