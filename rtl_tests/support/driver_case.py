"""The engine, network and samples of the driver's tests."""

import numpy as np

from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.spec.engine import EngineConfig

ENGINE = EngineConfig(
    elements=4, lanes=8, batch=8, accumulator_bits=6, weight_rows=64, data_rows=1024,
    signal_rows=64, max_fan_in=2048, stochastic=True, decay=True,
)  # fmt: skip
WIDTHS = (21, 13, 6, 3)
HYPER = Hyper(batch=8, theta=2, last_theta_factor=3)


def make_network(config=ENGINE, widths=WIDTHS, hyper=HYPER, seed=1):
    network = Network(widths, config, seed)
    network.configure(hyper.settings(config, widths))
    return network


def make_samples(count=200, widths=WIDTHS, seed=2):
    """Samples whose class can be learnt: each class has its own pattern, with noise on it."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, widths[-1], count)
    patterns = generator.random((widths[-1], widths[0])) < 0.5
    return patterns[labels] ^ (generator.random((count, widths[0])) < 0.15), labels
