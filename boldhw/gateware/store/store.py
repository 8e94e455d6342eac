"""The store of samples: what the host puts there, and training on it."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature, flipped

from boldhw.gateware.memory.memory_port import BURST_BITS, MemoryPort
from boldhw.gateware.ops.link_ports import OpControlPort
from boldhw.gateware.ports import ControlPort, DataPort, Operation
from boldhw.gateware.store.records import STRIDE_BITS, Records
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.protocol import RECORD_BITS
from boldhw.spec.protocol import Register
from boldhw.spec.store import PAGE_BITS

AHEAD_BITS = 4  # words are read for the host up to the end of a block of so many address bits


class StorePort(Signature):
    """From the command unit to the store.

    ``start`` trains on ``count`` samples; ``running`` is high from the next cycle until that is
    done. ``clear`` makes the store's registers zero, ``register_write`` writes ``value`` to one of
    them. ``read`` and ``write`` access the word at ``addr`` in the page: ``valid`` is high from
    when ``word`` has been read until the next ``read``; ``write``, with ``value``, stays until
    ``written``. None of them comes while ``running`` is high. ``configured`` is high when records
    are as long as samples; otherwise training would wait for words for ever, and may not start.
    """

    def __init__(self, config):
        super().__init__({
            "start": Out(1),
            "count": Out(FIELD_BITS),
            "sample_words": Out(8),
            "running": In(1),
            "configured": In(1),
            "clear": Out(1),
            "register_write": Out(1),
            "register": Out(4),
            "value": Out(FIELD_BITS),
            "addr": Out(PAGE_BITS),
            "read": Out(1),
            "valid": In(1),
            "word": In(config.store_width),
            "write": Out(1),
            "written": In(1),
        })  # fmt: skip


class Store(wiring.Component):
    """Train the core on records of a memory, and show the memory to the host.

    It is between the command unit and the core. The operand words of a sample are written to its
    slot as soon as the core's passes are over, while its counters still count; the core starts when
    those are through. An engine of op lists has to end first. The next record is fetched while the
    core runs.

    Golden model: :class:`boldhw.spec.order.Order`, and on samples in that order
    :class:`boldhw.golden.network.Network`, or :class:`boldhw.golden.ops.machine.Machine`.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Of an engine with a store; gives the widths of the ports.

    Members
    -------
    command : In(StorePort(config))
        From the command unit; ``word`` and ``valid`` are registered.
    data : In(DataPort(config))
        Data memory, as the command unit drives it; connected while the store does not train.
    control : In(ControlPort(config))
        The core, likewise. An OpControlPort of an engine of op lists, as is ``core_control``.
    core_data : Out(DataPort(config))
        Data memory; combinational.
    core_control : Out(ControlPort(config))
        The core; combinational.
    memory : Out(MemoryPort(config.store_address_bits, config.store_width))
        Memory of the records; combinational.

    Latency
    -------
    One operand word a cycle is written to the slot. A sample of n words, if they are in the queue
    and the core is idle; ``busy`` rises one cycle after ``start``::

        cycle       0       1 .. n   n + 1   n + 2     n + 3
        state       LABEL   WORDS    START   STARTED   LABEL
        records     label   words
        core_data           write
        core_control                 start   busy      busy
    """

    def __init__(self, config):
        self.config = config
        control = (OpControlPort if config.runs_ops else ControlPort)(config)
        super().__init__({
            "command": In(StorePort(config)),
            "data": In(DataPort(config)),
            "control": In(control),
            "core_data": Out(DataPort(config)),
            "core_control": Out(control),
            "memory": Out(MemoryPort(config.store_address_bits, config.store_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.records = self._records = Records(self.config)
        # Operand words of a sample.
        self._words = Signal(RECORD_BITS) if self.config.runs_ops else self.command.sample_words
        self._page = Signal(max(self.config.store_address_bits - PAGE_BITS, 1))
        self._registers(m)
        self._access(m)
        self._train(m)
        return m

    def _registers(self, m):
        command, records = self.command, self._records
        fields = {
            Register.STORE_PAGE: self._page,
            Register.RECORD: self._record(m),
            Register.ORDER_SAMPLES: Signal(FIELD_BITS),
            Register.ORDER_TAPS: Signal(FIELD_BITS),
        }
        for register, field in fields.items():
            with m.If(command.register_write & (command.register == register)):
                m.d.sync += field.eq(command.value)
        with m.If(command.clear):
            m.d.sync += [field.eq(0) for field in fields.values()]
        state = command.register == Register.ORDER_STATE
        m.d.comb += [
            records.samples.eq(fields[Register.ORDER_SAMPLES]),
            records.taps.eq(fields[Register.ORDER_TAPS]),
            records.state.eq(command.value),
            records.state_write.eq(command.register_write & state),
        ]

    def _record(self, m):
        """Return the register of the length of records; say whether they are as long as samples.

        That of an engine of op lists has the operand words of a sample, and is right unless it is
        0; the other one has the words of memory of a record.
        """
        command, records, parts = self.command, self._records, self.config.store_parts
        if self.config.runs_ops:
            record = Signal(RECORD_BITS + STRIDE_BITS)
            items = record[:RECORD_BITS]
            m.d.comb += [
                self._words.eq(items),
                records.stride.eq(record[RECORD_BITS:]),
                command.configured.eq(items.any()),
            ]
            m.d.sync += records.last.eq(_times(items + 1, parts) - 1)
            return record
        record = Signal(BURST_BITS + STRIDE_BITS)
        needed = _times(command.sample_words + 1, parts)
        m.d.comb += [
            command.configured.eq(records.last + 1 == needed),
            Cat(records.last, records.stride).eq(record),
        ]
        return record

    def _access(self, m):
        """Read and write words for the host; otherwise the memory serves the records.

        Words are read before the host needs them, up to the end of the same block, since a memory
        takes long to begin. What the host does not read next is thrown away before anything else is
        done.
        """
        command, memory, records = self.command, self.memory, self._records.memory
        request, words = memory.request, memory.words
        wanted = Signal(len(request.p.addr))
        low, high = wanted[:AHEAD_BITS], wanted[AHEAD_BITS:]
        place, block = Signal.like(low), Signal.like(high)  # of the next word that comes
        asked, writing, ahead = Signal(), Signal(), Signal()
        with m.If(command.read | command.write):
            m.d.sync += wanted.eq(Cat(command.addr, self._page))
        with m.If(command.read):
            m.d.sync += [asked.eq(1), command.valid.eq(0)]
        m.d.sync += writing.eq(command.write & ~command.written)
        with m.If(ahead):
            m.d.comb += words.ready.eq(asked | command.write | command.running)
            with m.If(words.valid & words.ready):
                m.d.sync += place.eq(place + 1)
                with m.If(place.all()):
                    m.d.sync += ahead.eq(0)
                with m.If(asked & (place == low) & (block == high)):
                    m.d.sync += [command.word.eq(words.payload), command.valid.eq(1), asked.eq(0)]
        with m.Elif(command.running):
            wiring.connect(m, records, flipped(memory))
        with m.Else():
            m.d.comb += [
                request.valid.eq(writing | asked),
                request.p.addr.eq(wanted),
                request.p.last.eq(~low),
                request.p.write.eq(writing),
                request.p.data.eq(command.value),
                command.written.eq(writing & request.ready),
            ]
            with m.If(asked & request.ready):
                m.d.sync += [ahead.eq(1), place.eq(low), block.eq(high)]

    def _train(self, m):
        """Write record after record to the slot and start the core for each."""
        command, records = self.command, self._records
        data, core = self.core_data, self.core_control
        word = records.o
        left, place, label = Signal(FIELD_BITS), Signal.like(self._words), Signal(8)
        ops = self.config.runs_ops
        # Slots of chains begin where their words can be counted in the low bits.
        addr = core.slot + place if ops else core.slot | place
        # Op lists need all rows until the end.
        passing = core.busy if ops else core.passing
        begins = self._begins(m) if ops else 1
        wiring.connect(m, flipped(self.data), flipped(data))
        wiring.connect(m, flipped(self.control), flipped(core))
        m.d.comb += [records.start.eq(command.start), records.count.eq(command.count)]
        with m.If(command.running):
            m.d.comb += [
                data.addr.eq(addr),
                data.write_data[: len(word.payload)].eq(word.payload),
                core.operation.eq(Operation.TRAIN),
                core.label.eq(label),
            ]
        with m.FSM() as fsm:
            m.d.comb += command.running.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.sync += left.eq(command.count)
                with m.If(command.start):
                    m.next = "LABEL"
            with m.State("LABEL"), m.If(~passing):
                m.d.comb += word.ready.eq(1)
                m.d.sync += [label.eq(word.payload), place.eq(0)]
                with m.If(left == 0):
                    m.d.comb += word.ready.eq(0)
                    m.next = "END"
                with m.Elif(word.valid):
                    m.next = "WORDS"
            with m.State("WORDS"):
                m.d.comb += [word.ready.eq(1), data.write.eq(word.valid)]
                with m.If(word.valid):
                    m.d.sync += place.eq(place + 1)
                    with m.If(place + 1 == self._words):
                        m.next = "START"
            with m.State("START"), m.If(~core.busy):
                m.d.comb += core.start.eq(begins)
                m.d.sync += left.eq(left - 1)
                m.next = "STARTED"
            with m.State("STARTED"):
                m.next = "LABEL"
            with m.State("END"), m.If(~core.busy):
                m.next = "IDLE"

    def _begins(self, m):
        """Return whether the core starts with the sample at its slot.

        A list that was ended leaves nothing to train on: what is left of the records is taken, so
        that the next command finds none of it, and thrown away.
        """
        command, core, began = self.command, self.core_control, Signal()
        with m.If(core.start):
            m.d.sync += began.eq(1)
        with m.Elif(command.start):
            m.d.sync += began.eq(0)
        return ~(began & core.failed.any())


def _times(value, factor):
    """Return a product; written out, since Yosys would take a DSP block for a multiplication."""
    return sum(value << bit for bit in range(factor.bit_length()) if factor >> bit & 1)
