"""Bench of a memory under random traffic: nothing is wrong, or the rule that is broken is named."""

import cocotb
from cocotb.triggers import ClockCycles
from support.streams import parameters, start

TEN = 10_000


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def words_are_right_and_rules_are_kept(dut):
    await start(dut)
    total, violation = parameters()["cycles"], parameters()["violation"]
    for done in range(0, total, TEN):
        await ClockCycles(dut.clk, TEN)
        found = int(dut.violation.value)
        assert found in (0, violation), f"rule {found} is broken after at most {done + TEN} cycles"
    assert found == violation
    if not violation:
        assert int(dut.wrong.value) == 0
        assert int(dut.reads.value) > total / 40
        assert int(dut.writes.value) > total / 2000 or not parameters()["writable"]
