import pytest
from support import simulate

from boldhw.gateware.ops.turner import Turner
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("elements", [2, 5])
def test_turner(sim, elements):
    unit = Turner(ArraySize(elements=elements, lanes=2 * elements))
    parameters = {"elements": elements}
    simulate.run(unit, "bench_turner", sim, tests=2, parameters=parameters, cycles=2000)
