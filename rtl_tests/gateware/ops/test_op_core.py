"""OpCore trains as the golden machine does, at the ports that a command unit drives."""

from dataclasses import asdict, replace

import pytest
from support import simulate
from support.graph_driver import made_for

from boldhw.flow.op_lists import made_for as fitting
from boldhw.gateware.ops.core import OpCore
from boldhw.spec.network import Network
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


SIZES["made_for"] = replace(SIZES["plain"], uncounted=True)
SIZES["made_for_planes"] = SIZES["two_planes"]
# The one that docs/graph_engine.md has of an iCE40UP5K.
ICEBREAKER = "14x14-2k3-2k3-10"
SIZES["made_for_icebreaker"] = fitting(
    Network.parse(ICEBREAKER),
    ArraySize(elements=2, lanes=8, batch=4, side_bits=5, sum_bits=10, serial=True, plain=True,
              uncounted=True),
)  # fmt: skip
# Of arrays that do not take the usual one.
NETWORKS = {"plain": "4x4-4k3-6", "made_for": "4x4-4k3p2-6", "made_for_planes": "4x4x4-4k3-6",
            "made_for_icebreaker": ICEBREAKER}  # fmt: skip


@pytest.mark.parametrize("shape", SIZES)
def test_op_core(shape):
    size = SIZES[shape]
    if shape.startswith("made_for"):
        size = made_for(NETWORKS[shape], replace(size, fixed=""))
    parameters = {"size": asdict(size)}
    if shape in NETWORKS:
        parameters["network"] = NETWORKS[shape]
    simulate.run(OpCore(size), "bench_op_core", "verilator", tests=2, parameters=parameters)
