"""Engines, networks and settings on which the whole core is compared with the golden model."""

from dataclasses import dataclass, field, replace

import numpy as np

from boldhw import Network
from boldhw.golden.hyper import Hyper
from boldhw.spec.engine import EngineConfig
from boldhw.spec.settings import LIMIT

SEED = 3  # of weights and noise
ENGINE = EngineConfig(
    elements=3,
    lanes=12,
    batch=5,
    accumulator_bits=5,
    weight_rows=64,
    data_rows=512,
    signal_rows=48,
    max_layers=3,
    max_fan_in=36,
)
DSP = replace(ENGINE, dsp_sums=True)
NARROW = replace(ENGINE, accumulator_bits=2)
FULL = replace(ENGINE, stochastic=True, decay=True, accumulator_bits=6)
SMALLEST = replace(ENGINE, elements=2, lanes=4, batch=3, accumulator_bits=3)
WIDE = replace(FULL, elements=17, lanes=34, batch=2, signal_rows=51)


@dataclass(frozen=True)
class Case:
    """One comparison: engine, layer widths, updates to run, registers that differ from the usual.

    No width is a multiple of P, S or K. ``tied`` makes all weights T, so that all scores are equal.
    """

    widths: tuple = (25, 13, 8, 7)
    updates: int = 6
    config: EngineConfig = ENGINE
    changes: dict = field(default_factory=dict)
    tied: bool = False

    def network(self):
        """Return a random network with this case's settings."""
        network = Network(self.widths, config=self.config, seed=SEED)
        hyper = Hyper(batch=self.config.batch, theta=3, grow=1.0, last_theta_factor=2)
        settings = hyper.settings(self.config, self.widths)
        network.configure(settings.changed(**self.changes))
        if self.tied:
            network.weights = [np.ones_like(weights) for weights in network.weights]
        return network

    def samples(self, count=2000, seed=5):
        """Return random samples and labels, enough for all updates."""
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, self.network().settings.classes, count)
        return rng.random((count, self.widths[0])) < 0.5, labels


CASES = {
    "three_layers": Case(updates=50),
    "boolean_inputs": Case(changes={"zero_true": (False, False, False)}),
    "zero_true_everywhere": Case(changes={"zero_true": (True, True, True)}),
    "outputs_per_class": Case((25, 13, 8), changes={"classes": 2, "outputs_per_class": 4}),
    "thresholds": Case(
        changes={"tau": (3, -2, 1), "window": (4, LIMIT, 0), "dead": (2, 1, 0), "margin": 0}
    ),
    "ties": Case(tied=True, changes={"margin": LIMIT, "theta": (15, 15, 15)}),
    "theta_1": Case(changes={"theta": (1, 1, 1)}),
    "theta_highest": Case(changes={"theta": (15, 15, 15), "margin": 20}, updates=12),
    "theta_frozen": Case(config=NARROW, changes={"theta": (2, 3, LIMIT)}, updates=12),
    "saturation": Case(config=NARROW, changes={"theta": (LIMIT, LIMIT, LIMIT)}, updates=12),
    "stochastic": Case(config=FULL, changes={"rounding": 2, "noise": (3, 1, 7)}),
    "noise_of_one_layer": Case(config=FULL, changes={"noise": (0, 3, 0), "dead": (1, 0, 0)}),
    "rounding": Case(config=FULL, changes={"rounding": 3, "theta": (1, 1, 1)}),
    "decay": Case(config=FULL, changes={"decay": (9000, LIMIT, 1), "theta": (9, 2, 20)}),
    "long_noise": Case(
        (5, 20, 2),
        config=WIDE,
        updates=10,
        changes={"rounding": 1, "noise": (3, 0), "theta": (2, 4)},
    ),
    "whole_words": Case((24, 12, 12, 12)),
    "one_neuron": Case((25, 1, 8, 7)),
    "one_word": Case((11, 7, 4, 2)),
    "single_layer": Case((25, 7)),
    "popcount_registers_1": Case(config=replace(ENGINE, popcount_registers=1)),
    "popcount_registers_2": Case(config=replace(ENGINE, popcount_registers=2)),
    "popcount_registers_3": Case(config=replace(ENGINE, popcount_registers=3)),
    "dsp_sums": Case(config=DSP, updates=20),
    "dsp_sums_thresholds": Case(
        config=DSP,
        changes={"tau": (3, -2, 1), "zero_true": (False, True, False), "dead": (2, 1, 0)},
    ),
    "dsp_sums_everything": Case(
        config=replace(DSP, stochastic=True, decay=True, popcount_registers=1),
        changes={"rounding": 1, "noise": (3, 1, 7), "zero_true": (True, True, True)},
    ),
    "dsp_sums_one_word": Case((11, 7, 4, 2), config=DSP),
    "dsp_sums_one_neuron": Case((25, 1, 8, 7), config=DSP),
    "dsp_sums_single_layer": Case((25, 7), config=replace(DSP, popcount_registers=2)),
    "batch_of_one": Case(config=replace(ENGINE, batch=1)),
    "batch_below_engine": Case(changes={"batch": 3}),
    "batch_register_1": Case(changes={"batch": 1}),
    "smallest_engine": Case((13, 7, 5, 3), config=SMALLEST),
}
CASES |= {
    f"dual_port_{name}": replace(case, config=replace(case.config, dual_port=True))
    for name, case in CASES.items()
    if not case.config.dsp_sums
}
INFERENCE = {
    "three_layers": CASES["three_layers"],
    "outputs_per_class": CASES["outputs_per_class"],
    "dsp_sums": CASES["dsp_sums"],
    "dual_port_three_layers": CASES["dual_port_three_layers"],
    "no_training": Case(config=replace(ENGINE, training=False)),
    "dual_port_no_training": Case(config=replace(ENGINE, training=False, dual_port=True)),
}
