from dataclasses import asdict

import pytest
from support import simulate
from support.unit_config import STORED

from boldhw.gateware.store.store import Store


@pytest.mark.parametrize("name", STORED)
def test_store(sim, name):
    config = STORED[name]
    tests, parameters = 8 if config.runs_ops else 6, {"config": asdict(config)}
    simulate.run(Store(config), "bench_store", sim, tests=tests, parameters=parameters)
