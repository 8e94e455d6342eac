from dataclasses import replace

import pytest
from support import simulate
from support.port_bits import input_bits
from support.unit_config import CONFIG

from boldhw.gateware.units.limits import Limits

STREAMING = replace(CONFIG, dual_port=True)
CONFIGS = {
    "one_port": CONFIG,
    "dual_port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_limits(sim, name):
    config = CONFIGS[name]
    unit = Limits(config)
    parameters = {
        "bits": input_bits(unit),
        "elements": config.elements,
        "dual_port": config.dual_port,
    }
    simulate.run(unit, "bench_limits", sim, tests=3, parameters=parameters)
