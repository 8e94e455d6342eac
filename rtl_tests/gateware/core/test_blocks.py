from dataclasses import replace

import pytest
from support import simulate
from support.port_bits import input_bits
from support.unit_config import CONFIG

from boldhw.gateware.core.blocks import Blocks

STREAMING = replace(CONFIG, dual_port=True)
CONFIGS = {
    "one_port": CONFIG,
    "dual_port": STREAMING,
    "regions": replace(STREAMING, elements=17, lanes=34, signal_rows=51),
    "inference": replace(CONFIG, training=False),
    "dual_port_inference": replace(STREAMING, training=False),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_blocks(sim, name):
    config = CONFIGS[name]
    unit = Blocks(config)
    parameters = {
        "bits": input_bits(unit),
        "elements": config.elements,
        "subwords": config.subwords,
        "dual_port": config.dual_port,
        "training": config.training,
    }
    simulate.run(unit, "bench_blocks", sim, tests=4, parameters=parameters)
