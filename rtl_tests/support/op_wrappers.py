"""Units of ops with what they share, as one component under test."""

from amaranth.hdl import Array, Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from boldhw.gateware.delay import delay
from boldhw.gateware.ops.array_planes import ArrayPlanes
from boldhw.gateware.ops.ports import RowRead
from boldhw.gateware.ops.turner import Turner
from boldhw.gateware.ops.window import WindowUnit


class WithTurner(wiring.Component):
    """A unit and its turner; all other ports of the unit are those of the component."""

    HIDDEN = ("turner",)

    def __init__(self, unit, **members):
        self.unit = unit
        own = {
            name: member
            for name, member in unit.signature.members.items()
            if name not in self.HIDDEN
        }
        super().__init__(own | members)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = self.unit
        if "turner" in self.unit.signature.members:
            m.submodules.turner = turner = Turner(self.unit.size)
            wiring.connect(m, self.unit.turner, turner)
        for name, member in self.unit.signature.members.items():
            if name in self.HIDDEN:
                continue
            ours, theirs = getattr(self, name), getattr(self.unit, name)
            if member.is_port:
                pair = (ours, theirs) if member.flow == Out else (theirs, ours)
                m.d.comb += pair[0].eq(pair[1])
            else:
                wiring.connect(m, theirs, wiring.flipped(ours))
        return m


class WithArray(WithTurner):
    """A unit with turner, array and, if asked for, window unit.

    ``array_rows`` reads weights for the array.
    """

    HIDDEN = ("turner", "array", "window")

    def __init__(self, unit, window=False):
        size, self.has_window = unit.size, window
        super().__init__(unit, array_rows=Out(RowRead(size.elements * size.lanes)))

    def elaborate(self, platform):
        m = super().elaborate(platform)
        size, port = self.unit.size, self.unit.array
        if self.has_window:
            m.submodules.window = window = WindowUnit(size)
            own = Array(self.windows)[self._window()]
            m.d.comb += [window.part.eq(own), window.row.eq(self.read.row[: size.lanes])]
            wiring.connect(m, self.unit.window, window.port)
        m.submodules.array = array = ArrayPlanes(size)
        flags = delay(m, Cat(port.valid, port.first, port.last), size.read_latency)
        m.d.comb += [
            self.array_rows.valid.eq(port.valid),
            self.array_rows.addr.eq(port.addr),
            array.weights.eq(self.array_rows.row),
            Cat(array.valid, array.first, array.last).eq(flags),
            array.sign.eq(port.sign),
            array.mask.eq(port.mask),
            array.zero_true.eq(port.zero_true),
            port.done.eq(array.done),
            port.sums.eq(array.sums),
        ]
        return m

    def _window(self):
        """Return which segment is the window."""
        found = 0
        for index in range(1, self.unit.size.segments):
            found = Mux(self.are_windows[index] & (index < self.count), index, found)
        return found
