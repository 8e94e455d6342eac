"""Bench of a memory under random traffic: nothing is wrong, or the rule that is broken is named."""

import cocotb
from cocotb.triggers import ClockCycles
from support.streams import as_int, parameters, start

TEN = 10_000


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def words_are_right_and_rules_are_kept(dut):
    await start(dut)
    total, violation = parameters()["cycles"], parameters()["violation"]
    for done in range(0, total, TEN):
        await ClockCycles(dut.clk, TEN)
        found = as_int(dut.violation)
        assert found in (0, violation), f"rule {found} is broken after at most {done + TEN} cycles"
    assert found == violation
    if not violation:
        assert as_int(dut.wrong) == 0
        assert as_int(dut.reads) > total / 40
        assert as_int(dut.writes) > total / 2000 or not parameters()["writable"]
