"""A picture of what each hyper-parameter does, drawn from the functions that use it.

Pictures have no data set and no network: numbers that are drawn come from a fixed seed.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from boldhw.golden import rule
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE
from boldhw.report.figures import plot

NETWORK, EPOCHS = "784-72-10", 20
BITS = 8  # of an accumulator
UPDATES = 40
SEED = 1

Series = dict[str, list[tuple[float, float]]]


def pictures() -> dict[str, str]:
    """Return {name of a field of Hyper: text of an SVG file}."""
    return {name: f"{plot(*draw())}\n" for name, draw in PICTURES.items()}


def _margin() -> tuple[Series, str, str]:
    """Whether a sample is active, by how much the label's score exceeds the best other one."""
    leads = np.arange(-30, 31, 2)
    scores = np.stack([leads, np.zeros_like(leads)], axis=1).astype(np.int32)
    labels = np.zeros(len(leads), np.int64)
    series = {
        f"margin {margin:g}": _pairs(
            leads, rule.margin_loss(scores, labels, _settings(margin=margin).margin, 1)[0]
        )
        for margin in (0.0, 1.0, 2.0)
    }
    return series, "score of the label less the best other score", "1: the sample is active"


def _window() -> tuple[Series, str, str]:
    sums = np.arange(-60, 61, 4, dtype=np.int32)
    series = {"output of the unit": _pairs(sums, rule.fire(sums, 0, 0)[0])}
    for window in (0.6, 1.2, 2.0):
        gate = rule.fire(sums, 0, _settings(window=window).layers[0].window)[1]
        series[f"passes deltas on, window {window:g}"] = _pairs(sums, gate)
    return series, "sum of a unit, threshold 0, 784 inputs", "1: yes"


def _theta() -> tuple[Series, str, str]:
    series = {f"theta {theta}": _walk(theta) for theta in (6, 12, 24)}
    return series, "update", "accumulator of a weight; at theta the weight flips, and it is 0 again"


def _theta_scale() -> tuple[Series, str, str]:
    series: Series = {}
    for scale in (0.08, 0.16, 0.32):
        hyper = Hyper(theta_scale=scale, safe_scale=0.0)
        series[f"theta_scale {scale:g}"] = [
            (inputs, _theta_of(hyper, f"{inputs}-72-10", 1)) for inputs in range(50, 1001, 50)
        ]
    return series, "inputs of a layer", "theta of that layer, before it grows"


def _safe_scale() -> tuple[Series, str, str]:
    return _schedules({f"safe_scale {x:g}": Hyper(safe_scale=x) for x in (0.16, 0.32, 0.64)}, 6)


def _last_theta_factor() -> tuple[Series, str, str]:
    series = {"hidden layer": _by_epoch(Hyper(), 0, EPOCHS)}
    for factor in (1, 2, 10):
        hyper = Hyper(last_theta_factor=factor)
        series[f"last layer, last_theta_factor {factor}"] = _by_epoch(hyper, 1, EPOCHS)
    return series, "epoch", "theta"


def _grow() -> tuple[Series, str, str]:
    return _schedules({f"grow {x:g}": Hyper(grow=x) for x in (1.0, 4.0, 8.0)}, EPOCHS)


def _batch() -> tuple[Series, str, str]:
    """Samples that are gathered, one active in four."""
    active = np.random.default_rng(SEED).random(160) < 0.25
    series: Series = {}
    for batch in (4, 8, 32):
        gathered, series[f"batch {batch}"] = 0, []
        for sample, is_active in enumerate(active):
            gathered += is_active
            if sample % 4 == 0 or gathered == batch:
                series[f"batch {batch}"].append((sample, int(gathered)))
            gathered %= batch
    return series, "sample", "active samples gathered; at batch comes an update"


def _rounding() -> tuple[Series, str, str]:
    votes = np.arange(-12, 13, dtype=np.int32)
    draws = np.arange(256, dtype=np.uint8)
    series: Series = {}
    for rounding in (0, 1, 2):
        drawn = rule.stochastic_round(np.repeat(votes[:, None], 256, 1), rounding,
                                      np.repeat(draws[None], len(votes), 0))  # fmt: skip
        series[f"rounding {rounding}"] = _pairs(votes, drawn.mean(axis=1))
    return series, "vote of a batch for a weight", "mean of what is added to its accumulator"


def _dead() -> tuple[Series, str, str]:
    sums = np.arange(-16, 17, dtype=np.int32)
    gate = np.ones(len(sums), np.bool_)
    series = {
        f"dead {dead:g}": _pairs(sums, rule.ternarise(sums, gate, _dead_zone(dead)))
        for dead in (0.0, 0.5, 1.0)
    }
    return series, "sum of deltas that comes back to a unit, 72 units above", "its own delta"


