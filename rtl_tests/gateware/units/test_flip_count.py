from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.units.flip_count import FlipCount

STREAMING = replace(CONFIG, dual_port=True)
CONFIGS = {
    "one_port": CONFIG,
    "dual_port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_flip_count(sim, name):
    config = CONFIGS[name]
    parameters = {
        "elements": config.elements,
        "latency": 2 + config.dual_port,
        "layers": config.max_layers,
    }
    simulate.run(FlipCount(config), "bench_flip_count", sim, tests=4, parameters=parameters)
