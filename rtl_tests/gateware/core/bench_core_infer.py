"""Bench of Core: scores of inference, on engines that train and engines that do not."""

import cocotb
from support.core_cases import INFERENCE
from support.core_driver import INFER, Driver
from support.streams import parameters

from boldhw.spec import cycles

SAMPLES = 20


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(name=parameters()["cases"], readiness=[1, 0.5, 0.05])
async def scores_match_golden(dut, name, readiness):
    """Every score, in order; a cycle more for each cycle in which a score is not taken."""
    case = INFERENCE[name]
    network = case.network()
    driver = Driver(dut, network, readiness)
    await driver.start()
    bits, _ = case.samples(SAMPLES)
    for sample, scores in zip(bits, network.infer(bits), strict=True):
        assert await driver.run(INFER, sample) == scores.tolist()
    await driver.compare_state()
    forward = cycles.predict(network.config, network.widths).forward
    counters, _ = await driver.counters()
    assert counters.pop("cycles_forward") == forward * SAMPLES + driver.stalled
    assert not any(counters.values())
