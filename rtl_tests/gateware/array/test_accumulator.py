from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.accumulator import Accumulator

LARGE = replace(CONFIG, elements=17, lanes=34, dual_port=True, max_fan_in=102)


@pytest.mark.parametrize("config", [CONFIG, LARGE], ids=["cleared", "large"])
def test_accumulator(sim, config):
    parameters = {
        "lanes": config.lanes, "max_fan_in": config.max_fan_in, "clears_sums": config.clears_sums,
    }  # fmt: skip
    simulate.run(Accumulator(config), "bench_accumulator", sim, tests=2, parameters=parameters)
