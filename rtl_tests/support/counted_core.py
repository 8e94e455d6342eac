"""The core with counters on its memories and on its array."""

from amaranth.hdl import Signal
from amaranth.lib.wiring import Out, Signature

from boldhw.gateware.core.core import Core
from boldhw.spec import memories

COUNTED = ("array", "weight_writes", "data_writes", "signal_writes", "blocks_read")
COUNT_BITS = 32


class CountedCore(Core):
    """A Core with one more output per name of COUNTED: the cycles in which that happens.

    Accesses of the host, while the core is not busy, are left out. ``blocks_read`` counts the rows
    of weights that are read for the transposer. Of the parts of a row of the delta memory the last
    one counts.
    """

    def __init__(self, config):
        super().__init__(config)
        self.counts = {name: Signal(COUNT_BITS, name=name) for name in COUNTED}
        vars(self).update(self.counts)

    @property
    def signature(self):
        """Ports of the core, and the counts."""
        counts = {name: Out(COUNT_BITS) for name in COUNTED}
        return Signature(dict(super().signature.members.items()) | counts)

    def elaborate(self, platform):
        m = super().elaborate(platform)
        written = self._signals.write
        if self.config.dual_port:
            last = len(memories.deltas(self.config)) - 1
            written = written & (self._signals.write_part == last)
        events = {
            "array": self._array.valid,
            "weight_writes": self._weights.write,
            "data_writes": self._data.write,
            "signal_writes": written,
            "blocks_read": self._transposer.load,
        }
        for name, event in events.items():
            with m.If(event & self._sequencer.busy):
                m.d.sync += self.counts[name].eq(self.counts[name] + 1)
        return m
