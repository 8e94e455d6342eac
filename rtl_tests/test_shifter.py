from dataclasses import asdict

import pytest
import simulate

from boldhw.config import EngineConfig
from boldhw.gateware.command.shifter import Shifter

# Operand words shorter than a row, and as long as one.
SHORT = EngineConfig(
    elements=10, lanes=40, batch=32, accumulator_bits=6, weight_rows=8, data_rows=99, signal_rows=10
)
LONG = EngineConfig(
    elements=10, lanes=80, batch=8, accumulator_bits=4, weight_rows=8, data_rows=128, signal_rows=16
)


@pytest.mark.parametrize("config", [SHORT, LONG], ids=["short", "long"])
def test_shifter(sim, config):
    parameters = {"config": asdict(config)}
    simulate.run(Shifter(config), "bench_shifter", sim, tests=2, parameters=parameters)
