"""The order in which samples of the store are trained."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.engine import ORDER_STEPS
from boldhw.spec.geometry import FIELD_BITS

# Skipped values have the highest bit set, and no primitive polynomial makes more of them in a row
# than it has bits. With other taps any value is taken then, so that nothing waits for ever.
MOST_SKIPPED = FIELD_BITS


class OrderUnit(wiring.Component):
    """Number samples in a pseudo-random order without end, one number every 17 cycles or more.

    A value takes ``ORDER_STEPS`` cycles, and one to be judged; one that is no sample is followed
    by the next. Numbers are 1..``samples``. The next one is prepared before it is asked for.

    Golden model: :class:`boldhw.spec.order.Order`, which counts samples from 0.

    Members
    -------
    samples, taps : constant from ``write`` on.
    write, write_data : begin again with this state.
    o : stream of numbers.
    """

    def __init__(self):
        super().__init__({
            "samples": In(FIELD_BITS),
            "taps": In(FIELD_BITS),
            "write": In(1),
            "write_data": In(FIELD_BITS),
            "o": Out(stream.Signature(FIELD_BITS)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        state, steps = Signal(FIELD_BITS), Signal(range(ORDER_STEPS + 1))
        skipped = Signal(range(MOST_SKIPPED + 1))
        judged = Signal()
        m.d.comb += [
            self.o.payload.eq(state),
            judged.eq((state <= self.samples) | (skipped == MOST_SKIPPED)),
        ]
        with m.If(self.write):
            m.d.sync += [state.eq(self.write_data), steps.eq(0), skipped.eq(0)]
            m.d.sync += self.o.valid.eq(0)
        with m.Elif(self.o.valid):
            with m.If(self.o.ready):
                m.d.sync += [self.o.valid.eq(0), steps.eq(0), skipped.eq(0)]
        with m.Elif(steps != ORDER_STEPS):
            m.d.sync += [
                state.eq(state[1:] ^ Mux(state[0], self.taps, 0)),
                steps.eq(steps + 1),
            ]
        with m.Else():
            m.d.sync += [steps.eq(0), skipped.eq(skipped + 1), self.o.valid.eq(judged)]
        return m
