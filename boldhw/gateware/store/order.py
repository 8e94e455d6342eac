"""The order in which samples of the store are trained."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.engine import ORDER_STEPS
from boldhw.spec.geometry import FIELD_BITS

# Skipped values have the highest bit set, and no primitive polynomial makes more of them in a row
# than it has bits. With other taps any value is taken then: nothing waits for ever.
MOST_SKIPPED = FIELD_BITS


class OrderUnit(wiring.Component):
    """Number samples in a pseudo-random order without end.

    A shift register with linear feedback goes ``ORDER_STEPS`` steps from one value to the next; a
    value that is no sample is followed by the next. Each number is prepared before it is taken.

    Golden model: :class:`boldhw.spec.order.Order`, which counts samples from 0.

    Members
    -------
    samples : In(FIELD_BITS)
        Samples in the store; constant from ``write`` on.
    taps : In(FIELD_BITS)
        Feedback taps of the register; constant from ``write`` on.
    write : In(1)
        Begin again with this state.
    write_data : In(FIELD_BITS)
        State, not 0.
    o : Out(stream.Signature(FIELD_BITS))
        Numbers, 1..``samples``; registered.

    Latency
    -------
    18 cycles from ``write``, or from when a number is taken, to the next number: ``ORDER_STEPS``
    steps, one to judge the value, one to begin. Each value that is no sample adds 17.
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
