import pytest
from support import simulate

from boldhw.gateware.array.dsp_array import DspArray
from boldhw.spec.engine import EngineConfig


@pytest.mark.parametrize(
    ("popcount_registers", "device"), [(0, None), (2, None), (0, "iCE40UP5K"), (1, "iCE40UP5K")]
)
def test_dsp_array(sim, popcount_registers, device):
    sizes = {"elements": 4, "lanes": 16, "batch": 6, "max_fan_in": 64}
    sizes["popcount_registers"] = popcount_registers
    config = EngineConfig(
        accumulator_bits=5,
        weight_rows=32,
        data_rows=256,
        signal_rows=32,
        max_layers=3,
        dsp_sums=True,
        **sizes,
    )
    simulate.run(DspArray(config), "bench_dsp_array", sim, tests=4, parameters=sizes, device=device)
