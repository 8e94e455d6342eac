from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.array.array import sum_shape
from boldhw.gateware.units.ternarise import Ternarise


@pytest.mark.parametrize("stochastic", [False, True])
def test_ternarise(sim, stochastic):
    unit = Ternarise(replace(CONFIG, stochastic=stochastic))
    unit.far.name = "beyond"  # Verilator warns of a top-level port "far"
    parameters = {"sum_width": sum_shape(CONFIG).width, "stochastic": stochastic}
    simulate.run(unit, "bench_ternarise", sim, tests=3, parameters=parameters)
