from dataclasses import asdict

import pytest
from support import simulate
from support.unit_config import STORED

from boldhw.gateware.store.records import Records


@pytest.mark.parametrize("name", STORED)
def test_records(sim, name):
    parameters = {"config": asdict(STORED[name])}
    simulate.run(Records(STORED[name]), "bench_records", sim, tests=6, parameters=parameters)
