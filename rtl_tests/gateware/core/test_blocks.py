import pytest
from support import simulate
from support.port_bits import input_bits
from support.unit_config import INFERENCE, PORTS

from boldhw.gateware.core.blocks import Blocks

CONFIGS = PORTS | INFERENCE


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
