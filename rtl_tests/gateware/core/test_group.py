from dataclasses import replace

import pytest
from support import simulate
from support.port_bits import input_bits
from support.unit_config import CONFIG

from boldhw.gateware.core.group import Group


@pytest.mark.parametrize("dual_port", [False, True])
def test_group(sim, dual_port):
    config = replace(CONFIG, dual_port=dual_port)
    unit = Group(config)
    parameters = {
        "bits": input_bits(unit),
        "elements": config.elements,
        "subwords": config.subwords,
        "dual_port": dual_port,
    }
    simulate.run(unit, "bench_group", sim, tests=2, parameters=parameters)
