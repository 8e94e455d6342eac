from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.operand import Operand
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 3, "lanes": 12, "segments": 2},
    "two_ports": {"elements": 2, "lanes": 16, "segments": 1, "dual_port": True},
    "two_planes": {"elements": 3, "lanes": 12, "segments": 2, "planes": 2},
    "four_planes": {
        "elements": 2,
        "lanes": 16,
        "segments": 1,
        "planes": 4,
        "dual_port": True,
    },
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_op_operand(sim, shape):
    size = ArraySize(data_rows=128, **shape)
    simulate.run(Operand(size), "bench_op_operand", sim, tests=2, parameters=asdict(size),
                 cycles=1500)  # fmt: skip
