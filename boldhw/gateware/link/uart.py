"""Serial lines with 8 data bits, no parity and one stop bit, lowest bit first."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out


class UartReceiver(wiring.Component):
    """Receive bytes from a serial line.

    Bits are sampled in their middle. The sender's clock may differ by 2 %, and bytes may follow
    each other without a pause. A byte without a stop bit is dropped, and likewise one that is not
    taken before the first bit of the next: a byte is there for three quarters of a bit at least.

    Parameters
    ----------
    divider : int
        Clock cycles of one bit, 4 or more.

    Members
    -------
    pin : In(1, init=1)
        The line, asynchronous, high when idle.
    o : Out(stream.Signature(8))
        Bytes, registered. Not a whole stream: a byte that is not taken is withdrawn.

    Latency
    -------
    ``9 * divider + divider // 2 + 3`` cycles from the fall of the line to ``o.valid``, in the stop
    bit; one byte in ``10 * divider`` cycles.
    """

    def __init__(self, divider):
        self.divider = divider
        super().__init__({"pin": In(1, init=1), "o": Out(stream.Signature(8))})

    def elaborate(self, platform):
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.pin, line, init=1)
        timer = Signal(range(self.divider))
        # A 1 precedes the data bits; when it is lowest, all of them are in.
        bits = Signal(9)
        m.d.comb += self.o.payload.eq(bits[1:])
        m.d.sync += timer.eq(timer - 1)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += timer.eq(self.divider // 2 - 1)
                with m.If(~line):
                    m.next = "START"
            with m.State("START"), m.If(timer == 0):
                m.d.sync += [timer.eq(self.divider - 1), bits.eq(1 << 8), self.o.valid.eq(0)]
                m.next = "BITS"
                with m.If(line):  # a glitch
                    m.next = "IDLE"
            with m.State("BITS"), m.If(timer == 0):
                m.d.sync += timer.eq(self.divider - 1)
                with m.If(bits[0]):
                    m.d.sync += self.o.valid.eq(line)
                    m.next = "IDLE"
                with m.Else():
                    m.d.sync += bits.eq(Cat(bits[1:], line))
        return m


class UartTransmitter(wiring.Component):
    """Send bytes over a serial line.

    The byte is shifted out with its start and stop bit; the highest 1 is the stop bit, which makes
    a counter of the bits needless.

    Parameters
    ----------
    divider : int
        Clock cycles of one bit, 2 or more.

    Members
    -------
    i : In(stream.Signature(8))
        Bytes; ``ready`` comes from registers.
    pin : Out(1, init=1), registered
        The line, high when idle.

    Latency
    -------
    The start bit begins one cycle after the byte is taken. A byte takes ``10 * divider`` cycles;
    the next one is taken in the last of them, which leaves a full stream without a gap.
    """

    def __init__(self, divider):
        self.divider = divider
        super().__init__({"i": In(stream.Signature(8)), "pin": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        timer = Signal(range(self.divider))
        bits = Signal(10, init=1)  # what is left to send; the highest 1 is the stop bit
        over = timer == 0
        m.d.comb += [self.pin.eq(bits[0]), self.i.ready.eq(over & (bits == 1))]
        with m.If(~over):
            m.d.sync += timer.eq(timer - 1)
        with m.Elif(~self.i.ready):
            m.d.sync += [timer.eq(self.divider - 1), bits.eq(bits[1:])]
        with m.Elif(self.i.valid):
            m.d.sync += [
                timer.eq(self.divider - 1),
                bits.eq(Cat(Const(0, 1), self.i.payload, Const(1, 1))),
            ]
        return m
