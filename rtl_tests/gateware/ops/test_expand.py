from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.expand import ExpandUnit
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "one_port": {"elements": 4, "lanes": 16},
    "two_ports": {"elements": 2, "lanes": 16, "dual_port": True},
    "odd": {"elements": 3, "lanes": 6, "dual_port": True},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_expand(sim, shape):
    size = ArraySize(data_rows=4096, **shape)
    unit, parameters = ExpandUnit(size), asdict(size)
    simulate.run(unit, "bench_expand", sim, tests=2, parameters=parameters, cycles=4000)
