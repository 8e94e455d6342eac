from dataclasses import asdict

import pytest
from support import simulate
from support.unit_config import INFERENCE, PORTS

from boldhw.gateware.core.rows import Rows

CONFIGS = PORTS | INFERENCE


@pytest.mark.parametrize("name", CONFIGS)
def test_rows(sim, name):
    config = CONFIGS[name]
    simulate.run(Rows(config), "bench_rows", sim, tests=4, parameters=asdict(config))
