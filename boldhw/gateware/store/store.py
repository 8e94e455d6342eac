"""The store of samples: what the host puts there, and training on it."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature, flipped

from boldhw.gateware.memory.memory_port import MemoryPort
from boldhw.gateware.ports import ControlPort, DataPort, Operation
from boldhw.gateware.store.records import STRIDE_BITS, Records
from boldhw.spec.engine import PAGE_BITS
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.protocol import Register

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
    those are through. The next record is fetched while the core runs.

    Golden model: :class:`boldhw.spec.order.Order`, and
    :class:`boldhw.golden.network.Network` on samples in that order.

    Parameters
    ----------
    config : EngineConfig
        Of an engine with a store; gives the widths of the ports.

    Members
    -------
    command : In(StorePort(config))
        From the command unit; ``word`` and ``valid`` are registered.
    data : In(DataPort(config))
        Data memory, as the command unit drives it; connected while the store does not train.
    control : In(ControlPort(config))
        The core, likewise.
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
        super().__init__({
            "command": In(StorePort(config)),
            "data": In(DataPort(config)),
            "control": In(ControlPort(config)),
            "core_data": Out(DataPort(config)),
            "core_control": Out(ControlPort(config)),
            "memory": Out(MemoryPort(config.store_address_bits, config.store_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.records = self._records = Records(self.config)
        self._page = Signal(max(self.config.store_address_bits - PAGE_BITS, 1))
        self._registers(m)
        self._access(m)
        self._train(m)
        return m

    def _registers(self, m):
        command, records = self.command, self._records
        record = Signal(8 + STRIDE_BITS)
        fields = {
            Register.STORE_PAGE: self._page,
            Register.RECORD: record,
            Register.ORDER_SAMPLES: Signal(FIELD_BITS),
            Register.ORDER_TAPS: Signal(FIELD_BITS),
        }
        for register, field in fields.items():
            with m.If(command.register_write & (command.register == register)):
                m.d.sync += field.eq(command.value)
        with m.If(command.clear):
            m.d.sync += [field.eq(0) for field in fields.values()]
        state = command.register == Register.ORDER_STATE
        parts, items = self.config.store_parts, command.sample_words + 1
        # Written out, since Yosys would take a DSP block for a multiplication.
        needed = sum(items << bit for bit in range(parts.bit_length()) if parts >> bit & 1)
        m.d.comb += [
            command.configured.eq(records.last + 1 == needed),
            Cat(records.last, records.stride).eq(record),
            records.samples.eq(fields[Register.ORDER_SAMPLES]),
            records.taps.eq(fields[Register.ORDER_TAPS]),
            records.state.eq(command.value),
            records.state_write.eq(command.register_write & state),
        ]

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
        left, place, label = Signal(FIELD_BITS), Signal(8), Signal(8)
        wiring.connect(m, flipped(self.data), flipped(data))
        wiring.connect(m, flipped(self.control), flipped(core))
        m.d.comb += [records.start.eq(command.start), records.count.eq(command.count)]
        with m.If(command.running):
            m.d.comb += [
                data.addr.eq(core.slot | place),
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
            with m.State("LABEL"), m.If(~core.passing):
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
                    with m.If(place + 1 == command.sample_words):
                        m.next = "START"
            with m.State("START"), m.If(~core.busy):
                m.d.comb += core.start.eq(1)
                m.d.sync += left.eq(left - 1)
                m.next = "STARTED"
            with m.State("STARTED"):
                m.next = "LABEL"
            with m.State("END"), m.If(~core.busy):
                m.next = "IDLE"
