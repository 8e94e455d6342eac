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
    bits : int
        Bits of an address.
    early : bool
        Ends are known a step sooner, and what begins is chosen after the adder: more logic, and a
        shorter way to the address.

    Members
    -------
    start : In(1)
        Begin at ``base``; wins over ``step``.
    again : In(1)
        The inner levels begin again, at the address at which they did; not together with ``step``.
        Only with ``inner``.
    still : In(1)
        The inner levels count as ended: a step moves those outside of them, and ``addr`` means
        nothing. Constant from ``start`` to the last step. Only with ``inner``.
    step : In(1)
        Move on. After the last step of all the address means nothing.
    base : In(bits)
        First address; in the cycle of ``start``.
    counts : In(data.StructLayout({f"level{i}": bits for i, bits in enumerate(levels)}))
        Steps of each level, 1 and up; constant from ``start`` to the last step.
    jumps : In(data.ArrayLayout(signed(FIELD_BITS), len(levels)))
        What is added when a level moves; constant likewise.
    addr : Out(bits), registered
        Address of this step; the adder has no carry.
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

    def __init__(self, levels, inner, bits=FIELD_BITS, early=True):
        self.levels, self.inner, self.bits, self.early = tuple(levels), inner, bits, early
        counts = {f"level{i}": bits for i, bits in enumerate(self.levels)}
        members = {
            "start": In(1),
            "step": In(1),
            "base": In(bits),
            "counts": In(data.StructLayout(counts)),
            "jumps": In(data.ArrayLayout(signed(FIELD_BITS), len(self.levels))),
            "addr": Out(bits),
            "ends": Out(len(self.levels)),
        }
        super().__init__(members | ({"again": In(1), "still": In(1)} if inner else {}))
        # State, which a proof refers to: the step of each level, from 1 on, whether it is the last
        # one, and where the inner levels begin again.
        self.number = [
            Signal(bits, name=f"number{i}", init=1) for i, bits in enumerate(self.levels)
        ]
        self.ended = [Signal(name=f"ended{i}") for i in range(len(self.levels))]
        self.first = Signal(bits, name="first")

    def elaborate(self, platform):
        m = Module()
        again = self.again if self.inner else Const(0)
        inside, jump = Const(1), 0  # all levels inside are at their ends; jump of what moves
        ends = []
        for i, (number, ended) in enumerate(zip(self.number, self.ended, strict=True)):
            if i and i == self.inner:
                inside |= self.still
            count, end = self.counts[f"level{i}"], Signal(name=f"end{i}")
            after = Signal.like(number, name=f"after{i}")
            m.d.comb += [end.eq(inside & ended), after.eq(number + 1)]
            # Steps are counted up from 1: a counter that begins again at a constant takes half the
            # logic. The flag chooses the jump.
            begins = self.start | (again if i < self.inner else 0)
            if self.early:
                with m.If(begins | self.step & end):
                    m.d.sync += ended.eq(self._is_last(1, count))
                with m.Elif(self.step & inside):
                    m.d.sync += ended.eq(self._is_last(after, count))
            else:
                m.d.comb += ended.eq(self._is_last(number, count))
            with m.If(begins | self.step & end):
                m.d.sync += number.eq(1)
            with m.Elif(self.step & inside):
                m.d.sync += number.eq(after)
            moves = self._moves(inside, ended).replicate(self.bits)
            jump |= self.jumps[i].as_unsigned()[: self.bits] & moves
            inside = end
            ends.append(end)
        m.d.comb += self.ends.eq(Cat(ends))
        onward = Signal(self.bits)
        if self.early:
            # The sum is of registers alone: what begins is chosen last.
            begun = Mux(self.start, self.base, self.first) if self.inner else self.base
            m.d.comb += onward.eq(Mux(self.start | again, begun, self.addr + jump))
        else:
            # What begins again adds nothing: the adder comes after all choices.
            here = Mux(self.start, self.base, self.addr)
            if self.inner:
                here = Mux(again & ~self.start, self.first, here)
            added = jump & (~(self.start | again)).replicate(self.bits)
            m.d.comb += onward.eq(here + added)
        with m.If(self.start | self.step | again):
            m.d.sync += self.addr.eq(onward)
        if self.inner:
            with m.If(self.start | self.step & ends[self.inner - 1]):
                m.d.sync += self.first.eq(onward)
        return m

    def _is_last(self, number, count):
        """Return whether a step is the last one of so many."""
        return number == count

    def _moves(self, inside, ended):
        """Return whether a level is the outermost one that moves."""
        return inside & ~ended
