import pytest
from support import simulate
from support.unit_config import PORTS

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.core.scan import Scan


@pytest.mark.parametrize("name", PORTS)
def test_scan(sim, name):
    config = PORTS[name]
    parameters = {
        "elements": config.elements,
        "sum_width": sum_shape(config).width,
        "dual_port": config.dual_port,
    }
    simulate.run(Scan(config), "bench_scan", sim, tests=4, parameters=parameters)
