from dataclasses import asdict, replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.core.rows import Rows

STREAMING = replace(CONFIG, dual_port=True)
CONFIGS = {
    "one_port": CONFIG,
    "dual_port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
    "inference": replace(CONFIG, training=False),
    "dual_port_inference": replace(STREAMING, training=False),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_rows(sim, name):
    config = CONFIGS[name]
    simulate.run(Rows(config), "bench_rows", sim, tests=4, parameters=asdict(config))
