"""Bench of UartTransmitter at the level of its pin."""

import cocotb
from support.serial_line import levels
from support.streams import Source, as_int, cycle, generator, now, parameters, settled, start

DIVIDER = parameters()["divider"]


async def watch(dut, count):
    """Wait for the line to fall; return its level in each of ``count`` cycles from then."""
    await settled(dut)
    while as_int(dut.pin):
        await cycle(dut)
        await settled(dut)
    seen = []
    for _ in range(count):
        seen.append(as_int(dut.pin))
        await cycle(dut)
        await settled(dut)
    await cycle(dut)
    return seen


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def bits_last_exactly_their_time(dut):
    """A full stream puts 10 bits of ``divider`` cycles a byte on the line, without a gap."""
    rng = generator("bytes")
    source = Source(dut, "i")
    await start(dut)
    content = [0, 0xFF, 0x55, *(rng.randrange(256) for _ in range(12000 // (10 * DIVIDER)))]
    watcher = cocotb.start_soon(watch(dut, 10 * DIVIDER * len(content)))
    begun = now()
    await source.put_all(content)
    assert now() - begun == 10 * DIVIDER * (len(content) - 1) + 1
    assert await watcher == [level for level in levels(content) for _ in range(DIVIDER)]


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def the_line_idles_high_between_bytes(dut):
    """After a pause of any length each byte is whole, and the line is high in between."""
    source = Source(dut, "i", max_pause=30 * DIVIDER)
    await start(dut)
    for byte in [0, 0x81, *(generator("bytes").randrange(256) for _ in range(40))]:
        await settled(dut)
        assert as_int(dut.pin)
        await cycle(dut)
        watcher = cocotb.start_soon(watch(dut, 12 * DIVIDER))
        await source.put(byte)
        line = [level for level in levels([byte]) for _ in range(DIVIDER)]
        assert await watcher == line + [1] * (2 * DIVIDER)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_busy_transmitter_holds_one_byte(dut):
    """A second byte is taken in the last cycle of the first one's stop bit and not before."""
    source = Source(dut, "i")
    await start(dut)
    await source.put(1)
    begun = now()
    await source.put(2)
    assert now() - begun == 10 * DIVIDER
