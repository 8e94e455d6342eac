"""Loops against their specification: an address is the base, and strides times indices."""

from amaranth.hdl import Assert, Assume, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In


class LoopsProof(wiring.Component):
    """Assert that a step moves an odometer, and that the address is that of its indices.

    In all states that are reached with counts of 1 and up, and with jumps that are made of free
    strides as the compiler makes them: the address is ``base + sum(index[i] * stride[i])``, cut
    off as the adder is, and ``ends[i]`` is set if and only if levels 0 to i are at their last
    index. Up to the last step of all, and at every start from there.
    """

    def __init__(self, loops):
        self.loops, levels = loops, len(loops.levels)
        width = len(loops.addr)
        super().__init__({
            "start": In(1),
            "step": In(1),
            "again": In(1),
            "base": In(width),
            "counts": In(max(loops.levels)).array(levels),
            "strides": In(width).array(levels),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.loops = loops = self.loops
        started, finished = Signal(), Signal()
        for value in (self.base, *self.counts, *self.strides):
            held = Signal.like(value)
            m.d.sync += held.eq(value)
            m.d.comb += Assume(~started | (value == held))
        step, again = Signal(), Signal()
        m.d.comb += [
            Assume(started | ~(self.step | self.again)),
            step.eq(self.step & ~finished),  # none is asked for after the last one
            again.eq(self.again & ~self.step & ~finished),
            loops.start.eq(self.start),
            loops.step.eq(step),
            loops.base.eq(self.base),
        ]
        if loops.inner:
            m.d.comb += loops.again.eq(again)
        self._describe(m)
        indices = [Signal(bits, name=f"index{i}") for i, bits in enumerate(loops.levels)]
        lasts = [index == count - 1 for index, count in zip(indices, self.counts, strict=True)]
        for i, index in enumerate(indices):
            with m.If(self.start | (again if i < loops.inner else 0)):
                m.d.sync += index.eq(0)
            with m.Elif(step & Cat(lasts[:i]).all()):
                m.d.sync += index.eq(Mux(lasts[i], 0, index + 1))
        with m.If(self.start):
            m.d.sync += [started.eq(1), finished.eq(0)]
        with m.Elif(step & Cat(lasts).all()):
            m.d.sync += finished.eq(1)
        expected = Signal.like(loops.addr)
        terms = [index * stride for index, stride in zip(indices, self.strides, strict=True)]
        first = Signal.like(loops.addr)
        m.d.comb += [
            expected.eq(self.base + sum(terms)),
            first.eq(self.base + sum(terms[loops.inner :])),
        ]
        with m.If(started & ~finished):
            m.d.comb += Assert(loops.addr == expected)
            for i, (index, count) in enumerate(zip(indices, self.counts, strict=True)):
                m.d.comb += [
                    Assert(index < count),
                    Assert(loops.ends[i] == Cat(lasts[: i + 1]).all()),
                    # By these alone the states before are ones that are reached.
                    Assert(loops.left[i] == count - 1 - index),
                    Assert(loops.ended[i] == lasts[i]),
                ]
            if loops.inner:
                m.d.comb += Assert(loops.first == first)
        return m

    def _describe(self, m):
        """Give the unit counts, and the jumps that the strides make."""
        inside = 0  # how far the levels inside have moved when they end
        for i, (count, stride) in enumerate(zip(self.counts, self.strides, strict=True)):
            jump = Signal.like(stride, name=f"jump{i}")
            m.d.comb += [
                Assume((count >= 1) & (count < 1 << self.loops.levels[i])),
                jump.eq(stride - inside),
                self.loops.counts[f"level{i}"].eq(count),
                self.loops.jumps[i].eq(jump),
            ]
            inside += (count - 1) * stride
