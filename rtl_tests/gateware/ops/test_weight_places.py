from dataclasses import asdict, replace

import pytest
from support import simulate

from boldhw.gateware.ops.weight_places import WeightPlaces
from boldhw.spec.ops.array import MOST_ROWS, ArraySize


@pytest.mark.parametrize("times", [2, 4, 8])
def test_weight_places(times):
    size = ArraySize(elements=3, lanes=3 * times, weight_rows=1)
    # The memory of the bench is small, addresses are not.
    unit, parameters = WeightPlaces(replace(size, weight_rows=MOST_ROWS)), asdict(size)
    simulate.run(
        unit, "bench_weight_places", "verilator", tests=1, parameters=parameters, cycles=2000
    )
