from dataclasses import asdict

import pytest
from support import simulate
from support.shifter_engines import LONG, SHORT

from boldhw.gateware.command.shifter import Shifter


@pytest.mark.parametrize("config", [SHORT, LONG], ids=["short", "long"])
def test_shifter(sim, config):
    parameters = {"config": asdict(config)}
    simulate.run(Shifter(config), "bench_shifter", sim, tests=2, parameters=parameters)