def _noise() -> tuple[Series, str, str]:
    sums = np.arange(0, 25, dtype=np.int32)
    draws = np.repeat(np.arange(256, dtype=np.uint8)[None], len(sums), 0)
    many, gate = np.repeat(sums[:, None], 256, 1), np.ones((len(sums), 256), np.bool_)
    series = {
        f"noise {noise}": _pairs(
            sums, (rule.ternarise(many, gate, _dead_zone(0.5), noise, draws) != 0).mean(axis=1)
        )
        for noise in (0, 7, 15)
    }
    return series, "size of the sum that comes back", "share of draws in which it becomes a delta"


def _decay() -> tuple[Series, str, str]:
    series: Series = {}
    for share in (0.0, 0.02, 0.1):
        accumulator = np.array([100], np.int16)
        line: list[tuple[float, float]] = []
        for update in range(UPDATES):
            line.append((update, int(accumulator[0])))
            accumulator = rule.decay(accumulator, round(share * 65536))
        series[f"{share:.0%} of the layer's weights flip in each update"] = line
    return series, "update without a vote", "accumulator that was 100"


def _outputs_per_class() -> tuple[Series, str, str]:
    """How far the score of one class spreads, by random outputs, in units of its largest value."""
    generator = np.random.default_rng(SEED)
    sums = (2 * generator.binomial(72, 0.5, (4000, 16)) - 72).astype(np.int32)
    series: Series = {}
    for outputs in (1, 4, 16):
        scores = rule.class_scores(sums, outputs)[:, 0] / (72 * outputs)
        edges = np.linspace(-0.4, 0.4, 17)
        shares = np.histogram(scores, edges)[0] / len(scores)
        middles = [round((a + b) / 2, 3) for a, b in pairwise(edges)]
        series[f"outputs_per_class {outputs}"] = _pairs(middles, shares)
    return series, "score of a class by outputs of random weights, largest 1", "share of samples"


def _zero_true() -> tuple[Series, str, str]:
    """Sum of a unit whose weights are all T, by how many of 20 inputs are T."""
    inputs = np.tri(21, 20, -1, dtype=np.bool_)
    weights = np.ones((1, 20), np.bool_)
    series = {
        f"zero_true {coding}": _pairs(range(21), rule.forward(inputs, weights, coding)[:, 0])
        for coding in (True, False)
    }
    return series, "inputs that are T, of 20", "sum of a unit whose weights are all T"


def _settings(**changes):
    return replace(Hyper(), **changes).settings(REFERENCE, NETWORK)


def _dead_zone(dead: float) -> int:
    """Return the dead zone of a layer below a hidden one of 72 units."""
    return Hyper(dead=dead).settings(REFERENCE, "784-72-72-10").layers[0].dead


def _theta_of(hyper: Hyper, network: str, epoch: int, layer: int = 0, epochs: int = 10**6) -> int:
    return hyper.settings(REFERENCE, network, epoch, epochs).layers[layer].theta


def _by_epoch(hyper: Hyper, layer: int, epochs: int) -> list[tuple[float, float]]:
    return [(e, _theta_of(hyper, NETWORK, e, layer, epochs)) for e in range(epochs)]


def _schedules(hypers: dict[str, Hyper], epochs: int) -> tuple[Series, str, str]:
    """Return theta of the hidden layer, epoch by epoch."""
    series = {name: _by_epoch(hyper, 0, epochs) for name, hyper in hypers.items()}
    return series, "epoch", "theta of the hidden layer"


def _walk(theta: int) -> list[tuple[float, float]]:
    """Return the accumulator of a weight that most votes contradict, update by update."""
    generator = np.random.default_rng(SEED)
    weight, accumulator = np.zeros(1, np.bool_), np.zeros(1, np.int16)
    line: list[tuple[float, float]] = [(0, 0)]
    for update in range(1, UPDATES + 1):
        vote = round(generator.normal(1.5, 3))
        accumulator = rule.accumulate(accumulator, np.array([vote], np.int32), BITS)
        line.append((update, int(accumulator[0])))
        _, accumulator, flipped = rule.flip(weight, accumulator, theta)  # still F, to go on alike
        if flipped[0]:
            line.append((update, 0))
    return line


def _pairs(x, y) -> list[tuple[float, float]]:
    return [(float(a), round(float(b), 6)) for a, b in zip(x, y, strict=True)]


PICTURES: dict[str, Callable[[], tuple[Series, str, str]]] = {
    "margin": _margin,
    "window": _window,
    "theta": _theta,
    "theta_scale": _theta_scale,
    "safe_scale": _safe_scale,
    "last_theta_factor": _last_theta_factor,
    "grow": _grow,
    "batch": _batch,
    "rounding": _rounding,
    "dead": _dead,
    "noise": _noise,
    "decay": _decay,
    "outputs_per_class": _outputs_per_class,
    "zero_true": _zero_true,
}
