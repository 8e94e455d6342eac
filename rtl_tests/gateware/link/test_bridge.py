from dataclasses import asdict, replace

import pytest
from support import simulate
from support.core_cases import CASES
from support.half_rate import HalfRateEngine

from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray

OPS = ArraySize(
    elements=2, lanes=8, batch=2, segments=1, dual_port=True, data_rows=256, weight_rows=32,
    delta_rows=32, unit_rows=4, counter_rows=16, score_rows=4,
)  # fmt: skip
SDRAM = {"store": "sdram", "store_bytes": 1 << 18}
FLASH = {"store": "flash", "store_bytes": 1 << 18}
# The same Verilog and the same bench: the longer run is Verilator's. Icarus simulates 47,000 cycles
# and more, all of loading, training and reading back.
SAMPLES = {"verilator": 24, "icarus": 10}


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
    parameters = {"case": case, "store": store, "samples": SAMPLES[sim]}
    component = HalfRateEngine(config, 24_000_000)
    simulate.run(component, "bench_bridge", sim, tests=1, parameters=parameters)


@pytest.mark.parametrize("dual_port", [False, True], ids=["one_port", "dual_port"])
def test_engine_of_op_lists_behind_a_bridge(dual_port):
    size = replace(OPS, dual_port=dual_port)
    parameters = {"size": asdict(size), "network": "4x4-2k3-2", "samples": 12}
    component = HalfRateEngine(LinkedArray(size), 24_000_000)
    simulate.run(component, "bench_bridge", "verilator", tests=1, parameters=parameters)
