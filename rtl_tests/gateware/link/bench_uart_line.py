"""Bench of UartReceiver and UartTransmitter against the model of the package cocotbext-uart."""

import logging

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly, RisingEdge
from cocotbext.uart import UartSink, UartSource
from support.streams import as_int, generator, parameters

DIVIDER, BYTES = parameters()["divider"], parameters()["bytes"]
CYCLE = 100  # ns; the model counts whole ns, so 2 % must be some
EDGES = [0, 0xFF, 0x55, 0xAA, 0x80, 0x01]


async def begin(dut, skew):
    """Start the clock; return the model's two ends, whose bits last longer by ``skew``."""
    # Half a ns more, because the model rounds down.
    baud = 1e9 / (DIVIDER * CYCLE * (1 + skew) + 0.5)
    ends = UartSource(dut.pin_in, baud=baud), UartSink(dut.pin_out, baud=baud)
    for end in ends:
        end.log.setLevel(logging.WARNING)  # it logs each byte
    dut.rst.value, dut.o__ready.value, dut.i__valid.value = 1, 1, 0
    Clock(dut.clk, CYCLE, unit="ns").start()
    for _ in range(3 * DIVIDER):
        await FallingEdge(dut.clk)
    dut.rst.value = 0
    return ends


async def feed(dut, content):
    """Offer bytes without a pause."""
    for byte in content:
        dut.i__valid.value, dut.i__payload.value = 1, byte
        await ReadOnly()
        if not as_int(dut.i__ready):
            await dut.i__ready.rising_edge
        await RisingEdge(dut.clk)  # takes the byte
        await FallingEdge(dut.clk)
    dut.i__valid.value = 0


async def collect(dut, count):
    """Return the bytes that come out, each of which is taken at once."""
    found = bytearray()
    while len(found) < count:
        await dut.o__valid.rising_edge
        await ReadOnly()
        found.append(as_int(dut.o__payload))
    return bytes(found)


@cocotb.test(timeout_time=100, timeout_unit="ms")
@cocotb.parametrize(skew=[-0.02, 0.02])
async def nothing_is_lost_in_either_direction(dut, skew):
    """Bytes back to back, both ways at once, to and from a clock that is off by 2 %."""
    rng = generator(f"bytes {skew}")
    content = [bytes(EDGES) + rng.randbytes(BYTES - len(EDGES)) for _ in range(2)]
    source, sink = await begin(dut, skew)
    source.write_nowait(content[0])
    cocotb.start_soon(feed(dut, content[1]))
    assert await collect(dut, BYTES) == content[0]
    found = bytearray()
    while len(found) < BYTES:
        found += await sink.read()
    assert bytes(found) == content[1]
