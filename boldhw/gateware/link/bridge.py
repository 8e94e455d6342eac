"""Between a command unit at half the clock and the core."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import copies
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort
from boldhw.gateware.store.store import StorePort

STROBES = {
    "data": ("write",),
    "blocks": ("load", "shift", "store"),
    "control": ("start", "clear", "noise_write"),
    "store": ("start", "clear", "register_write", "read"),
}
HELD = {"data": ("read_data",), "control": ("counter",)}
LATE = {"control": ("busy",)}
HANDSHAKES = {"control": ("score_ready", "score_valid"), "store": ("write", "written")}


class Bridge(wiring.Component):
    """Carry the ports of a core from the domain ``link`` to ``sync``, which is twice as fast.

    Both clocks rise together. What the command unit asks for takes effect at the end of its cycle,
    so that its logic has that whole cycle to settle: strobes pass in the second half only. What a
    memory answers is held until the end of the next cycle. That the core is busy is shown one cycle
    late. So is a score, when it has settled, and taken only when it is shown; the core hears of
    that a cycle later. A write to the store begins one cycle late; that it is done is shown until
    the command unit has seen it.

    Members
    -------
    data, blocks, control, store : from the command unit, which is in ``link``.
    core_data, core_blocks, core_control, core_store : to core and store, which are in ``sync``;
        ``store`` and ``core_store`` only in an engine with a store.
    """

    def __init__(self, config):
        self.config = config
        ports = {"data": DataPort, "blocks": BlockPort, "control": ControlPort}
        if config.has_store:
            ports["store"] = StorePort
        self.names = tuple(ports)
        members = {name: In(port(config)) for name, port in ports.items()}
        members |= {f"core_{name}": Out(port(config)) for name, port in ports.items()}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        second_half, holding = copies(m, self._second_half(m), 2)
        fast = self.core_control
        taking = self.control.score_ready & self.control.score_valid & second_half
        m.d.sync += fast.score_ready.eq(taking)
        with m.If(second_half):
            m.d.sync += self.control.score_valid.eq(fast.score_valid & ~taking)
        for name in self.names:
            slow, fast = getattr(self, name), getattr(self, f"core_{name}")
            for member, flow in fast.signature.members.items():
                ours, theirs = getattr(slow, member), getattr(fast, member)
                if member in STROBES[name]:
                    m.d.comb += theirs.eq(ours & second_half)
                elif member in HANDSHAKES.get(name, ()):
                    continue
                elif flow.flow == Out:
                    m.d.comb += theirs.eq(ours)
                elif member in LATE.get(name, ()):
                    m.d.sync += ours.eq(theirs)
                elif member in HELD.get(name, ()):
                    with m.If(~holding):
                        m.d.sync += ours.eq(theirs)
                else:
                    m.d.comb += ours.eq(theirs)
        if self.config.has_store:
            self._write(m, second_half)
        return m

    def _write(self, m, second_half):
        """Keep a write up until it is done."""
        slow, fast, written = self.store, self.core_store, Signal()
        m.d.comb += slow.written.eq(written)
        with m.If(second_half):
            m.d.sync += [fast.write.eq(slow.write & ~written), written.eq(0)]
        with m.If(fast.written):
            m.d.sync += [fast.write.eq(0), written.eq(1)]

    def _second_half(self, m):
        """Say of the next cycle whether it is the second half of a cycle of ``link``."""
        toggle, now, before = (Signal() for _ in range(3))
        m.d.link += toggle.eq(~toggle)
        m.d.sync += [now.eq(toggle), before.eq(now)]
        return ~(now ^ before)  # halves take turns
