"""A design with the engine's ports that sends every byte back, for tests of the simulation."""

from functools import cache

from amaranth import Module
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.verilog import to_verilog


class Echo(wiring.Component):
    """Return the bytes of ``rx`` at ``tx``, plus ``offset``. Holds 512 bytes; latency 2 cycles."""

    def __init__(self, offset=0):
        self.offset = offset
        super().__init__({"rx": In(stream.Signature(8)), "tx": Out(stream.Signature(8))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = fifo.SyncFIFOBuffered(width=8, depth=512)
        wiring.connect(m, wiring.flipped(self.rx), buffer.w_stream)
        m.d.comb += [
            self.tx.valid.eq(buffer.r_stream.valid),
            self.tx.payload.eq(buffer.r_stream.payload + self.offset),
            buffer.r_stream.ready.eq(self.tx.ready),
        ]
        return m


@cache
def echo_verilog(offset=0):
    """Return the Verilog text of an Echo."""
    return to_verilog(Echo(offset), "echo")
