import pytest
from support import simulate
from support.unit_config import PORTS

from boldhw.gateware.units.flip_count import FlipCount


@pytest.mark.parametrize("name", PORTS)
def test_flip_count(sim, name):
    config = PORTS[name]
    parameters = {
        "elements": config.elements,
        "latency": 2 + config.dual_port,
        "layers": config.max_layers,
    }
    simulate.run(FlipCount(config), "bench_flip_count", sim, tests=4, parameters=parameters)
