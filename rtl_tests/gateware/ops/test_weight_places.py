from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.weight_places import WeightPlaces
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("times", [2, 4, 8])
def test_weight_places(times):
    size = ArraySize(elements=3, lanes=3 * times, weight_rows=1)
    unit, parameters = WeightPlaces(size), asdict(size)
    simulate.run(
        unit, "bench_weight_places", "verilator", tests=1, parameters=parameters, cycles=2000
    )
