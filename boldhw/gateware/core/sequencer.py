"""The sequencer: which pass runs when, and which slots hold gathered samples."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.core.counters import CountPort
from boldhw.gateware.delay import delay
from boldhw.gateware.passes.pass_port import RunPort, SlotPort
from boldhw.gateware.passes.table import pass_names
from boldhw.gateware.ports import Operation, RegisterLayout
from boldhw.gateware.units.loss import VerdictPort
from boldhw.spec.protocol import COUNTERS


def counter_bits(**counted):
    """Return a post to the counters, from conditions by counter name."""
    return Cat(counted.get(name, 0) for name in COUNTERS)


class Sequencer(wiring.Component):
    """Run forward, backward and update passes for one operation, and have them counted.

    INFER is a forward pass. TRAIN is a forward pass and, for an active sample, a backward pass,
    after which the sample's slot is taken; when ``batch`` slots are taken, an update follows. FLUSH
    is an update if a slot is taken. ``updated`` and ``flushed`` hold until the next start.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    start, operation, clear, registers : In
        See :class:`boldhw.gateware.ports.ControlPort`. ``start`` and ``operation`` are registered
        here, as they come from far away: a pass starts a cycle later.
    starting : Out(1), registered
        The cycle between ``start`` and ``busy``.
    busy : Out(1), combinational from registers
        An operation runs. The counters do not see the cycle of ``starting``.
    taken : Out(1)
        The memories belong to the passes: ``busy``, with ``dual_port`` from a register and for one
        cycle more, as it chooses all over the device.
    taking : Out(1), combinational
        Any of ``start``, ``starting`` and ``busy``.
    inferring : Out(1), registered
        The last operation that was started is INFER.
    forward, backward, update : Out(RunPort(config))
        The passes; the last two only in an engine that trains, like all that follows but ``slot``
        and ``add``.
    verdict : In(VerdictPort())
        Valid a cycle after the end of the forward pass.
    updated, flushed : Out
        See :class:`boldhw.gateware.ports.ControlPort`; registered.
    slot : Out(range(data_rows))
        Data row of the next sample; registered in an engine that trains.
    slots : In(SlotPort())
        During an update, let ``slot`` be that of another sample, from the next cycle on.
    filled : Out(batch) or, with ``dual_port``, Out(1), registered
        One bit per slot that is taken; with ``dual_port`` whether, during an update, the slot of
        the cycle before was taken.
    add : Out(CountPort(config))
        What to count at the end of a pass, ``amount`` the cycles of the pass.
    """

    def __init__(self, config):
        self.config = config
        members = {
            "start": In(1),
            "operation": In(Operation),
            "clear": In(1),
            "registers": In(RegisterLayout()),
            "starting": Out(1),
            "busy": Out(1),
            "taken": Out(1),
            "taking": Out(1),
            "inferring": Out(1),
            "slot": Out(range(config.data_rows)),
            "forward": Out(RunPort(config)),
            "add": Out(CountPort(config)),
        }
        if config.training:
            members |= {
                "verdict": In(VerdictPort()),
                "backward": Out(RunPort(config)),
                "update": Out(RunPort(config)),
                "slots": In(SlotPort()),
                "filled": Out(1 if config.dual_port else config.batch),
                "updated": Out(1),
                "flushed": Out(range(config.batch + 1)),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        operation = self._begin(m)
        for name in pass_names(self.config):
            m.d.comb += getattr(self, name).layers.eq(self.registers.layers)
        if self.config.training:
            self._training(m, operation)
        else:
            self._inference(m)
        return m

    def _begin(self, m):
        """Register the start, and the operation, which is returned; give the memories away."""
        operation = Signal(Operation)
        m.d.sync += [self.starting.eq(self.start), operation.eq(self.operation)]
        m.d.comb += self.taking.eq(self.start | self.starting | self.busy)
        if self.config.dual_port:
            m.d.sync += self.taken.eq(self.starting | self.busy)
        else:
            m.d.comb += self.taken.eq(self.busy)
        with m.If(self.start):
            m.d.sync += self.inferring.eq(self.operation == Operation.INFER)
        return operation

    def _inference(self, m):
        m.d.comb += self.slot.eq(self.registers.slot_row)
        running = self._measure(m, self.forward.start)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            m.d.comb += running.eq(fsm.ongoing("FORWARD"))
            with m.State("IDLE"), m.If(self.starting):
                m.d.comb += self.forward.start.eq(1)
                m.next = "FORWARD"
            with m.State("FORWARD"), m.If(self.forward.done):
                m.d.comb += self.add.post.eq(counter_bits(cycles_forward=1))
                m.next = "IDLE"

    def _training(self, m, operation):
        taken, full = self._slots(m)
        train = Signal()
        # A cycle late is soon enough: what is counted was posted two cycles before, or earlier.
        counting = delay(m, self.add.busy, 1)
        starts = self.forward.start | self.backward.start | self.update.start
        running = self._measure(m, starts)
        with m.FSM() as fsm:
            passes = [fsm.ongoing(state) for state in ("FORWARD", "BACKWARD", "UPDATE")]
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            m.d.comb += running.eq(Cat(passes).any())
            with m.State("IDLE"), m.If(self.starting):
                m.d.sync += [self.updated.eq(0), train.eq(operation == Operation.TRAIN)]
                m.d.sync += self.flushed.eq(taken)
                with m.If(operation != Operation.FLUSH):
                    m.d.comb += self.forward.start.eq(1)
                    m.next = "FORWARD"
                with m.Elif(taken != 0):
                    m.d.comb += self.update.start.eq(1)
                    m.next = "UPDATE"
            with m.State("FORWARD"), m.If(self.forward.done):
                m.next = "JUDGED"
            with m.State("JUDGED"):
                learnt, hit = train & self.verdict.active, train & self.verdict.hit
                m.d.comb += self.add.post.eq(
                    counter_bits(cycles_forward=1, samples=train, active=learnt, hits=hit)
                )
                m.next = "IDLE"
                with m.If(learnt):
                    m.d.comb += self.backward.start.eq(1)
                    m.next = "BACKWARD"
            with m.State("BACKWARD"), m.If(self.backward.done):
                m.next = "COUNT BACKWARD"
            with m.State("COUNT BACKWARD"), m.If(~counting):
                m.d.comb += self.add.post.eq(counter_bits(cycles_backward=1))
                m.next = "IDLE"
                with m.If(full):
                    m.d.comb += self.update.start.eq(1)
                    m.next = "UPDATE"
            with m.State("UPDATE"), m.If(self.update.done):
                m.d.sync += self.updated.eq(1)
                m.next = "COUNT UPDATE"
            with m.State("COUNT UPDATE"), m.If(~counting):
                m.d.comb += self.add.post.eq(counter_bits(cycles_update=1, updates=1))
                m.next = "IDLE"

    def _compare_slot(self, m, taken):
        place = Signal(range(self.config.batch + self.config.elements))
        m.d.sync += self.filled.eq(place < taken)
        with m.If(self.slots.next):
            m.d.sync += place.eq(place + 1)
        with m.If(self.slots.first):
            m.d.sync += place.eq(0)

    def _measure(self, m, starting):
        """Count the cycles of a pass; return the signal that says that one is running.

        Those of a forward pass have one more, in which it is judged.
        """
        running = Signal()
        with m.If(running):
            m.d.sync += self.add.amount.eq(self.add.amount + 1)
        with m.If(starting):
            m.d.sync += self.add.amount.eq(self.forward.start)
        return running

    def _slots(self, m):
        """Take a slot after each backward pass, free all of them after an update."""
        taken = Signal(range(self.config.batch + 1))
        with m.If(taken == 0):
            m.d.sync += self.slot.eq(self.registers.slot_row)
        with m.If(self.backward.done | self.slots.next):
            m.d.sync += self.slot.eq(self.slot + self.registers.slot_stride)
        with m.If(self.slots.first):
            m.d.sync += self.slot.eq(self.registers.slot_row)
        with m.If(self.backward.done):
            m.d.sync += taken.eq(taken + 1)
            if not self.config.dual_port:
                m.d.sync += self.filled.eq(Cat(1, self.filled))
        with m.If(self.update.done | self.clear):
            m.d.sync += taken.eq(0)
            if not self.config.dual_port:
                m.d.sync += self.filled.eq(0)
        if self.config.dual_port:
            self._compare_slot(m, taken)
        full = Signal()
        with m.If(self.backward.done):
            m.d.sync += full.eq(taken + 1 == self.registers.batch)
        return taken, full
