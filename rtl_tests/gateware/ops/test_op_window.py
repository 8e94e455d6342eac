from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.window import WindowUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16},
    "two_ports": {"elements": 3, "lanes": 6, "dual_port": True},
    "one_kernel": {"elements": 7, "lanes": 28, "window_kernels": "5x1/1"},
    "two_kernels": {"elements": 3, "lanes": 12, "window_kernels": "2x3/2,3x1/1"},
    "two_planes": {"elements": 3, "lanes": 12, "planes": 2},
    "four_planes": {
        "elements": 3,
        "lanes": 12,
        "planes": 4,
        "dual_port": True,
        "window_kernels": "3x1/2,2x2/1",
    },
    "eight_planes": {"elements": 4, "lanes": 16, "planes": 8, "window_kernels": "5x1/1"},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_op_window(sim, shape):
    size = ArraySize(data_rows=64, **shape)
    simulate.run(WindowUnit(size), "bench_op_window", sim, tests=3, parameters=asdict(size),
                 cycles=700)  # fmt: skip
