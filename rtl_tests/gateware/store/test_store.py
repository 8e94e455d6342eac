from dataclasses import asdict

import pytest
from support import simulate
from support.unit_config import STORED

from boldhw.gateware.store.store import Store


@pytest.mark.parametrize("name", STORED)
def test_store(sim, name):
    parameters = {"config": asdict(STORED[name])}
    simulate.run(Store(STORED[name]), "bench_store", sim, tests=6, parameters=parameters)
