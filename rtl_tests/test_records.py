from dataclasses import asdict

import pytest
import simulate
from unit_config import STORED

from boldhw.gateware.records import Records


@pytest.mark.parametrize("name", STORED)
def test_records(sim, name):
    parameters = {"config": asdict(STORED[name])}
    simulate.run(Records(STORED[name]), "bench_records", sim, tests=6, parameters=parameters)
