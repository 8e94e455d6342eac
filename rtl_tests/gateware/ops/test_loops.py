import pytest
from support import simulate

from boldhw.gateware.ops.loops import Loops


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(("levels", "inner"), [((8, 16, 16), 0), ((12, 16, 8, 16, 8), 2)])
def test_loops(sim, levels, inner, early):
    unit = Loops(levels, inner, early=early)
    parameters = {"levels": list(levels), "inner": inner}
    simulate.run(unit, "bench_loops", sim, tests=5, parameters=parameters, cycles=7000)
