"""MacUnit with the array and the window unit makes what the golden MAC makes, in its cycles."""

from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithArray

from boldhw.gateware.ops.mac import MacUnit
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 1024, "weight_rows": 256, "delta_rows": 128, "unit_rows": 32,
        "counter_rows": 64, "score_rows": 32}  # fmt: skip
SHAPES = {
    "one_plane": ArraySize(elements=3, lanes=12, segments=2, sum_bits=12, **ROWS),
    "plain": ArraySize(
        elements=3, lanes=12, segments=1, sum_bits=12, serial=True, plain=True, **ROWS
    ),
    "two_planes": ArraySize(elements=3, lanes=12, segments=2, planes=2, **ROWS),
    "two_ports": ArraySize(
        elements=2, lanes=8, segments=3, planes=2, dual_port=True, popcount_registers=1, **ROWS
    ),
    "four_planes": ArraySize(elements=2, lanes=16, planes=4, dual_port=True, segments=2, **ROWS),
    "eight_planes": ArraySize(elements=3, lanes=6, planes=8, segments=1, **ROWS),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_op_mac(shape):
    size = SHAPES[shape]
    simulate.run(
        WithArray(MacUnit(size), window=True), "bench_op_mac", "verilator", tests=2,
        parameters=asdict(size), cycles=5000,
    )  # fmt: skip
