from dataclasses import replace

import pytest
from support import simulate
from support.core_cases import CASES
from support.half_rate import HalfRateEngine

SDRAM = {"store": "sdram", "store_bytes": 1 << 18}
FLASH = {"store": "flash", "store_bytes": 1 << 18}


@pytest.mark.parametrize(
    ("case", "store"),
    [
        ("three_layers", {}),
        ("dual_port_three_layers", {}),
        ("dual_port_three_layers", SDRAM),
        ("dsp_sums", FLASH),
    ],
    ids=["one_port", "dual_port", "sdram", "flash"],
)
def test_engine_behind_a_bridge(sim, case, store):
    config = replace(CASES[case].config, **store)
    parameters = {"case": case, "store": store, "samples": 60}
    component = HalfRateEngine(config, 24_000_000)
    simulate.run(component, "bench_bridge", sim, tests=1, parameters=parameters)
