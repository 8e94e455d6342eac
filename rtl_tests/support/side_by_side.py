"""Units beside each other in one component, for what costs more to start than to run."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import Out


class SideBySide(wiring.Component):
    """Units, {name: component}, each with ports of its own: a member of its name."""

    def __init__(self, units):
        self.units = units
        super().__init__({name: Out(unit.signature) for name, unit in units.items()})

    def elaborate(self, platform):
        m = Module()
        for name, unit in self.units.items():
            m.submodules[name] = unit
            wiring.connect(m, wiring.flipped(getattr(self, name)), unit)
        return m
