"""OpCore trains as the golden machine does, at the ports that a command unit drives."""

from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.core import OpCore
from boldhw.spec.ops.array import ArraySize

ROWS = {"data_rows": 512, "weight_rows": 128, "delta_rows": 64, "unit_rows": 8, "counter_rows": 16,
        "score_rows": 8}  # fmt: skip
SIZES = {
    "one_plane": ArraySize(elements=3, lanes=12, batch=4, segments=2, **ROWS),
    "plain": ArraySize(elements=3, lanes=12, batch=4, segments=1, serial=True, plain=True, **ROWS),
    "two_planes": ArraySize(
        elements=4, lanes=8, planes=2, transposers=2, batch=4, segments=2, dual_port=True, **ROWS
    ),
}


NETWORKS = {"plain": "4x4-4k3-6"}  # of arrays that do not take the usual one


@pytest.mark.parametrize("shape", SIZES)
def test_op_core(shape):
    size = SIZES[shape]
    parameters = {"size": asdict(size)}
    if shape in NETWORKS:
        parameters["network"] = NETWORKS[shape]
    simulate.run(OpCore(size), "bench_op_core", "verilator", tests=2, parameters=parameters)
