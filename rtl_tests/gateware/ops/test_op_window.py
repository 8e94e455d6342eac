from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.window import WindowUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16},
    "two_ports": {"elements": 3, "lanes": 6, "dual_port": True},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_op_window(sim, shape):
    size = ArraySize(data_rows=64, **shape)
    simulate.run(WindowUnit(size), "bench_op_window", sim, tests=3, parameters=asdict(size),
                 cycles=700)  # fmt: skip
