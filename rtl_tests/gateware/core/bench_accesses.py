"""Bench of CountedCore: what the memories do in training is what boldhw.energy.accesses derives."""

from dataclasses import replace

import cocotb
from support.core_cases import CASES
from support.core_driver import TRAIN, Driver
from support.counted_core import COUNTED
from support.streams import parameters

from boldhw.energy import accesses


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def counts_match_the_model(dut):
    """Over some updates, with samples that are active and others that are not."""
    # Without a margin, whatever is right is not active.
    case = replace(CASES[parameters()["case"]], changes={"margin": 0})
    driver = Driver(dut, case.network())
    await driver.start()
    bits, labels = case.samples(60)
    for sample, label in zip(bits, labels, strict=True):
        await driver.run(TRAIN, sample, int(label))
    counters, _ = await driver.counters()
    assert 0 < counters["active"] < counters["samples"]
    assert counters["updates"] > 3
    found = {name: int(getattr(dut, name).value) for name in COUNTED}
    assert found == expected(case, counters)


def expected(case, counters):
    passes = accesses.predict(case.config, case.widths)
    total = (
        passes["forward"] * counters["samples"]
        + passes["backward"] * counters["active"]
        + passes["update"] * counters["updates"]
    )
    return {
        "array": total.array,
        "weight_writes": total.weight_writes,
        "data_writes": total.data_writes,
        "signal_writes": total.signal_writes,
        "blocks_read": total.weight_reads - total.array,
    }
