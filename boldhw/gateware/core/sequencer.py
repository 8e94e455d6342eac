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
    is an update if a slot is taken.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_rows``, ``max_layers``, ``batch``, ``elements``, ``training`` and
        ``dual_port``.

    Members
    -------
    start : In(1)
        Start ``operation``; one cycle while ``busy`` is low.
    operation : In(Operation)
        What to do; valid with ``start``.
    clear : In(1)
        Forget gathered samples.
    registers : In(RegisterLayout())
        Registers of the network, constant during an operation.
    starting : Out(1), registered
        The cycle between ``start`` and ``busy``.
    busy : Out(1), combinational
        An operation runs. The counters do not see the cycle of ``starting``. From registers only.
    taken : Out(1)
        The memories belong to the passes: ``busy``, combinational. With ``dual_port`` it is
        registered and high for one cycle more, as it selects all over the device.
    taking : Out(1), combinational
        Any of ``start``, ``starting`` and ``busy``.
    inferring : Out(1), registered
        The last operation that was started is INFER.
    forward : Out(RunPort(config)), combinational
        The forward pass.
    backward : Out(RunPort(config)), combinational
        The backward pass; only in an engine that trains.
    update : Out(RunPort(config)), combinational
        The update pass; only in an engine that trains.
    verdict : In(VerdictPort())
        Outcome of the sample, valid one cycle after the end of the forward pass; only in an engine
        that trains.
    updated : Out(1), registered
        TRAIN: an update followed. Holds until the next start; only in an engine that trains.
    flushed : Out(range(config.batch + 1)), registered
        FLUSH: the gathered samples that took part. Holds until the next start; only in an engine
        that trains.
    slot : Out(range(config.data_rows))
        Data row of the next sample; registered in an engine that trains, else combinational.
    slots : In(SlotPort())
        Select the slot of another sample during an update; only in an engine that trains.
    filled : Out(1 if config.dual_port else config.batch), registered
        One bit per slot that is taken, a run of ones from bit 0. With ``dual_port`` whether, during
        an update, the slot of the cycle before was taken. Only in an engine that trains.
    add : Out(CountPort(config))
        What to count at the end of a pass; ``amount``, the cycles of the pass, is registered, the
        rest is combinational.

    Latency
    -------
    A pass starts one cycle after ``start``, and the next pass of the operation one cycle after the
    end of the one before, later while counters are busy. One slot per cycle. TRAIN of a sample that
    is active, no update, and counters that are not busy::

        cycle             0     1     2     ...   7     8     9     ...   14    15    16
        start             1
        starting                1
        busy                          1     1     1     1     1     1     1     1
        forward.start           1
        forward.done                              1
        backward.start                                  1
        backward.done                                                     1
        add.post                                        fwd                     bwd
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
