import pytest
from support import simulate

from boldhw.gateware.ops.nest import Nest


@pytest.mark.parametrize("levels", [(8, 16, 16), (12, 16, 8, 16, 8)], ids=len)
def test_nest(sim, levels):
    parameters = {"levels": list(levels)}
    simulate.run(Nest(levels), "bench_nest", sim, tests=4, parameters=parameters, cycles=7000)
