from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithTurner

from boldhw.gateware.ops.flip import FlipUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16, "accumulator_bits": 4},
    "two_ports": {"elements": 2, "lanes": 16, "dual_port": True},
    "odd": {"elements": 3, "lanes": 6, "accumulator_bits": 16, "dual_port": True},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_flip(sim, shape):
    rows = {"data_rows": 8192, "weight_rows": 1024, "unit_rows": 512, "counter_rows": 64}
    size = ArraySize(segments=1, **rows, **shape)
    unit, parameters = WithTurner(FlipUnit(size)), asdict(size)
    simulate.run(unit, "bench_flip", sim, tests=2, parameters=parameters, cycles=3000)
