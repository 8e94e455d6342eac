"""The sequencer: which pass runs when, and which slots hold gathered samples."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.core.counters import AMOUNT_BITS
from boldhw.gateware.delay import delay
from boldhw.gateware.ports import Operation, RegisterLayout
from boldhw.spec.protocol import COUNTERS


def counter_bits(**counted):
    """Return a post to the counters, from conditions by counter name."""
    return Cat(counted.get(name, 0) for name in COUNTERS)


class Sequencer(wiring.Component):
    """Run forward, backward and update passes for one operation, and have them counted.

    INFER is a forward pass. TRAIN is a forward pass and, for an active sample, a backward pass,
    after which the sample's slot is taken; when ``batch`` slots are taken, an update follows. FLUSH
    is an update if a slot is taken. ``updated`` and ``flushed`` hold until the next start.

    Members
    -------
    start, operation, clear, registers, busy : see :class:`boldhw.gateware.ports.ControlPort`.
    hit, active : from the loss, valid a cycle after the end of the forward pass.
    forward, backward, update : start of a pass; ``*_done`` its end.
    slot, filled : data row of the next sample, one bit per slot that is taken; with ``dual_port``
        one bit: during an update, whether the slot of the cycle before was taken.
    first_slot, next_slot : during an update, let ``slot`` be that of the first, the next sample.
    elapsed, post, counting : cycles of the pass, what to count at its end, counters at work.
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
            "elapsed": Out(AMOUNT_BITS),
            "post": Out(len(COUNTERS)),
            "counting": In(1),
        }
        if config.training:
            members |= {
                "hit": In(1),
                "active": In(1),
                "backward": Out(1),
                "backward_done": In(1),
                "update": Out(1),
                "update_done": In(1),
                "first_slot": In(1),
                "next_slot": In(1),
                "filled": Out(1 if config.dual_port else config.batch),
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
        return m

    def _inference(self, m):
        m.d.comb += self.slot.eq(self.registers.slot_row)
        running = self._measure(m, self.forward)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            m.d.comb += running.eq(fsm.ongoing("FORWARD"))
            with m.State("IDLE"), m.If(self.start):
                m.d.comb += self.forward.eq(1)
                m.next = "FORWARD"
            with m.State("FORWARD"), m.If(self.forward_done):
                m.d.comb += self.post.eq(counter_bits(cycles_forward=1))
                m.next = "IDLE"

    def _training(self, m):
        taken, full = self._slots(m)
        train = Signal()
        # A cycle late is soon enough: what is counted was posted two cycles before, or earlier.
        counting = delay(m, self.counting, 1)
        running = self._measure(m, self.forward | self.backward | self.update)
        with m.FSM() as fsm:
            passes = [fsm.ongoing(state) for state in ("FORWARD", "BACKWARD", "UPDATE")]
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            m.d.comb += running.eq(Cat(passes).any())
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [self.updated.eq(0), train.eq(self.operation == Operation.TRAIN)]
                m.d.sync += self.flushed.eq(taken)
                with m.If(self.operation != Operation.FLUSH):
                    m.d.comb += self.forward.eq(1)
                    m.next = "FORWARD"
                with m.Elif(taken != 0):
                    m.d.comb += self.update.eq(1)
                    m.next = "UPDATE"
            with m.State("FORWARD"), m.If(self.forward_done):
                m.next = "JUDGED"
            with m.State("JUDGED"):
                learnt, hit = train & self.active, train & self.hit
                m.d.comb += self.post.eq(
                    counter_bits(cycles_forward=1, samples=train, active=learnt, hits=hit)
                )
                m.next = "IDLE"
                with m.If(learnt):
                    m.d.comb += self.backward.eq(1)
                    m.next = "BACKWARD"
            with m.State("BACKWARD"), m.If(self.backward_done):
                m.next = "COUNT BACKWARD"
            with m.State("COUNT BACKWARD"), m.If(~counting):
                m.d.comb += self.post.eq(counter_bits(cycles_backward=1))
                m.next = "IDLE"
                with m.If(full):
                    m.d.comb += self.update.eq(1)
                    m.next = "UPDATE"
            with m.State("UPDATE"), m.If(self.update_done):
                m.d.sync += self.updated.eq(1)
                m.next = "COUNT UPDATE"
            with m.State("COUNT UPDATE"), m.If(~counting):
                m.d.comb += self.post.eq(counter_bits(cycles_update=1, updates=1))
                m.next = "IDLE"

    def _compare_slot(self, m, taken):
        place = Signal(range(self.config.batch + self.config.elements))
        m.d.sync += self.filled.eq(place < taken)
        with m.If(self.next_slot):
            m.d.sync += place.eq(place + 1)
        with m.If(self.first_slot):
            m.d.sync += place.eq(0)

    def _measure(self, m, starting):
        """Count the cycles of a pass; return the signal that says that one is running.

        Those of a forward pass have one more, in which it is judged.
        """
        running = Signal()
        with m.If(running):
            m.d.sync += self.elapsed.eq(self.elapsed + 1)
        with m.If(starting):
            m.d.sync += self.elapsed.eq(self.forward)
        return running

    def _slots(self, m):
        """Take a slot after each backward pass, free all of them after an update."""
        taken = Signal(range(self.config.batch + 1))
        with m.If(taken == 0):
            m.d.sync += self.slot.eq(self.registers.slot_row)
        with m.If(self.backward_done | self.next_slot):
            m.d.sync += self.slot.eq(self.slot + self.registers.slot_stride)
        with m.If(self.first_slot):
            m.d.sync += self.slot.eq(self.registers.slot_row)
        with m.If(self.backward_done):
            m.d.sync += taken.eq(taken + 1)
            if not self.config.dual_port:
                m.d.sync += self.filled.eq(Cat(1, self.filled))
        with m.If(self.update_done | self.clear):
            m.d.sync += taken.eq(0)
            if not self.config.dual_port:
                m.d.sync += self.filled.eq(0)
        if self.config.dual_port:
            self._compare_slot(m, taken)
        full = Signal()
        with m.If(self.backward_done):
            m.d.sync += full.eq(taken + 1 == self.registers.batch)
        return taken, full
