from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithArray

from boldhw.gateware.ops.vote import VoteUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16, "accumulator_bits": 4},
    "two_ports": {"elements": 2, "lanes": 16, "dual_port": True, "popcount_registers": 1},
    "odd": {"elements": 3, "lanes": 6, "accumulator_bits": 16},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_vote(sim, shape):
    rows = {"data_rows": 2048, "delta_rows": 128, "weight_rows": 512, "unit_rows": 64,
            "counter_rows": 32}  # fmt: skip
    size = ArraySize(batch=19, segments=1, **rows, **shape)
    unit, parameters = WithArray(VoteUnit(size)), asdict(size)
    simulate.run(unit, "bench_vote", sim, tests=4, parameters=parameters, cycles=3000)
