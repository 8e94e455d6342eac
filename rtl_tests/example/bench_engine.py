"""An example bench: cocotb talks to a generated engine through a client of your own.

The client is page_client.py, with page_wire.py, of rtl_tests/support; it needs two blocking
functions, which cocotb runs as if they were called in simulated time.
"""

import json
import os

import cocotb
from cocotb.clock import Clock
from cocotb.task import bridge, resume
from cocotb.triggers import FallingEdge, ReadOnly
from support.page_client import Client

PATIENCE = 100_000  # clock cycles without a byte


class Line:
    """The byte streams of an engine. Inputs change after the falling edge of the clock."""

    def __init__(self, dut):
        self.dut = dut
        dut.rx_valid.value = dut.tx_ready.value = 0

    async def send(self, data):
        """Feed bytes to the engine, each as soon as it is ready."""
        dut = self.dut
        dut.rx_valid.value = 1
        for byte in data:
            dut.rx_payload.value = byte
            await ReadOnly()
            while not int(dut.rx_ready.value):
                await FallingEdge(dut.clk)
                await ReadOnly()
            await FallingEdge(dut.clk)
        dut.rx_valid.value = 0

    async def receive(self):
        """Return the next bytes up to a 0x00, or nothing when they do not come."""
        dut, data = self.dut, bytearray()
        dut.tx_ready.value = 1
        for _ in range(PATIENCE):
            await ReadOnly()
            if int(dut.tx_valid.value):
                data.append(int(dut.tx_payload.value))
            await FallingEdge(dut.clk)
            if data.endswith(b"\0"):
                break
        dut.tx_ready.value = 0
        return bytes(data)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def an_engine_learns(dut):
    """Train a network on the samples of a file, and write what the engine learned to another."""
    with open(os.environ["EXAMPLE"]) as file:
        task = json.load(file)
    line = Line(dut)
    dut.rst.value = 1
    Clock(dut.clk, 10, unit="ns").start()
    for _ in range(3):
        await FallingEdge(dut.clk)
    dut.rst.value = 0

    def session():
        client = Client(resume(line.send), resume(line.receive))
        client.load(**task["network"])
        for _ in range(task["epochs"]):
            client.train(task["samples"], task["labels"])
            client.flush()
        return client.read_weights(), client.read_accumulators(), client.infer(task["samples"])

    found = await bridge(session)()
    with open(os.environ["LEARNED"], "w") as file:
        json.dump(dict(zip(("weights", "accumulators", "scores"), found, strict=True)), file)
