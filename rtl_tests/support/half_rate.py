"""An engine whose link has half the clock, with both clocks and its store's memory as ports."""

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Module, ResetSignal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.top import Engine, memory_of


class HalfRateEngine(wiring.Component):
    """An Engine; ``clk`` is the clock of its link, ``fast_clk`` that of core and memory."""

    def __init__(self, config, clock_hz):
        self.engine = Engine(config, clock_hz, half_rate_link=True)
        streams = {"rx": In(stream.Signature(8)), "tx": Out(stream.Signature(8))}
        super().__init__(streams | {"fast_clk": In(1)} | memory_of(config))

    def elaborate(self, platform):
        m = Module()
        m.domains.fast = ClockDomain()
        m.d.comb += [
            ClockSignal("fast").eq(self.fast_clk),
            ResetSignal("fast").eq(ResetSignal("sync")),
        ]
        m.submodules.engine = DomainRenamer({"sync": "fast", "link": "sync"})(self.engine)
        wiring.connect(m, wiring.flipped(self.rx), self.engine.rx)
        wiring.connect(m, self.engine.tx, wiring.flipped(self.tx))
        if self.engine.config.has_store:
            wiring.connect(m, self.engine.memory, wiring.flipped(self.memory))
        return m
