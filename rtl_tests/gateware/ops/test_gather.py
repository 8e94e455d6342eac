from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.gather import GatherUnit
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("dual_port", [False, True])
def test_gather(sim, dual_port):
    size = ArraySize(elements=4, lanes=16, data_rows=256, dual_port=dual_port)
    simulate.run(
        GatherUnit(size), "bench_gather", sim, tests=2, parameters=asdict(size), cycles=2000
    )
