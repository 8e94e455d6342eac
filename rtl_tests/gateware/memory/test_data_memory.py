from dataclasses import replace

import pytest
from support import simulate
from support.large_blocks import with_large_blocks
from support.unit_config import CONFIG

from boldhw.gateware.memory.data_memory import DataMemory
from boldhw.gateware.memory.memories import stack

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


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        (1, [(0, 512)]),
        (513, [(0, 1024)]),
        (1025, [(0, 1024), (1024, 512)]),
        (1537, [(0, 2048)]),
        (5600, [(0, 2048), (2048, 2048), (4096, 1024), (5120, 512)]),
    ],
)
def test_stack_is_as_shallow_as_its_rows_allow(rows, parts):
    assert stack(rows) == parts
