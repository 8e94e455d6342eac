"""Between a command unit at half the clock and the core."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.command.dialect import ports_of
from boldhw.gateware.delay import copies

STROBES = {
    "data": ("write",),
    "blocks": ("load", "shift", "store", "write"),
    "control": ("start", "clear", "noise_write"),
    "store": ("start", "clear", "register_write", "read"),
}
HELD = {"data": ("read_data",), "control": ("counter",)}
LATE = {"control": ("busy",)}
HANDSHAKES = {"control": ("score_ready", "score_valid"), "store": ("write", "written")}
# Of an engine of op lists. Outputs of the core that stand long before they are used enter
# registers of the slow clock, so that no logic lies on the path from one clock to the other.
LATE_OF_OPS = {"blocks": ("word",)}
TAKEN = ("hit", "active", "updated", "flushed", "failed", "score")


class Bridge(wiring.Component):
    """Carry the ports of a core from the domain ``link`` to ``sync``, which is twice as fast.

    Both clocks rise together. An output of the command unit takes effect at the end of its cycle
    and has that whole cycle to settle: strobes pass in the second half only. What a memory gives is
    held until the end of the next cycle. A score is shown when it has settled and taken only when
    it is shown. A write to the store is kept up until it is done; ``written`` is shown until the
    command unit has taken it.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Widths of the ports, and whether there is a store.

    Members
    -------
    data : In(DataPort(config))
        Data memory, as the command unit in ``link`` drives it.
    blocks : In(BlockPort(config))
        Weight memory, likewise. A WordPort, for all other memories, of an engine of op lists.
    control : In(ControlPort(config))
        The core, likewise; ``busy``, ``score_valid`` and ``counter`` are registered. An
        OpControlPort of an engine of op lists: outputs of the core but ``slot`` are registered;
        ``busy`` is combinational from registers.
    store : In(StorePort(config))
        The store, likewise; only in an engine with one.
    core_data : Out(DataPort(config))
        Data memory, in ``sync``; combinational.
    core_blocks : Out(BlockPort(config))
        Weight memory, in ``sync``; combinational.
    core_control : Out(ControlPort(config))
        The core, in ``sync``; combinational but for ``score_ready``.
    core_store : Out(StorePort(config))
        The store, in ``sync``; combinational but for ``write``; only in an engine with one.

    Latency
    -------
    ``busy`` is one cycle of ``sync`` late. With op lists ``word`` is, and outputs of the core,
    ``busy`` too, are taken at the end of a cycle of ``link``. A score is shown from the next cycle
    of ``link`` on; that it is taken, and a write to the store, reach the core at the begin of the
    next cycle of ``link``. A data memory that reads in one cycle::

        cycle of sync           0     1     2     3     4
        cycle of link           a     a     b     b     c
        data.write              1     1     0     0     0
        core_data.write         0     1     0     0     0
        core_data.addr          a     a     b     b     c
        core_data.read_data           a     a     b     b
        data.read_data                            a     a
    """

    def __init__(self, config):
        self.config = config
        ports = ports_of(config)
        self.names = tuple(ports)
        members = {name: In(port) for name, port in ports.items()}
        members |= {f"core_{name}": Out(port) for name, port in ports.items()}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        second_half, holding = copies(m, self._second_half(m), 2)
        fast = self.core_control
        taking = self.control.score_ready & self.control.score_valid & second_half
        m.d.sync += fast.score_ready.eq(taking)
        late, apart = LATE, HANDSHAKES
        if self.config.runs_ops:
            late = LATE_OF_OPS
            apart = HANDSHAKES | {"control": (*HANDSHAKES["control"], "busy", *TAKEN)}
            self._take_over(m, taking)
        else:
            with m.If(second_half):
                m.d.sync += self.control.score_valid.eq(fast.score_valid & ~taking)
        for name in self.names:
            slow, fast = getattr(self, name), getattr(self, f"core_{name}")
            for member, flow in fast.signature.members.items():
                ours, theirs = getattr(slow, member), getattr(fast, member)
                if member in STROBES[name]:
                    m.d.comb += theirs.eq(ours & second_half)
                elif member in apart.get(name, ()):
                    continue
                elif flow.flow == Out:
                    m.d.comb += theirs.eq(ours)
                elif member in late.get(name, ()):
                    m.d.sync += ours.eq(theirs)
                elif member in HELD.get(name, ()):
                    with m.If(~holding):
                        m.d.sync += ours.eq(theirs)
                else:
                    m.d.comb += ours.eq(theirs)
        if self.config.has_store:
            self._write(m, second_half)
        return m

    def _take_over(self, m, taking):
        """Take what a core of op lists says into registers of the slow clock."""
        ours, theirs = self.control, self.core_control
        begins, busy = Signal(), Signal()
        m.d.link += [
            begins.eq(ours.start | ours.clear),
            busy.eq(theirs.busy),
            ours.score_valid.eq(theirs.score_valid & ~taking),
            *(getattr(ours, name).eq(getattr(theirs, name)) for name in TAKEN),
        ]
        m.d.comb += ours.busy.eq(begins | busy)  # the core is busy before ``busy`` says so

    def _write(self, m, second_half):
        """Keep a write up until it is done."""
        slow, fast, written = self.store, self.core_store, Signal()
        m.d.comb += slow.written.eq(written)
        with m.If(second_half):
            m.d.sync += [fast.write.eq(slow.write & ~written), written.eq(0)]
        with m.If(fast.written):
            m.d.sync += [fast.write.eq(0), written.eq(1)]

    def _second_half(self, m):
        """Return a register: the next cycle is the second half of a cycle of ``link``."""
        toggle, now, before = (Signal() for _ in range(3))
        m.d.link += toggle.eq(~toggle)
        m.d.sync += [now.eq(toggle), before.eq(now)]
        return ~(now ^ before)  # halves alternate
