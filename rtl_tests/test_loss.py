from dataclasses import replace

import pytest
import simulate
from unit_config import CONFIG

from boldhw.gateware.loss import Loss


@pytest.mark.parametrize("dual_port", [False, True], ids=["one_port", "dual_port"])
def test_loss(sim, dual_port):
    config = replace(CONFIG, dual_port=dual_port)
    simulate.run(Loss(config), "bench_loss", sim, tests=4)
