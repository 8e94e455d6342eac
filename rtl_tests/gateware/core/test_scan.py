from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.core.scan import Scan

STREAMING = replace(CONFIG, dual_port=True)
CONFIGS = {
    "one_port": CONFIG,
    "dual_port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_scan(sim, name):
    config = CONFIGS[name]
    parameters = {
        "elements": config.elements,
        "sum_width": sum_shape(config).width,
        "dual_port": config.dual_port,
    }
    simulate.run(Scan(config), "bench_scan", sim, tests=4, parameters=parameters)
