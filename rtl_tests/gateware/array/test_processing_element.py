import pytest
from support import simulate

from boldhw.gateware.array.processing_element import ProcessingElement
from boldhw.spec.engine import EngineConfig


@pytest.mark.parametrize(
    ("elements", "lanes", "popcount_registers"), [(4, 16, 0), (4, 16, 2), (17, 34, 2)]
)
def test_processing_element(sim, elements, lanes, popcount_registers):
    """The last one is that of a large engine."""
    sizes = {
        "elements": elements, "lanes": lanes, "batch": 6, "max_fan_in": 4 * lanes,
        "popcount_registers": popcount_registers,
    }  # fmt: skip
    config = EngineConfig(
        accumulator_bits=5, weight_rows=32, data_rows=256, signal_rows=34, max_layers=3,
        dual_port=elements > 16, **sizes,
    )  # fmt: skip
    sizes["clears_sums"] = config.clears_sums
    simulate.run(
        ProcessingElement(config), "bench_processing_element", sim, tests=3, parameters=sizes
    )
