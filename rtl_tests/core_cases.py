"""Engines, networks and settings on which the whole core is compared with the golden model."""

from dataclasses import dataclass, field, replace

import numpy as np

from boldhw import Network
from boldhw.config import EngineConfig
from boldhw.hyper import Hyper

ENGINE = EngineConfig(
    elements=4,
    lanes=16,
    batch=5,
    accumulator_bits=5,
    weight_rows=64,
    data_rows=1024,
    signal_rows=64,
    max_layers=3,
    max_fan_in=63,
)


@dataclass(frozen=True)
class Case:
    """One comparison: engine, layer widths, settings, updates to run."""

    widths: tuple = (37, 18, 11, 6)
    updates: int = 50
    engine: EngineConfig = ENGINE
    hyper: Hyper = field(
        default_factory=lambda: Hyper(batch=5, theta=3, grow=1.0, last_theta_factor=2)
    )
    changes: dict = field(default_factory=dict)

    def network(self):
        """Return a random network with this case's settings."""
        network = Network(self.widths, engine=self.engine, seed=3)
        registers = self.hyper.registers(self.engine, self.widths)
        network.set_registers(replace(registers, **self.changes))
        return network


CASES = {
    "three_layers": Case(),
}


def samples(case, count=4000, seed=5):
    """Return random samples and labels, enough for all updates of a case."""
    rng = np.random.default_rng(seed)
    classes = case.widths[-1] // case.hyper.outputs_per_class
    return rng.random((count, case.widths[0])) < 0.5, rng.integers(0, classes, count)
