"""The sequencer: which pass runs when, gathered samples, counters."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.ports import COUNTER_BITS, Operation, RegisterLayout
from boldhw.protocol import COUNTERS


class Sequencer(wiring.Component):
    """Run forward, backward and update passes for one operation, and count what happens.

    INFER is a forward pass. TRAIN is a forward pass and, for an active sample, a backward pass,
    after which the sample's slot is taken; when ``batch`` slots are taken, an update follows. FLUSH
    is an update if a slot is taken. ``updated`` and ``flushed`` hold until the next start.

    Members
    -------
    start, operation, clear, registers, busy : see :class:`boldhw.gateware.ports.ControlPort`.
    hit, active : from the loss, valid when the forward pass is done.
    forward, backward, update : start of a pass; ``*_done`` its end.
    flips : weights flipped in this cycle, in layer ``layer``.
    slot, filled : data row of the next sample, one bit per slot that is taken.
    counters : in the order of :data:`boldhw.protocol.COUNTERS`, then flips per layer.
    """

    def __init__(self, config):
        self.config = config
        members = {
            "start": In(1),
            "operation": In(Operation),
            "clear": In(1),
            "registers": In(RegisterLayout()),
            "busy": Out(1),
            "slot": Out(range(config.data_rows)),
            "forward": Out(1),
            "forward_done": In(1),
            "counters": Out(data.ArrayLayout(COUNTER_BITS, len(COUNTERS) + config.max_layers)),
        }
        if config.training:
            members |= {
                "hit": In(1),
                "active": In(1),
                "backward": Out(1),
                "backward_done": In(1),
                "update": Out(1),
                "update_done": In(1),
                "flips": In(range(config.elements + 1)),
                "layer": In(range(config.max_layers + 1)),
                "filled": Out(config.batch),
                "updated": Out(1),
                "flushed": Out(range(config.batch + 1)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        if self.config.training:
            self._training(m)
        else:
            self._inference(m)
        with m.If(self.clear):
            m.d.sync += self.counters.eq(0)
        return m

    def _inference(self, m):
        m.d.comb += self.slot.eq(self.registers.slot_row)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += self.forward.eq(1)
                m.next = "FORWARD"
            with m.State("FORWARD"):
                self._count(m, "cycles_forward")
                with m.If(self.forward_done):
                    m.next = "IDLE"

    def _training(self, m):
        taken, full = self._slots(m)
        train = Signal()
        m.d.comb += self.backward.eq(self.forward_done & train & self.active)
        with m.If(self.forward_done & train):
            self._count(m, "samples")
            self._count(m, "hits", self.hit)
            self._count(m, "active", self.active)
        for layer in range(self.config.max_layers):
            with m.If(self.layer == layer):
                self._count(m, len(COUNTERS) + layer, self.flips)

        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [self.updated.eq(0), train.eq(self.operation == Operation.TRAIN)]
                m.d.sync += self.flushed.eq(taken)
                with m.If(self.operation != Operation.FLUSH):
                    m.d.comb += self.forward.eq(1)
                    m.next = "FORWARD"
                with m.Elif(taken != 0):
                    m.d.comb += self.update.eq(1)
                    m.next = "UPDATE"
            with m.State("FORWARD"):
                self._count(m, "cycles_forward")
                with m.If(self.forward_done):
                    m.next = "IDLE"
                    with m.If(self.backward):
                        m.next = "BACKWARD"
            with m.State("BACKWARD"):
                self._count(m, "cycles_backward")
                with m.If(self.backward_done):
                    m.next = "IDLE"
                    with m.If(full):
                        m.d.comb += self.update.eq(1)
                        m.next = "UPDATE"
            with m.State("UPDATE"):
                self._count(m, "cycles_update")
                with m.If(self.update_done):
                    self._count(m, "updates")
                    m.d.sync += self.updated.eq(1)
                    m.next = "IDLE"

    def _slots(self, m):
        """Take a slot after each backward pass, free all of them after an update."""
        taken, row = Signal(range(self.config.batch + 1)), Signal.like(self.slot)
        m.d.comb += self.slot.eq(Mux(taken == 0, self.registers.slot_row, row))
        with m.If(self.backward_done):
            m.d.sync += [
                taken.eq(taken + 1),
                row.eq(self.slot + self.registers.slot_stride),
                self.filled.eq(Cat(1, self.filled)),
            ]
        with m.If(self.update_done | self.clear):
            m.d.sync += [taken.eq(0), self.filled.eq(0)]
        return taken, taken + 1 == self.registers.batch

    def _count(self, m, counter, amount=1):
        index = COUNTERS.index(counter) if isinstance(counter, str) else counter
        m.d.sync += self.counters[index].eq(self.counters[index] + amount)
