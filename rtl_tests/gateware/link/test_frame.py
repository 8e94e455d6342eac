from amaranth.hdl import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from support import simulate

from boldhw.gateware.link.link import FramePort, Link


class OwnedLink(wiring.Component):
    """A link whose bench is the owner of frames: ``byte`` counts while ``held`` is 1."""

    rx: In(stream.Signature(8))
    tx: Out(stream.Signature(8))
    frame: Out(FramePort())
    held: In(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.link = link = Link()
        for name in ("rx", "tx", "frame"):
            wiring.connect(m, getattr(link, name), wiring.flipped(getattr(self, name)))
        m.d.comb += link.frame.byte.eq(Mux(self.held, self.frame.byte, link.frame.data))
        return m


def test_link(sim):
    simulate.run(OwnedLink(), "bench_frame", sim, tests=8)
