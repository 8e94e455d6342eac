"""A small engine, the networks that fit it, and samples that can be learnt."""

from dataclasses import replace

import numpy as np

from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.engine import EngineConfig

SMALL = EngineConfig(
    elements=4, lanes=16, batch=8, accumulator_bits=6, weight_rows=128, data_rows=2048,
    signal_rows=128, max_fan_in=256, stochastic=True, decay=True,
)  # fmt: skip
ODD = replace(
    SMALL, elements=3, lanes=12, batch=9, accumulator_bits=5, popcount_registers=2, max_layers=3,
    stochastic=False, decay=False,
)  # fmt: skip
BROAD = replace(SMALL, elements=20, lanes=40, batch=32, data_rows=4096, signal_rows=256)
DUAL = replace(SMALL, dual_port=True)
HYPER = Hyper(batch=8, theta=2, last_theta_factor=3, grow=2.0)
RUNS = {
    "small": (SMALL, (37, 21, 5), HYPER),
    "one layer": (SMALL, (37, 5), HYPER),
    "four layers": (SMALL, (20, 17, 12, 9, 4), HYPER),
    "exact fit": (SMALL, (32, 16, 4), HYPER),
    "tiny": (SMALL, (1, 1, 2), HYPER),
    "batch of one": (SMALL, (37, 21, 5), replace(HYPER, batch=1)),
    "outputs per class": (SMALL, (37, 21, 12), replace(HYPER, outputs_per_class=3)),
    "false inputs": (SMALL, (37, 21, 5), replace(HYPER, zero_true=False)),
    "dead zone": (SMALL, (37, 21, 14, 5), replace(HYPER, dead=0.3)),
    "stochastic": (SMALL, (37, 21, 14, 5), replace(HYPER, rounding=1, noise=7)),
    "decay": (SMALL, (37, 21, 5), replace(HYPER, decay=True)),
    "odd": (ODD, (37, 21, 5), HYPER),
    "odd, three layers": (ODD, (28, 19, 10, 4), HYPER),
    "dual port": (DUAL, (37, 21, 14, 5), replace(HYPER, rounding=1, noise=7, decay=True)),
    "dual port, odd": (replace(ODD, dual_port=True), (28, 19, 10, 4), HYPER),
    "dual port, outputs per class": (DUAL, (37, 21, 12), replace(HYPER, outputs_per_class=3)),
    "long noise": (BROAD, (90, 41, 33, 10), replace(HYPER, batch=32, rounding=2, noise=3)),
}


def make_samples(widths, classes, count, seed=3):
    """Samples whose class can be learnt: each class has its own pattern, with noise on it."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    patterns = generator.random((classes, widths[0])) < 0.5
    return patterns[labels] ^ (generator.random((count, widths[0])) < 0.2), labels


def make_network(config, widths, hyper=HYPER, seed=1):
    network = Network(widths, config, seed)
    network.configure(hyper.settings(config, widths))
    return network
