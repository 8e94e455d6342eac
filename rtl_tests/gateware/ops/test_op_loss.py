from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.loss import LossUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "wide": {"elements": 4, "lanes": 16},
    "narrow": {"elements": 3, "lanes": 6},
    "two_ports": {"elements": 3, "lanes": 6, "dual_port": True},
    "two_planes": {"elements": 2, "lanes": 16, "planes": 2},
    "four_planes": {"elements": 4, "lanes": 16, "planes": 4},
    "eight_planes": {"elements": 8, "lanes": 16, "planes": 8},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_op_loss(sim, shape):
    size = ArraySize(data_rows=512, score_rows=24, **shape)
    simulate.run(LossUnit(size), "bench_op_loss", sim, tests=2, parameters=asdict(size),
                 cycles=2000)  # fmt: skip
