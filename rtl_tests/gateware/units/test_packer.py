from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.units.packer import Packer


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dual_port", [False, True])
def test_packer(sim, dual_port, training):
    packer = Packer(replace(CONFIG, dual_port=dual_port, training=training))
    parameters = {"dual_port": dual_port, "training": training}
    simulate.run(packer, "bench_packer", sim, tests=6, parameters=parameters)
