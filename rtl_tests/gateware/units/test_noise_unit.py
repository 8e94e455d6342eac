from dataclasses import replace

import pytest
from support import simulate
from support.unit_config import CONFIG

from boldhw.gateware.units.noise import Noise


@pytest.mark.parametrize(("elements", "lanes"), [(4, 16), (16, 32), (17, 34)])
def test_noise(sim, elements, lanes):
    """Small, and both sides of the number of lanes where the recurrence changes."""
    config = replace(CONFIG, elements=elements, lanes=lanes)
    simulate.run(Noise(config), "bench_noise_unit", sim, tests=3, parameters={"elements": elements})
