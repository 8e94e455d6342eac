import pytest
from support import simulate

from boldhw.gateware.ops.steps import Steps
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize("accumulator_bits", [4, 16])
def test_steps(sim, accumulator_bits):
    unit = Steps(ArraySize(elements=3, lanes=6, accumulator_bits=accumulator_bits))
    parameters = {"elements": 3, "accumulator_bits": accumulator_bits}
    simulate.run(unit, "bench_steps", sim, tests=6, parameters=parameters, cycles=3000)
