"""Bench of UartReceiver at the level of its pin."""

import cocotb
from cocotb.triggers import Timer
from streams import PERIOD, Sink, cycle, generator, parameters, settled, start

DIVIDER = parameters().get("divider")


def levels(content):
    """Return the levels of the line, one a bit, that send some bytes."""
    return [bit for byte in content for bit in (0, *(byte >> i & 1 for i in range(8)), 1)]


async def drive(pin, line, divider, skew=0.0):
    """Drive a pin, each bit longer than it should be by the share ``skew``."""
    duration = round(divider * PERIOD * 1000 * (1 + skew))
    for level in line:
        pin.value = level
        await Timer(duration, unit="ps")


async def begin(dut, max_pause=0):
    sink = Sink(dut, "o", max_pause)
    await start(dut, pin=1)
    await cycle(dut, 2 * DIVIDER)
    return sink


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(skew=[-0.02, 0, 0.02])
async def bytes_without_a_pause_are_received(dut, skew):
    """All values, back to back, from a sender whose clock is off by 2 %."""
    rng = generator("bytes")
    sink = await begin(dut, max_pause=DIVIDER)
    content = [0, 0xFF, 0x55, 0xAA, *rng.sample(range(256), 8000 // (10 * DIVIDER))]
    cocotb.start_soon(drive(dut.pin, levels(content), DIVIDER, skew))
    assert await sink.get_all(len(content)) == content


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_byte_waits_and_later_ones_are_lost(dut):
    """One byte is held while nobody reads; those that come meanwhile are dropped whole."""
    sink = await begin(dut)
    await drive(dut.pin, levels(b"abc"), DIVIDER)
    await cycle(dut, DIVIDER)
    assert await sink.get() == ord("a")
    cocotb.start_soon(drive(dut.pin, levels(b"d"), DIVIDER))
    assert await sink.get() == ord("d")


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_byte_without_stop_bit_is_dropped(dut):
    """A byte whose stop bit is low gives nothing, and the line is followed again after it."""
    sink = await begin(dut)
    await drive(dut.pin, [*levels(b"a")[:-1], 0, *[1] * 12], DIVIDER)
    await drive(dut.pin, [1] * 12, DIVIDER)
    await settled(dut)
    await cycle(dut)
    reader = cocotb.start_soon(sink.get())
    await drive(dut.pin, levels(b"z"), DIVIDER)
    await cycle(dut, DIVIDER)
    assert await reader == ord("z")


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_glitch_is_no_start_bit(dut):
    """The line low for less than half a bit starts no byte."""
    sink = await begin(dut)
    for _ in range(20):
        dut.pin.value = 0
        await cycle(dut, DIVIDER // 2 - 1)
        dut.pin.value = 1
        await cycle(dut, 11 * DIVIDER)
        await settled(dut)
        assert not int(dut.o__valid.value)
        await cycle(dut)
    cocotb.start_soon(drive(dut.pin, levels(b"q"), DIVIDER))
    assert await sink.get() == ord("q")
