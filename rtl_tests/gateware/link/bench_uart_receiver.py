"""Bench of UartReceiver at the level of its pin."""

import cocotb
from support.serial_line import drive, levels
from support.streams import as_int, cycle, generator, parameters, settled, start

DIVIDER = parameters().get("divider")


async def begin(dut):
    """Start with an idle line and nobody who takes bytes."""
    await start(dut, pin=1, o__ready=0)
    await cycle(dut, 2 * DIVIDER)


async def received(dut, count, max_pause=0):
    """Take bytes, each one up to ``max_pause`` cycles after it came."""
    rng, found = generator("pauses"), []
    while len(found) < count:
        await settled(dut)
        there = as_int(dut.o__valid)
        await cycle(dut)
        if there:
            await cycle(dut, rng.randint(0, max_pause))
            dut.o__ready.value = 1
            found.append(await offered(dut))
            dut.o__ready.value = 0
    return found


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(skew=[-0.02, 0, 0.02])
async def bytes_without_a_pause_are_received(dut, skew):
    """All values, back to back, from a sender whose clock is off by 2 %."""
    rng = generator("bytes")
    await begin(dut)
    content = [0, 0xFF, 0x55, 0xAA, *rng.sample(range(256), 8000 // (10 * DIVIDER))]
    cocotb.start_soon(drive(dut.pin, levels(content), DIVIDER, skew))
    assert await received(dut, len(content), max_pause=DIVIDER // 2) == content


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_byte_waits_for_the_next_one(dut):
    """A byte is there until it is taken, or until the first bit of the next byte begins."""
    await begin(dut)
    await drive(dut.pin, [*levels(b"a"), *[1] * 30], DIVIDER)
    assert await offered(dut) == ord("a")
    await drive(dut.pin, [0], DIVIDER)
    await cycle(dut, 3)
    assert await offered(dut) is None
    await drive(dut.pin, levels(b"b")[1:], DIVIDER)
    assert await offered(dut) == ord("b")
    dut.o__ready.value = 1
    await cycle(dut)
    dut.o__ready.value = 0
    assert await offered(dut) is None


async def offered(dut):
    """Return the byte that is offered in this cycle, None if there is none."""
    await settled(dut)
    found = as_int(dut.o__payload) if as_int(dut.o__valid) else None
    await cycle(dut)
    return found


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_byte_without_stop_bit_is_dropped(dut):
    """A byte whose stop bit is low gives nothing, and the line is followed again after it."""
    await begin(dut)
    await drive(dut.pin, [*levels(b"a")[:-1], 0, *[1] * 12], DIVIDER)
    await drive(dut.pin, [1] * 12, DIVIDER)
    await settled(dut)
    await cycle(dut)
    reader = cocotb.start_soon(received(dut, 1))
    await drive(dut.pin, levels(b"z"), DIVIDER)
    await cycle(dut, DIVIDER)
    assert await reader == [ord("z")]


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_glitch_is_no_start_bit(dut):
    """The line low for less than half a bit starts no byte."""
    await begin(dut)
    for _ in range(20):
        dut.pin.value = 0
        await cycle(dut, DIVIDER // 2 - 1)
        dut.pin.value = 1
        await cycle(dut, 11 * DIVIDER)
        await settled(dut)
        assert not as_int(dut.o__valid)
        await cycle(dut)
    cocotb.start_soon(drive(dut.pin, levels(b"q"), DIVIDER))
    assert await received(dut, 1) == [ord("q")]
