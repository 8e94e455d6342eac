from dataclasses import asdict

import pytest
from support import simulate
from support.unit_config import STORED

from boldhw.gateware.store.records import Records


@pytest.mark.parametrize("name", STORED)
def test_records(sim, name):
    config = STORED[name]
    tests, parameters = 9 if config.runs_ops else 6, {"config": asdict(config)}
    simulate.run(Records(config), "bench_records", sim, tests=tests, parameters=parameters)
