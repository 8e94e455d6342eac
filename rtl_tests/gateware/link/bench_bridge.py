"""Bench of Bridge in a whole engine: the driver trains and reads back what the golden model has."""

from dataclasses import replace

import cocotb
import numpy as np
from boldhost.device import Device
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from boldhost.stored import StoredDevice
from boldhost.transport import Transport
from cocotb.task import bridge, resume
from cocotb.triggers import Timer
from support.core_cases import CASES
from support.graph_driver import differences, in_step, make_graph, make_samples
from support.memory_model import Memory
from support.streams import PERIOD, Sink, Source, cycle, parameters

from boldhw.spec.layout import Layout
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.order import Order
from boldhw.spec.packing import pack_store

SILENCE = 20_000  # cycles in which a reply must begin
STORED, TAKEN = 9, 25  # samples in the store, and how many times one of them is trained on


async def start(dut):
    """Start both clocks, which rise together, and reset; return behind a falling edge of clk."""
    dut.rst.value = 1
    cocotb.start_soon(clocks(dut))
    await cycle(dut, 3)
    dut.rst.value = 0


async def clocks(dut):
    quarter = Timer(PERIOD / 4, unit="ns")
    while True:
        for slow in (1, 0):
            dut.clk.value, dut.fast_clk.value = slow, 1
            await quarter
            dut.fast_clk.value = 0
            await quarter


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


class Fast:
    """The design with the clock of its core as the only one."""

    def __init__(self, dut):
        self.dut, self.clk = dut, dut.fast_clk

    def __getattr__(self, name):
        return getattr(self.dut, name)


def tested():
    """Return the case, whose engine may have a store."""
    case = CASES[parameters()["case"]]
    return replace(case, config=replace(case.config, **parameters()["store"]))


def fill(memory, case, bits, labels):
    """Put samples into the memory as a programmer does."""
    image = pack_store(Layout(case.config, case.widths), bits, labels)
    size = case.config.store_width // 8
    words = (image[at : at + size] for at in range(0, len(image), size))
    memory.written = {addr: int.from_bytes(word, "little") for addr, word in enumerate(words)}


def compare_stored(device, network, bits, labels):
    """Train on samples of the store, which takes them first if it can be written."""
    sent = device.fill_store(bits, labels)
    assert (sent > 0) == (network.config.store == "sdram")
    assert device.fill_store(bits, labels) == 0
    order = Order(len(bits), 5)
    device.start_order(order)
    taken = order.take(TAKEN)
    assert device.train_store(TAKEN) == network.train(bits[taken], labels[taken])
    assert device.state_crc() == network.state_crc()


def compare(dut, transport):
    """Train, flush and infer on both; fail at the first difference."""
    case = tested()
    network = case.network()
    bits, labels = case.samples(parameters()["samples"])
    kind = StoredDevice if case.config.has_store else Device
    with kind(Link(transport)) as device:
        assert device.config == case.config
        device.load(network)
        assert Device.train(device, bits, labels) == network.train(bits, labels)
        assert device.state_crc() == network.state_crc()
        assert device.flush() == network.flush()
        assert np.array_equal(device.infer(bits[:20]), network.infer(bits[:20]))
        if case.config.has_store:
            compare_stored(device, network, bits[:STORED], labels[:STORED])
        read = case.network()
        device.read_into(read)
        assert read.state_crc() == network.state_crc()
        assert device.stat()["updates"] > parameters()["samples"] // (2 * case.config.batch)


def compare_graph(size, transport):
    """Train, flush and infer a graph on both; all that the driver can read is equal."""
    graph = make_graph(parameters()["network"], size=size, batch=size.batch)
    bits, labels = make_samples(graph, parameters()["samples"])
    with GraphDevice(Link(transport)) as device:
        assert device.size == size
        device.load(graph)
        assert differences(device, graph) == []
        assert in_step(device, graph, bits, labels) == []
        assert np.array_equal(device.infer(bits[:9]), graph.infer(bits[:9]))
        assert device.stat()["updates"] > 2


@cocotb.test(timeout_time=40, timeout_unit="ms")
async def driver_trains_through_the_bridge(dut):
    """HELLO, registers, memories both ways, training, scores, checksums and counters."""
    await start(dut)
    if "size" in parameters():
        await bridge(compare_graph)(ArraySize(**parameters()["size"]), BenchTransport(dut))
        return
    if tested().config.has_store:
        memory = Memory(Fast(dut), tested().config, max_delay=2)
        if tested().config.store == "flash":
            bits, labels = tested().samples(parameters()["samples"])
            fill(memory, tested(), bits[:STORED], labels[:STORED])
        cocotb.start_soon(memory.serve())
    await bridge(compare)(dut, BenchTransport(dut))
