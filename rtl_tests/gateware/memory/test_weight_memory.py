from dataclasses import replace

import pytest
from support import simulate
from support.large_blocks import with_large_blocks
from support.unit_config import CONFIG

from boldhw.gateware.memory.weight_memory import WeightMemory


@pytest.mark.parametrize("dual_port", [False, True])
@pytest.mark.parametrize("unit", [WeightMemory, with_large_blocks(WeightMemory)])
def test_weight_memory(sim, unit, dual_port):
    memory, parameters = unit(replace(CONFIG, dual_port=dual_port)), {"dual_port": dual_port}
    simulate.run(memory, "bench_weight_memory", sim, tests=2, parameters=parameters)
