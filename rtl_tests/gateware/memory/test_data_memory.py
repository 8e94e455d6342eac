from dataclasses import replace

import pytest
from support import simulate
from support.large_blocks import with_large_blocks
from support.unit_config import CONFIG

from boldhw.gateware.memory.data_memory import DataMemory

# Two memories of 2,048 rows, one of 1,024 and one of 512, some of whose rows are not used.
DEEP = replace(CONFIG, data_rows=5600)
WIDE = replace(DEEP, elements=17, lanes=68, max_fan_in=68, dual_port=True)  # in two slices


@pytest.mark.parametrize("device", [None, "iCE40UP5K"])
def test_data_memory(sim, device):
    simulate.run(DataMemory(CONFIG), "bench_data_memory", sim, tests=1, device=device)


@pytest.mark.parametrize(
    "config", [DEEP, replace(DEEP, dual_port=True), WIDE], ids=["one_port", "dual_port", "slices"]
)
def test_stacked_data_memory(sim, config):
    unit = with_large_blocks(DataMemory)(config)
    parameters = {
        "rows": config.data_rows, "width": config.data_width, "slices": config.data_slices,
        "dual_port": config.dual_port,
    }  # fmt: skip
    simulate.run(unit, "bench_data_memory", sim, tests=1, parameters=parameters)
