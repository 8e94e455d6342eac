from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.memory.transposer import Transposer


@pytest.mark.parametrize("dual_port", [False, True])
def test_transposer(sim, dual_port):
    unit, parameters = Transposer(replace(CONFIG, dual_port=dual_port)), {"dual_port": dual_port}
    simulate.run(unit, "bench_transposer", sim, tests=5, parameters=parameters)
