"""Bench of Bridge in a whole engine: the driver trains and reads back what the golden model has."""

import cocotb
import numpy as np
from boldhost.device import Device
from boldhost.link import Link
from boldhost.transport import Transport
from cocotb.task import bridge, resume
from cocotb.triggers import Timer
from core_cases import CASES
from streams import PERIOD, Sink, Source, cycle, parameters

SILENCE = 20_000  # cycles in which a reply must begin


async def start(dut):
    """Start both clocks, which rise together, and reset; return behind a falling edge of clk."""
    dut.rst.value = 1
    cocotb.start_soon(clocks(dut))
    await cycle(dut, 3)
    dut.rst.value = 0


async def clocks(dut):
    while True:
        for slow in (1, 0):
            dut.clk.value, dut.fast_clk.value = slow, 1
            await Timer(PERIOD / 4, unit="ns")
            dut.fast_clk.value = 0
            await Timer(PERIOD / 4, unit="ns")


class BenchTransport(Transport):
    """The streams of the engine as a byte pipe for the driver, which runs in a thread."""

    def __init__(self, dut):
        self.dut, self.source, self.sink = dut, Source(dut, "rx"), Sink(dut, "tx")
        self.received = bytearray()
        cocotb.start_soon(self.collect())

    async def collect(self):
        while True:
            self.received.append(await self.sink.get())

    @resume
    async def write(self, data):
        await self.source.put_all(data)

    @resume
    async def read(self, timeout):
        for _ in range(SILENCE):
            if self.received:
                break
            await cycle(self.dut)
        found = bytes(self.received)
        self.received.clear()
        return found

    def close(self):
        pass


def compare(dut, transport):
    """Train, flush and infer on both; fail at the first difference."""
    case = CASES[parameters()["case"]]
    network = case.network()
    bits, labels = case.samples(parameters()["samples"])
    with Device(Link(transport)) as device:
        assert device.engine == case.engine
        device.load(network)
        assert device.train(bits, labels) == network.train(bits, labels)
        assert device.state_crc() == network.state_crc()
        assert device.flush() == network.flush()
        assert np.array_equal(device.infer(bits[:20]), network.infer(bits[:20]))
        read = case.network()
        device.store(read)
        assert read.state_crc() == network.state_crc()
        assert device.stat()["updates"] > parameters()["samples"] // (2 * case.engine.batch)


@cocotb.test(timeout_time=40, timeout_unit="ms")
async def driver_trains_through_the_bridge(dut):
    """HELLO, registers, memories both ways, training, scores, checksums and counters."""
    await start(dut)
    await bridge(compare)(dut, BenchTransport(dut))
