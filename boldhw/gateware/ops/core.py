"""The core of op lists: an engine behind the ports that a command unit drives."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from boldhw.gateware.core.counters import Counters
from boldhw.gateware.delay import delay
from boldhw.gateware.ops.engine import OpEngine
from boldhw.gateware.ops.host_access import HostAccess
from boldhw.gateware.ops.link_ports import OpControlPort, WordPort
from boldhw.gateware.ops.sequencer import Status
from boldhw.gateware.ops.widths import row_bits
from boldhw.gateware.ports import DataPort, Operation
from boldhw.spec.ops.link import LIMIT_CYCLES, LinkedArray
from boldhw.spec.ops.protocol import ListStatus
from boldhw.spec.protocol import COUNTERS

FORWARD, BACKWARD, UPDATE = range(3)  # lists
REASONS = {Status.BAD_OP: ListStatus.BAD_OP, Status.TOO_LONG: ListStatus.TOO_LONG}


class OpCore(wiring.Component):
    """Train and infer one sample at a time: start the lists that it takes, one after the other.

    Golden model: :class:`boldhw.golden.ops.machine.Machine`.

    Parameters
    ----------
    size : ArraySize
        Of the engine.
    identity : bytes
        Contents of the reply to HELLO.
    kinds : dict
        Of the engine.

    Members
    -------
    data : In(DataPort(LinkedArray(size)))
        Rows of the data memory, while no operation runs; ``read_data`` is combinational from
        registers.
    blocks : In(WordPort(LinkedArray(size)))
        Words of the other memories, while no operation runs; ``word`` is combinational from
        registers.
    control : In(OpControlPort(LinkedArray(size)))
        Start of an operation, its outcome and the counters.

    Latency
    -------
    A list starts two cycles after ``control.start``, or after the end of the list before it, and
    later while counters are added to. It takes the cycles that
    :func:`boldhw.spec.ops.cycles.cycles` counts. The score of a class takes the read latency and a
    cycle for each output of it, and one.
    """

    def __init__(self, size, identity=b"", kinds=None):
        self.size, self.config = size, LinkedArray(size)
        self.identity, self.kinds = identity, kinds
        super().__init__({
            "data": In(DataPort(self.config)),
            "blocks": In(WordPort(self.config)),
            "control": In(OpControlPort(self.config)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = OpEngine(self.size, self.kinds)
        m.submodules.access = access = HostAccess(self.size)
        m.submodules.counters = counters = Counters(self.config, self.identity)
        control, registers = self.control, self.control.registers
        wiring.connect(m, wiring.flipped(self.data), access.data)
        wiring.connect(m, wiring.flipped(self.blocks), access.words)
        wiring.connect(m, access.host, engine.host)
        self._gathered = Signal(self.size.batch.bit_length())  # active samples since the update
        steps = LIMIT_CYCLES.bit_length() - 1
        m.d.comb += [
            engine.limit.eq(Cat(Const(0, steps), registers.limit)),
            engine.label.eq(control.label),
            engine.margin.eq(registers.margin),
            engine.active_samples.eq(self._gathered),
            control.hit.eq(engine.hit),
            control.active.eq(engine.active),
            control.slot.eq(registers.sample_row),
            control.counter.eq(counters.word),
            counters.addr.eq(control.counter_addr),
            counters.clear.eq(control.clear),
            counters.add.amount.eq(engine.cycles),
        ]
        self._run(m, engine, access, counters)
        with m.If(control.clear):
            m.d.sync += self._gathered.eq(0)
        return m

    def _run(self, m, engine, access, counters):
        """Go from list to list."""
        control, registers = self.control, self.control.registers
        training, number = Signal(), Signal(2)
        with m.Switch(number):
            for which, row in enumerate(("forward", "backward", "update")):
                with m.Case(which):
                    m.d.comb += engine.first.eq(registers[row])
        with m.FSM() as fsm:
            m.d.comb += control.busy.eq(~fsm.ongoing("IDLE") | counters.add.busy)
            with m.State("IDLE"), m.If(control.start):
                m.d.sync += [
                    training.eq(control.operation == Operation.TRAIN),
                    control.updated.eq(0),
                    control.failed.eq(0),
                    control.flushed.eq(self._gathered),
                    number.eq(FORWARD),
                ]
                with m.If(control.operation != Operation.FLUSH):
                    m.next = "START"
                with m.Elif(self._gathered != 0):
                    m.d.sync += number.eq(UPDATE)
                    m.next = "START"
            with m.State("START"):
                m.d.comb += engine.start.eq(1)
                m.next = "RUN"
            with m.State("RUN"), m.If(~engine.busy & ~counters.add.busy):
                m.next = "IDLE"
                with m.If(engine.status != Status.ENDED):
                    m.d.sync += control.failed.eq(
                        Mux(engine.status == Status.BAD_OP, ListStatus.BAD_OP, ListStatus.TOO_LONG)
                    )
                with m.Else():
                    self._ended(m, engine, counters, training, number)
            self._score(m, engine, access)

    def _ended(self, m, engine, counters, training, number):
        """Count a list, and go on to the next one."""
        gathered, post = self._gathered, counters.add.post
        completes = gathered + 1 == self.control.registers.batch
        completes = delay(m, completes, int(self.size.dual_port))  # known long before
        with m.Switch(number):
            with m.Case(FORWARD):
                m.d.comb += post.eq(
                    _posted(
                        cycles_forward=1, samples=training, active=training & engine.active,
                        hits=training & engine.hit,
                    )
                )  # fmt: skip
                with m.If(~training):
                    m.next = "SCORES"
                with m.Elif(engine.active):
                    m.d.sync += number.eq(BACKWARD)
                    m.next = "START"
            with m.Case(BACKWARD):
                m.d.comb += post.eq(_posted(cycles_backward=1))
                m.d.sync += gathered.eq(gathered + 1)
                with m.If(completes):
                    m.d.sync += number.eq(UPDATE)
                    m.next = "START"
            with m.Default():
                m.d.comb += post.eq(_posted(cycles_update=1, updates=1))
                m.d.sync += [gathered.eq(0), self.control.updated.eq(1)]

    def _score(self, m, engine, access):
        """Add up the scores of each class, and offer the sum."""
        control, registers = self.control, self.control.registers
        row, total = Signal(row_bits(self.size.score_rows + 1)), Signal.like(control.score)
        reads = Signal()
        arrives = delay(m, reads, self.size.read_latency)
        # That are still to come.
        left, classes = Signal.like(registers.outputs_per_class), Signal.like(registers.classes)
        m.d.comb += [access.score_row.eq(row), control.score.eq(total)]
        with m.State("SCORES"):
            m.d.sync += [row.eq(0), classes.eq(registers.classes)]
            m.next = "CLASS"
        with m.State("CLASS"):
            m.d.sync += [total.eq(0), left.eq(registers.outputs_per_class), classes.eq(classes - 1)]
            m.next = "READ"
        with m.State("READ"):
            m.d.comb += [access.scoring.eq(1), reads.eq(1)]
            m.d.sync += [row.eq(row + 1), left.eq(left - 1)]
            m.next = "ADD"
        with m.State("ADD"):
            m.d.comb += access.scoring.eq(1)
            score = access.host.rows["score"]
            with m.If(arrives):
                if self.size.plain:  # each output is a class
                    m.d.sync += total.eq(score)
                    m.next = "OFFER"
                else:
                    m.d.sync += total.eq(total + score)
                    m.next = "READ"
                    with m.If(left == 0):
                        m.next = "OFFER"
        with m.State("OFFER"):
            m.d.comb += control.score_valid.eq(1)
            with m.If(control.score_ready):
                m.next = "CLASS"
                with m.If(classes == 0):
                    m.next = "IDLE"


def _posted(**chosen):
    """Return the bits of a post to the counters."""
    return Cat(chosen.get(name, Const(0, 1)) for name in COUNTERS)
