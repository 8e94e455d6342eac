from dataclasses import asdict

import pytest
from support import simulate

from boldhw.gateware.ops.serial_outcome import SerialOutcome
from boldhw.spec.ops.array import ArraySize

SHAPES = {
    "three_lanes": {"elements": 3, "lanes": 12},
    "short_sums": {"elements": 2, "lanes": 4, "sum_bits": 10},
    "of_a_small_device": {"elements": 7, "lanes": 28, "sum_bits": 13},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_serial_outcome(shape, sim):
    size = ArraySize(serial=True, plain=True, **SHAPES[shape])
    simulate.run(SerialOutcome(size), "bench_serial_outcome", sim, tests=3,
                 parameters=asdict(size), cycles=1200)  # fmt: skip
