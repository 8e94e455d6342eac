import pytest
from support import simulate

from boldhw.gateware.array.array import PEArray
from boldhw.spec.engine import EngineConfig


@pytest.mark.parametrize("popcount_registers", [0, 2])
def test_array(sim, popcount_registers):
    sizes = {"elements": 4, "lanes": 16, "batch": 6, "max_fan_in": 64}
    sizes["popcount_registers"] = popcount_registers
    config = EngineConfig(
        accumulator_bits=5, weight_rows=32, data_rows=256, signal_rows=32, max_layers=3, **sizes
    )
    simulate.run(PEArray(config), "bench_array", sim, tests=5, parameters=sizes)
