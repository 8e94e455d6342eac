from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.count import CountUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16},
    "two_ports": {"elements": 3, "lanes": 6, "dual_port": True},
    "serial": {"elements": 4, "lanes": 16, "serial": True},
    "plain": {"elements": 3, "lanes": 12, "serial": True, "plain": True},
    "four_planes": {"elements": 4, "lanes": 8, "planes": 4, "dual_port": True},
    "eight_planes": {"elements": 2, "lanes": 16, "planes": 8},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_op_count(sim, shape):
    size = ArraySize(data_rows=512, counter_rows=32, **shape)
    simulate.run(CountUnit(size), "bench_op_count", sim, tests=2, parameters=asdict(size),
                 cycles=2000)  # fmt: skip
