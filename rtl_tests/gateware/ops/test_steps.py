import pytest
from support import simulate

from boldhw.gateware.ops.steps import Steps, steps_latency
from boldhw.spec.ops.array import ArraySize


@pytest.mark.parametrize(("accumulator_bits", "dual_port"), [(4, False), (16, True)])
def test_steps(sim, accumulator_bits, dual_port):
    size = ArraySize(
        elements=3, lanes=6, accumulator_bits=accumulator_bits, dual_port=dual_port
    )  # fmt: skip
    unit, late = Steps(size), steps_latency(size)
    parameters = {"elements": 3, "accumulator_bits": accumulator_bits, "late": late}
    simulate.run(unit, "bench_steps", sim, tests=6, parameters=parameters, cycles=3000)
