"""Addresses of a loop nest: each step adds the jump of the outermost level that moves."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.geometry import FIELD_BITS


class Loops(wiring.Component):
    """Count through levels of loops and make an address with one adder.

    Level 0 is the innermost one. A step moves the first level that is not at its end; all levels
    inside of it begin again, and its jump is added to the address.

    Golden model: :func:`boldhw.spec.ops.nest.addresses`.

    Parameters
    ----------
    levels : tuple of int
        Bits of the count of each level, the innermost first.
    inner : int
        Levels that can begin again while those outside of them go on.

    Members
    -------
    start : In(1)
        Begin at ``base``; wins over ``step``.
    again : In(1)
        The inner levels begin again, at the address at which they did; not together with ``step``.
        Only with ``inner``.
    step : In(1)
        Move on. After the last step of all the address means nothing.
    base : In(FIELD_BITS)
        First address; in the cycle of ``start``.
    counts : In(data.StructLayout({f"level{i}": bits for i, bits in enumerate(levels)}))
        Steps of each level, 1 and up; constant from ``start`` to the last step.
    jumps : In(data.ArrayLayout(signed(FIELD_BITS), len(levels)))
        What is added when a level moves; constant likewise.
    addr : Out(FIELD_BITS), registered
        Address of this step; an adder of 16 bits has no carry.
    ends : Out(len(levels)), combinational
        Bit i: levels 0 to i are at their last step. The last bit is set in the last step of all.
        From registers only.

    Latency
    -------
    1 cycle, one step a cycle. Two levels, of 2 steps each::

        cycle         0      1      2      3      4
        start         1
        step                 1      1      1
        addr                 a      b      c      d
        ends[0]              .      1      .      1
        ends[1]              .      .      .      1
    """

    def __init__(self, levels, inner):
        self.levels, self.inner = tuple(levels), inner
        counts = {f"level{i}": bits for i, bits in enumerate(self.levels)}
        members = {
            "start": In(1),
            "step": In(1),
            "base": In(FIELD_BITS),
            "counts": In(data.StructLayout(counts)),
            "jumps": In(data.ArrayLayout(signed(FIELD_BITS), len(self.levels))),
            "addr": Out(FIELD_BITS),
            "ends": Out(len(self.levels)),
        }
        super().__init__(members | ({"again": In(1)} if inner else {}))
        # State, which a proof refers to: steps that a level has left, whether those are 0, and
        # where the inner levels begin again.
        self.left = [Signal(bits, name=f"left{i}") for i, bits in enumerate(self.levels)]
        self.ended = [Signal(name=f"ended{i}") for i in range(len(self.levels))]
        self.first = Signal(FIELD_BITS, name="first")

    def elaborate(self, platform):
        m = Module()
        again = self.again if self.inner else Const(0)
        inside, jump = Const(1), 0  # all levels inside are at their ends; jump of what moves
        ends = []
        for i, (left, ended) in enumerate(zip(self.left, self.ended, strict=True)):
            count, end = self.counts[f"level{i}"], Signal(name=f"end{i}")
            m.d.comb += end.eq(inside & ended)
            # The flag is known a step sooner: it chooses the jump.
            begins = self.start | (again if i < self.inner else 0)
            with m.If(begins | self.step & end):
                m.d.sync += [left.eq(count - 1), ended.eq(self._is_last(count))]
            with m.Elif(self.step & inside):
                m.d.sync += [left.eq(left - 1), ended.eq(self._is_last(left))]
            jump |= self.jumps[i].as_unsigned() & self._moves(inside, ended).replicate(FIELD_BITS)
            inside = end
            ends.append(end)
        m.d.comb += self.ends.eq(Cat(ends))
        onward = Signal(FIELD_BITS)
        m.d.comb += onward.eq(Mux(self.start, self.base, self.addr + jump))
        with m.If(self.start | self.step):
            m.d.sync += self.addr.eq(onward)
        if self.inner:
            with m.If(self.start | self.step & ends[self.inner - 1]):
                m.d.sync += self.first.eq(onward)
            with m.If(again & ~self.start):
                m.d.sync += self.addr.eq(self.first)
        return m

    def _is_last(self, left):
        """Return whether the last one of so many steps is next."""
        return left == 1

    def _moves(self, inside, ended):
        """Return whether a level is the outermost one that moves."""
        return inside & ~ended
