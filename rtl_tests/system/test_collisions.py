"""No unit depends on what a memory gives for a row that is written in the same cycle.

Synthesis is told so, and leaves it undefined. Here every memory gives the wrong bits then, and the
engine must still train as the golden model does.
"""

from types import SimpleNamespace

import numpy as np
from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import memory
from boldhost.device import Device
from boldhost.link import Link
from support.small_engine import RUNS, make_network, make_samples

from boldhw.check.lockstep import LockStep
from boldhw.cosim.transport import SimTransport
from boldhw.gateware.memory import memories
from boldhw.gateware.verilog import engine_verilog
from boldhw.golden.trainer import Trainer


class TreacherousMemory(Elaboratable):
    """A memory with one read port and one write port; reading what is written inverts it."""

    def __init__(self, **parameters):
        self.memory = memory.Memory(**parameters)

    def read_port(self):
        self.read = self.memory.read_port()
        self.data = Signal.like(self.read.data)
        return SimpleNamespace(addr=self.read.addr, en=self.read.en, data=self.data)

    def write_port(self, **parameters):
        self.write = self.memory.write_port(**parameters)
        return self.write

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = self.memory
        collided = Signal()
        with m.If(self.read.en):
            m.d.sync += collided.eq(self.write.en.any() & (self.write.addr == self.read.addr))
        m.d.comb += self.data.eq(self.read.data ^ collided.replicate(len(self.data)))
        return m


def test_training_is_exact_without_reads_of_written_rows(monkeypatch):
    monkeypatch.setattr(memories, "memory", SimpleNamespace(Memory=TreacherousMemory))
    config, widths, hyper = RUNS["stochastic"]
    bits, labels = make_samples(widths, widths[-1], 120)
    network = make_network(config, widths, hyper)
    verilog = engine_verilog(config)
    assert verilog.count("reg collided") == 6
    with Device(Link(SimTransport(config, verilog=verilog))) as device:
        lockstep = LockStep(network, device)
        lockstep.start()
        list(Trainer(network, hyper, 2, backend=lockstep).run(bits, labels, bits, labels))
        assert lockstep.updates_checked > 2
        assert np.array_equal(device.infer(bits), network.infer(bits))
        assert device.stat()["samples"] == 2 * len(bits)
