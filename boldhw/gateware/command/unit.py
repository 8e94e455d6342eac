"""The command unit: parses frames, checks and executes them, writes the replies."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import enum
from amaranth.lib.wiring import Component, In, Out

from boldhw.config import FIELD_BITS
from boldhw.gateware.counters import IDENTITY_WORDS, counter_words
from boldhw.gateware.frame import CRC_BYTES, FramePort
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort, Operation
from boldhw.gateware.command.registers import RegisterFile
from boldhw.gateware.command.shifter import Shifter
from boldhw.gateware.store import StorePort
from boldhw.protocol import (
    READABLE,
    Bank,
    Command,
    Register,
    Status,
    banks_of,
    registers_of,
)

OPERATIONS = {
    Command.INFER: Operation.INFER,
    Command.TRAIN: Operation.TRAIN,
    Command.FLUSH: Operation.FLUSH,
}
COUNTED = (Command.HELLO, Command.STAT)  # replies from the memory of the counters


class Source(enum.Enum, shape=2):
    """Where the byte at hand comes from."""

    FRAME = 0
    SHIFTER = 1
    CRC = 2
    OTHER = 3


def one_of(value, options):
    """Return a condition: ``value`` is one of ``options``."""
    return Cat(value == option for option in options).any()


class CommandUnit(Component):
    """Execute one frame at a time on the ports of the core.

    Every command runs twice: first dry, with every strobe held back, and only if that meets no
    error for good. So an error changes nothing. Payload is taken at one byte a cycle; a reply takes
    two cycles a byte, in either run. STATE_CRC takes ``2 data_bytes + 1`` cycles a row and
    ``2 block_bytes + 3`` a block, when it runs dry.

    Golden model: :class:`boldhw.protocol.Command`, which describes each command.

    Members
    -------
    frame : In(FramePort())
    data : Out(DataPort(config))
    blocks : Out(BlockPort(config))
    control : Out(ControlPort(config))
    store : Out(StorePort(config))
        Only in an engine with a store.
    """

    def __init__(self, config):
        self.config = config
        self.lane_bytes = config.block_bytes // config.elements
        members = {
            "frame": In(FramePort()),
            "data": Out(DataPort(config)),
            "blocks": Out(BlockPort(config)),
            "control": Out(ControlPort(config)),
        }
        if config.has_store:
            members["store"] = Out(StorePort(config))
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = self._registers = RegisterFile()
        m.submodules.shifter = self._shifter = Shifter(self.config)
        self._make_state()
        self._connect(m)
        self._count_words(m)
        if self.config.has_store:
            self._connect_store(m)
        with m.FSM():
            self._header(m)
            self._dispatch(m)
            self._memory(m)
            self._samples(m)
            if self.config.has_store:
                self._feed(m)
            self._take(m)
            self._send(m)
            self._finish(m)
        self._commit(m)
        return m

    def _make_state(self):
        self._dry, self._status = Signal(), Signal(Status)
        self._command, self._known = Signal(4), Signal()
        self._bank = Signal(range(len(banks_of(self.config))))
        self._address, self._count = Signal(FIELD_BITS), Signal(FIELD_BITS)
        # The label of a sample takes the place of the count's higher byte.
        self._low, self._high = self._count[:8], self._count[8:]
        self._none = Signal()  # nothing is left of the count
        self._addend, self._next, self._clear = Signal(16), Signal(), Signal()  # of the address
        # Bytes of the word and words of the item before the one at hand.
        self._bytes, self._words = Signal(range(self.config.data_bytes)), Signal(8)
        self._bytes_end, self._words_end = Signal(), Signal()
        self._size = Signal.like(self._bytes)  # bytes of the word, less one
        self._step = Signal()  # a byte is through
        self._begin = Signal()  # words are counted from the next cycle on
        self._taking, self._summing, self._closing = Signal(), Signal(), Signal()
        self._complete = Signal()  # the shifter holds a word that was taken
        self._argument = Signal(FIELD_BITS)  # the two bytes taken last
        self._source, self._other = Signal(Source), Signal(8)

    def is_(self, *commands):
        """Return a condition: the command is one of those given."""
        return one_of(self._command, commands)

    def _connect(self, m):
        frame, control, registers = self.frame, self.control, self._registers
        shifter, width = self._shifter, self.config.data_width
        byte = Array((frame.data, shifter.row[:8], frame.crc, self._other))[self._source]
        m.d.comb += [
            frame.byte.eq(byte),
            shifter.byte_in.eq(byte),
            self._none.eq((self._low == 0) & ((self._high == 0) | self._sampling())),
            self._argument.eq(shifter.row[width - FIELD_BITS :]),
            self.data.addr.eq(self._address),
            self.data.write_data.eq(shifter.row),
            self.blocks.addr.eq(self._address),
            self.blocks.word_in.eq(shifter.row[width - 8 * self.lane_bytes :]),
            control.label.eq(self._high),
            control.registers.eq(registers.registers),
            control.counter_addr.eq(
                Cat(self._address[: len(control.counter_addr) - 1], self.is_(Command.HELLO))
            ),
            control.noise_data.eq(self._argument),
            registers.index.eq(self._address),
            registers.value.eq(self._argument),
            registers.high.eq(self._bytes[0] | frame.second),  # read a cycle ahead
            shifter.row_in.eq(self.data.read_data),
        ]
        m.d.sync += self._complete.eq(0)
        # Only the bytes that are sent matter; the rest of the row is spared a multiplexer.
        with m.If(self.is_(Command.INFER)):
            m.d.comb += shifter.row_in[:FIELD_BITS].eq(control.score)
        with m.Elif(self.is_(*COUNTED)):
            m.d.comb += shifter.row_in[:FIELD_BITS].eq(control.counter)
        with m.Elif(self._bank == Bank.WEIGHTS):
            m.d.comb += shifter.row_in[: 8 * self.lane_bytes].eq(self.blocks.word)
        if self.config.has_store:
            with m.Elif(self._in_store()):
                m.d.comb += shifter.row_in[: self.config.store_width].eq(self.store.word)
        with m.Switch(self._command):
            for command, operation in OPERATIONS.items():
                with m.Case(command):
                    m.d.comb += control.operation.eq(operation)
        # Adding to what was cleared is loading, and takes one cell a bit with its carry.
        total = Cat(Const(1, 1), self._address) + Cat(self._next, self._addend)
        m.d.sync += self._address.eq(total[1:])
        with m.If(self._clear | frame.restart):
            m.d.sync += self._address.eq(0)

    def _connect_store(self, m):
        store = self.store
        m.d.comb += [
            store.count.eq(self._count),
            store.sample_words.eq(self._registers.sample_words),
            store.clear.eq(self._registers.clear),
            store.register.eq(self._address),
            store.value.eq(self._argument),
            store.addr.eq(self._address),
        ]

    def _in_store(self):
        """Return a condition: the bank is the store."""
        return self._bank == Bank.STORE if self.config.has_store else Const(0)

    def _count_words(self, m):
        """Count the bytes of a word and the words of an item."""
        config, registers, limit = self.config, self._registers, Signal(8)
        memory = self.is_(Command.MEM_READ, Command.MEM_WRITE, Command.STATE_CRC)
        with m.If(self._summing):
            m.d.comb += self._size.eq(config.data_bytes - 1)
        with m.Elif(self._closing | (self.is_(Command.STATE_CRC) & ~self._dry)):
            m.d.comb += self._size.eq(CRC_BYTES - 1)
        with m.Elif(memory):
            m.d.comb += self._size.eq(
                Mux(self._bank == Bank.DATA, config.data_bytes - 1, self.lane_bytes - 1)
            )
            if config.has_store:
                with m.If(self._in_store()):
                    m.d.comb += self._size.eq(config.store_width // 8 - 1)
        with m.Elif(self._taking & self.is_(Command.INFER, Command.TRAIN)):
            m.d.comb += self._size.eq(config.word_bytes - 1)
        with m.Elif(~self.is_(Command.TRAIN, Command.FLUSH)):
            m.d.comb += self._size.eq(1)
        m.d.comb += limit.eq(Mux(self._taking, registers.sample_words, registers.registers.classes))
        with m.If(memory):
            m.d.comb += limit.eq(config.elements)
        following = Signal(8)
        m.d.comb += [
            following.eq(self._words + 1),
            self._bytes_end.eq(self._bytes == self._size),
            self._words_end.eq(following == limit),
        ]
        with m.If(self._begin):
            m.d.sync += [self._bytes.eq(0), self._words.eq(0)]
        with m.Elif(self._step):
            m.d.sync += self._bytes.eq(self._bytes + 1)
            with m.If(self._bytes_end):
                m.d.sync += [self._bytes.eq(0), self._words.eq(following)]

    def _fail(self, m, status):
        """Begin the reply again, with an error."""
        m.d.sync += self._status.eq(status)
        m.next = "RESTART"

    def _header(self, m):
        """Wait for a frame; then take its header and write that of the reply."""
        frame = self.frame
        with m.State("IDLE"):
            m.d.comb += frame.restart.eq(frame.start)
            m.d.sync += [self._dry.eq(1), self._status.eq(Status.OK)]
            with m.If(frame.start):
                m.next = "HEADER"
        with m.State("RESTART"):
            m.d.comb += [frame.restart.eq(1), frame.crc_clear.eq(1), self._begin.eq(1)]
            m.next = "HEADER"
        with m.State("HEADER"):
            m.d.comb += [frame.write.eq(1), frame.advance.eq(frame.second)]
            with m.Switch(frame.written[:2]):
                with m.Case(0):
                    m.d.comb += frame.byte[7].eq(1)
                    m.d.sync += [
                        self._command.eq(frame.data),
                        self._known.eq(one_of(frame.data, Command)),
                    ]
                with m.Case(2):
                    m.d.comb += [self._source.eq(Source.OTHER), self._other.eq(self._status)]
                    m.d.comb += self._addend[:8].eq(Mux(frame.second, frame.data, 0))
                    m.d.sync += self._low.eq(frame.data)
                with m.Case(3):
                    m.d.comb += self._source.eq(Source.OTHER)
                    m.d.comb += self._addend[8:].eq(Mux(frame.second, frame.data, 0))
                    m.d.sync += self._high.eq(frame.data)
                    with m.If(frame.second):
                        m.next = "DISPATCH"
                        with m.If(self._status != Status.OK):
                            m.next = "SUM"

    def _dispatch(self, m):
        """Check what can be checked without the payload."""
        registers, config = self._registers, self.config
        missing = () if config.training else (Command.TRAIN, Command.FLUSH)
        stored = (Command.TRAIN_STORE,)
        with m.State("DISPATCH"):
            m.d.comb += self._begin.eq(1)
            with m.If(~self._known):
                self._fail(m, Status.UNKNOWN_COMMAND)
            with m.Elif(self.is_(*missing)):
                self._fail(m, Status.NO_TRAINING)
            with m.Elif(self.is_(*(() if config.has_store else stored))):
                self._fail(m, Status.NO_STORE)
            with m.Elif(self.is_(*OPERATIONS, *stored) & ~registers.configured):
                self._fail(m, Status.NOT_CONFIGURED)
            with m.Else(), m.Switch(self._command):
                with m.Case(Command.RESET):
                    m.d.comb += [
                        registers.clear.eq(~self._dry),
                        self.control.clear.eq(~self._dry),
                    ]
                    m.next = "WAIT"
                with m.Case(Command.REG_READ):
                    m.next = "SEND"
                    with m.If(~one_of(self._address, READABLE)):
                        self._fail(m, Status.BAD_ADDRESS)
                with m.Case(Command.REG_WRITE):
                    m.next = "TAKE"
                    with m.If(~one_of(self._address, registers_of(config))):
                        self._fail(m, Status.BAD_ADDRESS)
                with m.Case(Command.MEM_READ, Command.MEM_WRITE):
                    m.next = "BANK"
                with m.Case(Command.STATE_CRC):
                    m.next = "BANK"
                    with m.If(~self._dry):
                        m.next = "SEND"
                with m.Case(Command.INFER, Command.TRAIN):
                    m.next = "SAMPLE"
                    m.d.comb += self._clear.eq(1)
                    with m.If(self._none | self._high.any()):
                        self._fail(m, Status.BAD_LENGTH)
                with m.Case(Command.FLUSH):
                    m.next = "RUN"
                if config.has_store:
                    with m.Case(*stored):
                        m.next = "FEED"
                        with m.If(self._none):
                            self._fail(m, Status.BAD_LENGTH)
                        with m.Elif(~self.store.configured):
                            self._fail(m, Status.NOT_CONFIGURED)
                with m.Case(*COUNTED):
                    m.d.comb += self._clear.eq(1)
                    m.next = "FETCH"

    def _memory(self, m):
        """Take bank and count, then go from item to item."""
        config, bank, blocks, frame = self.config, self._bank, self.blocks, self.frame
        taking = self.is_(Command.MEM_WRITE)
        inside = Mux(
            bank == Bank.DATA,
            self._address < config.data_rows,
            self._address < config.weight_blocks,
        )
        if config.has_store:
            inside = Mux(self._in_store(), ~taking | (config.store == "sdram"), inside)
        with m.State("BANK"):
            m.d.comb += frame.advance.eq(1)
            m.d.sync += bank.eq(frame.data)
            m.next = "COUNT"
            with m.If(self.is_(Command.MEM_WRITE)):
                m.next = "ITEM"
            with m.If(frame.at_end):
                self._fail(m, Status.BAD_LENGTH)
            with m.Elif(frame.data > max(banks_of(config))):
                self._fail(m, Status.BAD_ADDRESS)
        with m.State("COUNT"):
            m.d.comb += frame.advance.eq(1)
            m.d.sync += self._count.eq(frame.data)
            m.next = "COUNTED"
            with m.If(self.is_(Command.STATE_CRC)):
                m.next = "COUNT HIGH"
            with m.If(frame.at_end):
                self._fail(m, Status.BAD_LENGTH)
        with m.State("COUNT HIGH"):
            m.d.comb += frame.advance.eq(1)
            m.d.sync += self._high.eq(frame.data)
            m.next = "COUNTED"
            with m.If(frame.at_end):
                self._fail(m, Status.BAD_LENGTH)
        with m.State("COUNTED"):
            m.d.comb += frame.crc_clear.eq(self._dry)
            m.next = "ITEM"
            with m.If(self._none | ~frame.at_end):
                self._fail(m, Status.BAD_LENGTH)
        with m.State("ITEM"):
            m.d.comb += [
                self._begin.eq(1),
                self._shifter.load.eq(1),
                blocks.load.eq((bank == Bank.WEIGHTS) & ~taking & inside),
                self._next.eq(~taking),
            ]
            m.d.sync += self._count.eq(self._count - 1)
            m.next = "SEND"
            with m.If(taking):
                m.next = "TAKE"
            with m.Elif(bank != Bank.DATA):
                m.next = "FETCH"
            if config.has_store:
                m.d.comb += self.store.read.eq(self._in_store() & ~taking)
            with m.If(~inside):
                self._fail(m, Status.BAD_ADDRESS)
        with m.State("FETCH"):
            m.next = "LOAD"
            if config.has_store:
                with m.If(self._in_store() & ~self.is_(*COUNTED) & ~self.store.valid):
                    m.next = "FETCH"
        with m.State("STORE"):
            m.next = "ITEM"
            with m.If(bank == Bank.WEIGHTS):
                m.next = "STORE BLOCK"
            with m.Elif(frame.at_end):
                m.next = "END"
            if config.has_store:
                with m.If(self._in_store()):
                    m.d.comb += self.store.write.eq(~self._dry)
                    m.d.comb += self._next.eq(self._dry | self.store.written)
                    with m.If(~self._next):
                        m.next = "STORE"
        with m.State("STORE BLOCK"):
            m.d.comb += [blocks.store.eq(~self._dry), self._next.eq(1)]
            m.next = "ITEM"
            with m.If(frame.at_end):
                m.next = "END"

    def _samples(self, m):
        """Go from sample to sample: take it, run the core, send what comes of it."""
        registers, control, frame = self._registers, self.control, self.frame
        infer = self.is_(Command.INFER)
        with m.State("SAMPLE"):
            m.d.comb += [
                self._shifter.clear.eq(1),
                self._begin.eq(1),
                self._addend.eq(control.slot),
            ]
            m.d.sync += [self._count.eq(self._count - 1), self._high.eq(frame.data)]
            m.next = "TAKE"
            with m.If(~infer):
                m.d.comb += frame.advance.eq(1)
                with m.If(frame.at_end):
                    self._fail(m, Status.BAD_LENGTH)
                with m.Elif(frame.data >= registers.registers.classes):
                    self._fail(m, Status.BAD_LABEL)
        with m.State("RUN"):
            m.d.comb += [control.start.eq(~self._dry), self._begin.eq(1)]
            m.next = "WAIT"
            with m.If(infer):
                m.next = "LOAD"
        with m.State("WAIT"), m.If(~control.busy):
            m.next = "SEND"
            with m.If(infer):
                m.next = "NEXT"
            with m.If(self.is_(Command.RESET)):
                m.next = "END"
        with m.State("NEXT"):
            m.d.comb += self._clear.eq(1)
            m.next = "SAMPLE"
            with m.If(self._none):
                m.next = "END"

    def _feed(self, m):
        """Have the store train."""
        with m.State("FEED"):
            m.d.comb += self.store.start.eq(~self._dry)
            m.next = "FED"
        with m.State("FED"), m.If(~self.store.running):
            m.next = "END"

    def _take(self, m):
        """Take bytes of the payload, word by word."""
        frame = self.frame
        with m.State("TAKE"):
            m.d.comb += [self._taking.eq(1), self._shifter.as_word.eq(self._sampling())]
            with m.If(frame.at_end):
                self._fail(m, Status.BAD_LENGTH)
            with m.Else():
                m.d.comb += [frame.advance.eq(1), self._shifter.push.eq(1), self._step.eq(1)]
                with m.If(self._bytes_end):
                    m.d.sync += self._complete.eq(1)
                    with m.Switch(self._command):
                        with m.Case(Command.INFER, Command.TRAIN), m.If(self._words_end):
                            m.next = "RUN"
                        with m.Case(Command.MEM_WRITE):
                            with m.If((self._bank != Bank.WEIGHTS) | self._words_end):
                                m.next = "STORE"
                        with m.Case(Command.REG_WRITE):
                            m.next = "END"

    def _sampling(self):
        return self.is_(Command.INFER, Command.TRAIN)

    def _commit(self, m):
        """Do with a word that was taken what its command asks for."""
        wanted, bank = self._complete & ~self._dry, self._bank
        writing = self.is_(Command.MEM_WRITE)
        with m.If(self._complete & (self._sampling() | (writing & (bank == Bank.DATA)))):
            m.d.comb += [self.data.write.eq(wanted), self._next.eq(1)]
        with m.If(wanted & writing & (bank == Bank.WEIGHTS)):
            m.d.comb += self.blocks.shift.eq(1)
        with m.If(wanted & self.is_(Command.REG_WRITE)):
            m.d.comb += [
                self._registers.write.eq(1),
                self.control.noise_write.eq(self._address == Register.NOISE),
            ]
            if self.config.has_store:
                m.d.comb += self.store.register_write.eq(1)

    def _send(self, m):
        """Append words to the reply, or to the run of the CRC unit."""
        frame, shifter, bank = self.frame, self._shifter, self._bank
        summing = self.is_(Command.STATE_CRC) & self._dry
        infer, words = self.is_(Command.INFER), (Command.MEM_READ, Command.STATE_CRC)
        block = self.is_(*words) & (bank == Bank.WEIGHTS)
        with m.State("LOAD"):
            # A word for SEND: of a block, a counter, or the next score as soon as there is one.
            m.d.comb += [self.blocks.shift.eq(block), shifter.load.eq(1)]
            m.d.comb += self.control.score_ready.eq(infer)
            with m.If(~infer | self.control.score_valid | self._dry):
                m.next = "SEND"
        with m.State("SEND"):
            m.d.comb += [
                self._source.eq(Source.SHIFTER),
                frame.write.eq(~summing),
                frame.crc_valid.eq(summing),
                shifter.push.eq(frame.second),
                self._step.eq(frame.second),
            ]
            self._choose_other(m)
            with m.If(frame.second & self._bytes_end):
                self._sent(m)
            with m.If(frame.write & frame.full):
                self._fail(m, Status.BAD_LENGTH)
        with m.State("SUM UP"):
            # The CRC's first bytes reach the low end of the shifter.
            m.d.comb += [
                self._summing.eq(1),
                self._source.eq(Source.CRC),
                frame.crc_shift.eq(1),
                shifter.push.eq(~frame.second),
                self._step.eq(frame.second),
            ]
            with m.If(frame.second & self._bytes_end):
                m.next = "END"

    def _choose_other(self, m):
        """Choose what SEND sends, unless it comes from the shifter."""
        control = self.control
        with m.If(self.is_(Command.REG_READ)):
            m.d.comb += [
                self._source.eq(Source.OTHER),
                self._other.eq(self._registers.read_byte),
            ]
        with m.Elif(self.is_(Command.TRAIN)):
            m.d.comb += [
                self._source.eq(Source.OTHER),
                self._other.eq(Cat(control.hit, control.active, control.updated)),
            ]
        with m.Elif(self.is_(Command.FLUSH)):
            m.d.comb += [self._source.eq(Source.OTHER), self._other.eq(control.flushed)]

    def _sent(self, m):
        """Go on after a word."""
        counted = Mux(self.is_(Command.HELLO), IDENTITY_WORDS, counter_words(self.config))
        with m.Switch(self._command):
            with m.Case(Command.INFER):
                m.next = "LOAD"
                with m.If(self._words_end):
                    m.next = "WAIT"
            with m.Case(Command.TRAIN):
                m.next = "NEXT"
            with m.Case(Command.MEM_READ, Command.STATE_CRC):
                with m.If(self.is_(Command.STATE_CRC) & ~self._dry):
                    m.next = "END"
                with m.Elif((self._bank == Bank.WEIGHTS) & ~self._words_end):
                    m.d.comb += [self._shifter.load.eq(1), self.blocks.shift.eq(1)]
                with m.Elif(~self._none):
                    m.next = "ITEM"
                with m.Elif(self.is_(Command.STATE_CRC)):
                    m.next = "SUM UP"
                with m.Else():
                    m.next = "END"
            with m.Case(*COUNTED):
                m.d.comb += self._next.eq(1)
                m.next = "FETCH"
                with m.If(self._address == counted - 1):
                    m.next = "END"
            with m.Default():
                m.next = "END"

    def _finish(self, m):
        """Begin again for good, or append the CRC and give the frame back."""
        frame = self.frame
        with m.State("END"):
            m.d.sync += self._dry.eq(0)
            m.next = "SUM"
            with m.If(self._dry):
                m.next = "RESTART"
                with m.If(~frame.at_end):
                    self._fail(m, Status.BAD_LENGTH)
        with m.State("SUM"):
            m.d.comb += [
                self._closing.eq(1),
                self._source.eq(Source.CRC),
                frame.write.eq(1),
                frame.crc_shift.eq(1),
                self._step.eq(frame.second),
            ]
            with m.If(frame.second & self._bytes_end):
                m.next = "DONE"
        with m.State("DONE"):
            m.d.comb += frame.done.eq(1)
            m.next = "IDLE"
