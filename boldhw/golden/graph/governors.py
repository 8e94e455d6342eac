"""Integer governors: what a host does between samples instead of tuning.

They read counters (:class:`boldhw.golden.graph.counts.Counts`) and move settings by steps:

    tau      every period of a layer, unit by unit, towards a band of shares of T that opens
    window   at the same time, towards the share of outputs within it
    margin   at the same time, along its schedule, if it is one between scores
    theta    every UPDATES updates, layer by layer, towards the flips that the schedule wants
    dead     at an update, layer by layer, to a share of the mean |g|

Everything is an integer, so that a host, a soft processor and this model move them alike.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from boldhw.golden.graph.attention_layer import AttentionLayer
from boldhw.golden.graph.constants import ROOT, SHARE, Constants, power
from boldhw.golden.graph.counts import Counts, PairCounts
from boldhw.golden.graph.embedding_layer import EmbeddingLayer
from boldhw.golden.graph.layer import GraphLayer
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.settings import HIGHEST, MAX_NOISE, MAX_WINDOW
from boldhw.golden.graph.start import spread
from boldhw.spec.attention import MAX_WIDTH, SHARES
from boldhw.spec.layer import CONV, DENSE
from boldhw.spec.network import Network
from boldhw.spec.stats import TrainStats

PERIOD = 256  # samples between two moves of thresholds and windows, at most
COUNTED = 1 << 16  # outputs of a unit in them, at most
UPDATES = 4  # updates between two moves of theta
OUTPUTS = 512  # of a unit in active samples, before its window moves
SIZES = 2048  # gated outputs of a layer, before its dead zone moves
FINE = 8  # bits behind the point of theta and of the mean |g|
PROGRESS = 16  # bits of the share of training that is done
EARLY = (1 << PROGRESS) // 50  # of it: theta takes large steps before
STEP_EARLY, STEP = 15, 3  # of theta, in 1/256
# Updates of a run, were all samples active: from FEWEST to SHORT are too few for such steps. Fewer
# than FEWEST must flip more weights than are wanted to learn anything.
FEWEST, SHORT = 1 << 8, 1 << 11
RATE = 40  # bits behind the point of a flip rate
# Where a head has many places, votes of neighbours agree and theta starts far too low: more than so
# many times the flips that are wanted, or times FLIPS, move it up by a quarter at once.
FLOOD, FLIPS = 4, 16
NOISE = 8  # times the mean |g| is the largest threshold of an embedding, or more
STEPS = 24  # of a threshold in the root of the fan-in, at the start
HALF = 173  # half of all random sums are within so many deviations / 256 of their mean


class Governors:
    """Moves the settings of ``graph`` as ``total`` samples go by.

    ``after`` is called with the stats of each call of ``graph.train``, which must not train past
    ``samples_left`` samples nor past an update. ``seen``, ``thetas`` and ``sizes`` are all state;
    ``periods`` are those of the layers.
    """

    def __init__(self, graph: GraphNetwork, constants: Constants, total: int):
        self.graph, self.constants, self.total = graph, constants, max(1, total)
        self.seen = 0
        self.root = isqrt(graph.head.places)  # by which flips grow, as votes of so many do
        self.periods = [period(layer.counts.places) for layer in graph.layers]
        self.compared = graph.spec.below_attention
        self.thetas = [layer.settings.theta << FINE for layer in graph.layers]
        self.sizes = [0] * len(graph.layers)  # mean |g|, 0: not known yet
        self.pair_sizes = [0] * len(graph.layers)  # mean |D| of attentions, likewise

    @property
    def samples_left(self) -> int:
        """Samples until thresholds of a layer move; each period is a multiple of the shortest."""
        shortest = min(self.periods)
        return shortest - self.seen % shortest

    @property
    def is_short(self) -> bool:
        """Whether the run is too short for theta to find its way in small steps."""
        return is_short(self.graph.spec, self.total, self.constants)

    @property
    def progress(self) -> int:
        """Share of training that is done, 0 to 1 << PROGRESS."""
        return min(1 << PROGRESS, (self.seen << PROGRESS) // self.total)

    def after(self, stats: TrainStats) -> None:
        """Move what is due after these samples."""
        self.seen += stats.samples
        if stats.samples:
            self._move_units()
        if stats.updates:
            for index, layer in enumerate(self.graph.layers):
                if layer.spec.learns:
                    self._move_theta(index, layer)
                if self.constants.counted and not layer.spec.place.is_output:
                    self._move_dead(index, layer)

    def _move_units(self) -> None:
        constants, progress = self.constants, self.progress
        for layer, samples in zip(self.graph.layers[:-1], self.periods, strict=False):
            if constants.counted and self.seen % samples == 0:
                if isinstance(layer, AttentionLayer):
                    move_scores(layer)
                    continue
                is_compared = layer.spec.name in self.compared
                move_tau(layer, constants, progress, is_compared)
                move_window(layer, constants, is_compared)
        if self.graph.head.by_margin and self.seen % min(self.periods) == 0:
            root = spread(self.graph.spec.output, self.graph.settings.outputs_per_class)
            last = constants.margin_first if self.is_short else constants.margin_last
            factor = between(constants.margin_first, last, progress)
            self.graph.settings.margin = min(MAX_WINDOW, factor * root // ROOT)

    def _move_theta(self, index: int, layer: GraphLayer) -> None:
        """Move theta up by a step when more weights flipped than wanted, else down."""
        counts, constants, progress = layer.counts, self.constants, self.progress
        exponent = between(constants.flips_first, constants.flips_last, progress)
        samples = counts.updates * self.graph.settings.batch
        wanted = layer.spec.weights * samples * self.root * power(exponent, RATE)
        is_flood = self.root > 1 and counts.flips << RATE > FLOOD * max(wanted, FLIPS << RATE)
        is_short = self.is_short
        if counts.updates < (1 if is_short else UPDATES) and not is_flood:
            return
        is_large = is_short or progress < EARLY
        step = self.thetas[index] * (STEP_EARLY if is_large else STEP) >> FINE
        if is_flood:
            self.thetas[index] += self.thetas[index] >> 2
        elif counts.flips << RATE > wanted:
            self.thetas[index] += max(1, step)
        else:  # where less than one flip is wanted, steps down are as much smaller
            self.thetas[index] -= step * min(wanted, 1 << RATE) >> RATE
        top = (1 << layer.bits - 1) - 1
        self.thetas[index] = min(max(self.thetas[index], 1 << FINE), top << FINE)
        layer.settings.theta = self.thetas[index] >> FINE
        counts.clear_flips()

    def _move_dead(self, index: int, layer: GraphLayer) -> None:
        """Move the dead zone of a layer, the noise of an embedding, the dead zone of pairs."""
        if layer.counts.near >= SIZES:
            size = self.sizes[index] = mean_size(self.sizes[index], layer.counts)
            dead = size * self.constants.dead // SHARE
            if isinstance(layer, EmbeddingLayer):
                layer.settings.noise = mask_above(size * NOISE >> FINE)
            else:
                layer.settings.dead = min(HIGHEST, dead >> FINE)
        if isinstance(layer, AttentionLayer) and layer.pairs.near >= SIZES:
            size = self.pair_sizes[index] = mean_size(self.pair_sizes[index], layer.pairs)
            layer.own.dead = min(MAX_WIDTH, size * self.constants.dead // SHARE >> FINE)


def is_short(network: Network, samples: int, constants: Constants) -> bool:
    """Return whether a run of dense layers on so many samples makes few updates.

    In few updates small steps of theta get nowhere: votes of rare samples then flip so many weights
    at once that the network goes back and forth between classes until it has learned all samples by
    heart. Such a run moves theta at every update, and by large steps, and its margin stays.
    """
    batch = constants.batch
    is_few = FEWEST * batch <= samples <= constants.short * batch
    return is_few and all(layer.kind == DENSE for layer in network.layers)


def period(places: int) -> int:
    """Return the samples between two moves of a layer's units, a power of two.

    They are PERIOD, or fewer where these are more than COUNTED outputs of a unit.
    """
    return 1 << min(PERIOD, max(1, COUNTED // places)).bit_length() - 1


def between(first: int, last: int, progress: int) -> int:
    """Return what is ``progress`` of the distance from first to last, rounded down."""
    return first + ((last - first) * progress >> PROGRESS)


def mean_size(old: int, counts: Counts | PairCounts) -> int:
    """Return the mean |g|, with FINE bits, moved by 1/8 towards that counted; clear the counts."""
    mean = (counts.size << FINE) // counts.near
    counts.clear_sizes()
    return old + (mean - old >> 3) if old else mean


def mask_above(value: int) -> int:
    """Return the least ``2**b - 1`` that is not below a value, MAX_NOISE at most."""
    return min(MAX_NOISE, (1 << value.bit_length()) - 1)


def move_scores(layer: AttentionLayer) -> None:
    """Move thresholds of scores by 1 when the share of pairs that a head chose is a fifth off."""
    counts, density = layer.pairs, layer.attend.spec.density
    if density:
        chosen, aim = counts.chosen * (SHARES * 5), counts.pairs * density
        tau = layer.own.tau
        tau += (chosen > 6 * aim).astype(np.int32) - (chosen < 4 * aim).astype(np.int32)
        np.clip(tau, 0, MAX_WIDTH + 1, out=tau)
    counts.clear_chosen()
    layer.counts.clear_fires()
    layer.counts.clear_gates()


def move_tau(
    layer: GraphLayer, constants: Constants, progress: int, is_compared: bool = False
) -> None:
    """Move thresholds of units that are T, or not 0, too often up by a step, too seldom down.

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
    if is_compared:
        low, high = constants.even_low, constants.even_high
    else:
        low, high = between(low, 0, progress), between(high, SHARE, progress)
    tau += step * (fires > high * outputs).astype(np.int32)
    tau -= step * (fires < low * outputs).astype(np.int32)
    np.clip(tau, 0 if layer.spec.is_ternary else -HIGHEST, HIGHEST, out=tau)
    counts.clear_fires()


def move_window(layer: GraphLayer, constants: Constants, is_compared: bool = False) -> None:
    """Move windows a sixteenth up or down when the share within them is a tenth off.

    A window stays at 1 or more: sums of a dark picture are few values, and between 0 and 1 the
    share can jump past its aim. One of units that are compared is not wider than that of random
    sums: sums of a query or a key that has learned what matches are far from its threshold on both
    sides, and a window that followed them would send signals to bits that are right, until nothing
    matches.
    """
    counts, window = layer.counts, layer.settings.window
    outputs = counts.active * counts.places
    if outputs < OUTPUTS:
        return
    step = (window >> 4) + 1
    gated, aim = counts.gated * (SHARE * 10), constants.gated * outputs
    window += step * (gated < 9 * aim).astype(np.int32)
    window -= step * ((gated > 11 * aim) & (window > step)).astype(np.int32)
    most = max(1, isqrt(layer.spec.inputs) * HALF >> 8) if is_compared else MAX_WINDOW
    np.clip(window, 0, most, out=window)
    counts.clear_gates()
