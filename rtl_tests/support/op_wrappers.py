"""Units of ops with what they share, as one component under test."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.ops.turner import Turner


class WithTurner(wiring.Component):
    """A unit and its turner; all other ports of the unit are those of the component."""

    def __init__(self, unit, hidden=("turner",)):
        self.unit, self.hidden = unit, hidden
        members = unit.signature.members.items()
        super().__init__({name: member for name, member in members if name not in hidden})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = self.unit
        m.submodules.turner = turner = Turner(self.unit.size)
        wiring.connect(m, self.unit.turner, turner)
        for name, member in self.signature.members.items():
            ours, theirs = getattr(self, name), getattr(self.unit, name)
            if member.is_port:
                pair = (ours, theirs) if member.flow == Out else (theirs, ours)
                m.d.comb += pair[0].eq(pair[1])
            else:
                wiring.connect(m, theirs, wiring.flipped(ours))
        return m
