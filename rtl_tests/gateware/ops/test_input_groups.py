from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.input_groups import InputGroups
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("times", [2, 4, 8])
def test_input_groups(times):
    size = ArraySize(elements=3, lanes=3 * times)
    unit, parameters = InputGroups(size), asdict(size)
    simulate.run(
        unit, "bench_input_groups", "verilator", tests=1, parameters=parameters, cycles=900
    )
