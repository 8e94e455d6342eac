from dataclasses import asdict

import pytest
from support import simulate
from support.op_wrappers import WithTurner

from boldhw.gateware.ops.turn import TurnUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16},
    "two_ports": {"elements": 2, "lanes": 8, "dual_port": True},
    "odd": {"elements": 3, "lanes": 6},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_turn(sim, shape):
    size = ArraySize(data_rows=1024, delta_rows=256, batch=19, **shape)
    unit = WithTurner(TurnUnit(size))
    simulate.run(unit, "bench_turn", sim, tests=2, parameters=asdict(size), cycles=3500)
