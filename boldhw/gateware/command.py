"""The command unit: parses frames, checks and executes them, writes the replies."""

import struct

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import enum
from amaranth.lib.wiring import Component, In, Out

from boldhw.config import FIELD_BITS
from boldhw.gateware.frame import FramePort
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort, Operation
from boldhw.gateware.registers import READABLE, RegisterFile
from boldhw.gateware.shifter import Shifter
from boldhw.protocol import COUNTERS, HEADER, REPLY, Bank, Command, Register, Status, identity_bytes

OPERATIONS = {
    Command.INFER: Operation.INFER,
    Command.TRAIN: Operation.TRAIN,
    Command.FLUSH: Operation.FLUSH,
}
CHANGING = (Command.RESET, Command.REG_WRITE, Command.MEM_WRITE, *OPERATIONS)


class Unit(enum.Enum, shape=4):
    """What the bytes that are being taken or sent make up."""

    ARGUMENT = 0
    ROW = 1
    BLOCK = 2
    SAMPLE = 3
    SCORE = 4
    RESULT = 5
    REGISTER = 6
    IDENTITY = 7
    COUNTER = 8
    CRC = 9


def one_of(value, options):
    """Return a condition: ``value`` is one of ``options``."""
    return Cat(value == option for option in options).any()


class CommandUnit(Component):
    """Execute one frame at a time on the ports of the core.

    A command that can change anything runs twice: first dry, with every strobe held back, and only
    if that meets no error for good. So an error changes nothing. Payload is taken and sent at one
    byte a cycle. STATE_CRC takes ``data_bytes + 1`` cycles a row and ``block_bytes + 3`` a block.

    Golden model: :class:`boldhw.protocol.Command`, which describes each command.

    Members
    -------
    frame : In(FramePort())
    data : Out(DataPort(config))
    blocks : Out(BlockPort(config))
    control : Out(ControlPort(config))
    """

    def __init__(self, config, clock_hz):
        self.config = config
        words = struct.iter_unpack("<I", identity_bytes(config, clock_hz))
        self.identity = [Const(word, 32) for (word,) in words]
        # Bytes of one word of each unit.
        self.word_bytes = {
            Unit.ARGUMENT: 2,
            Unit.ROW: config.data_bytes,
            Unit.BLOCK: config.block_bytes // config.elements,
            Unit.SAMPLE: config.word_bytes,
            Unit.SCORE: 2,
            Unit.RESULT: 1,
            Unit.REGISTER: 2,
            Unit.IDENTITY: 4,
            Unit.COUNTER: 2,
            Unit.CRC: 4,
        }
        super().__init__({
            "frame": In(FramePort()),
            "data": Out(DataPort(config)),
            "blocks": Out(BlockPort(config)),
            "control": Out(ControlPort(config)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = self._registers = RegisterFile()
        m.submodules.shifter = self._shifter = Shifter(self.config)
        self._make_state()
        self._connect(m)
        with m.FSM():
            self._header(m)
            self._dispatch(m)
            self._memory(m)
            self._samples(m)
            self._take(m)
            self._send(m)
            self._finish(m)
        self._commit(m)
        return m

    def _make_state(self):
        self._position = Signal(8)  # of the byte of the frame that is at hand
        self._advance, self._restart, self._at_end = Signal(), Signal(), Signal()
        self._dry, self._status = Signal(), Signal(Status)
        self._command, self._known = Signal(4), Signal()
        self._bank = Signal(Bank)
        self._address, self._count = Signal(16), Signal(16)
        self._label = Signal(8)
        self._unit = Signal(Unit)
        # Bytes of the word after the one at hand; words of the item with the one at hand.
        self._bytes, self._words = Signal(range(max(self.word_bytes.values()))), Signal(8)
        self._reload = Signal.like(self._bytes)
        self._complete = Signal()  # the shifter holds a word that was taken
        self._argument = Signal(FIELD_BITS)  # the two bytes taken last

    def _connect(self, m):
        frame, control, registers = self.frame, self.control, self._registers
        shifter, width = self._shifter, self.config.data_width
        following = Mux(self._restart, 0, self._position + self._advance)
        m.d.comb += [
            frame.addr.eq(following),
            self._at_end.eq(self._position == frame.end),
            self._argument.eq(shifter.row[width - FIELD_BITS :]),
            shifter.byte_in.eq(frame.data),
            frame.crc_data.eq(shifter.row[:8]),
            self.data.addr.eq(self._address),
            self.data.write_data.eq(shifter.row),
            self.blocks.addr.eq(self._address),
            self.blocks.word_in.eq(shifter.row[width - 8 * self.word_bytes[Unit.BLOCK] :]),
            control.label.eq(self._label),
            control.registers.eq(registers.registers),
            control.counter_addr.eq(self._address),
            control.noise_data.eq(self._argument),
            registers.index.eq(self._address),
            registers.value.eq(self._argument),
            shifter.row_in.eq(self.data.read_data),
        ]
        m.d.sync += [self._position.eq(following), self._complete.eq(0)]
        with m.Switch(self._unit):
            for unit, size in self.word_bytes.items():
                with m.Case(unit):
                    m.d.comb += self._reload.eq(size - 1)
        # Only the bytes that are sent matter; the rest of the row is spared a multiplexer.
        words = {
            Unit.BLOCK: self.blocks.word,
            Unit.SCORE: control.score,
            Unit.COUNTER: control.counter,
        }
        for unit, word in words.items():
            with m.If(self._unit == unit):
                m.d.comb += shifter.row_in[: 8 * self.word_bytes[unit]].eq(word)
        with m.Switch(self._command):
            for command, operation in OPERATIONS.items():
                with m.Case(command):
                    m.d.comb += control.operation.eq(operation)

    def _fail(self, m, status):
        """Begin the reply again, with an error."""
        m.d.sync += self._status.eq(status)
        m.next = "RESTART"

    def _begin(self, m, unit, words=1, state="SEND"):
        """Take or send ``words`` words of a unit."""
        m.d.sync += [
            self._unit.eq(unit),
            self._bytes.eq(self.word_bytes[unit] - 1),
            self._words.eq(words),
        ]
        m.next = state

    def _header(self, m):
        """Wait for a frame; then take its header and write that of the reply."""
        frame = self.frame
        with m.State("IDLE"):
            m.d.comb += self._restart.eq(1)
            m.d.sync += [self._dry.eq(1), self._status.eq(Status.OK)]
            with m.If(frame.start):
                m.next = "HEADER"
        with m.State("RESTART"):
            m.d.comb += [self._restart.eq(1), frame.rewind.eq(1)]
            m.next = "HEADER"
        with m.State("HEADER"):
            m.d.comb += [self._advance.eq(1), self._shifter.push.eq(1), frame.write.eq(1)]
            with m.Switch(self._position[:2]):
                with m.Case(0):
                    m.d.comb += frame.write_data.eq(frame.data | REPLY)
                    m.d.sync += [
                        self._command.eq(frame.data),
                        self._known.eq((frame.data != 0) & (frame.data <= max(Command))),
                    ]
                with m.Case(1):
                    m.d.comb += frame.write_data.eq(frame.data)
                with m.Case(2):
                    m.d.comb += frame.write_data.eq(self._status)
                with m.Case(HEADER.size - 1):
                    m.next = "DISPATCH"
                    with m.If(self._status != Status.OK):
                        m.next = "DONE"

    def _dispatch(self, m):
        """Check what can be checked without the payload."""
        argument, registers = self._argument, self._registers
        missing = () if self.config.training else (Command.TRAIN, Command.FLUSH)
        with m.State("DISPATCH"):
            m.d.comb += self.frame.crc_clear.eq(1)
            m.d.sync += [self._address.eq(argument), self._count.eq(argument)]
            with m.If(~self._known):
                self._fail(m, Status.UNKNOWN_COMMAND)
            with m.Elif(one_of(self._command, missing)):
                self._fail(m, Status.NO_TRAINING)
            with m.Elif(one_of(self._command, OPERATIONS) & ~registers.configured):
                self._fail(m, Status.NOT_CONFIGURED)
            with m.Else(), m.Switch(self._command):
                with m.Case(Command.HELLO):
                    self._begin(m, Unit.IDENTITY, len(self.identity))
                with m.Case(Command.RESET):
                    m.d.comb += [
                        registers.clear.eq(~self._dry),
                        self.control.clear.eq(~self._dry),
                    ]
                    m.next = "WAIT"
                with m.Case(Command.REG_READ):
                    self._begin(m, Unit.REGISTER)
                    with m.If(argument >= len(READABLE)):
                        self._fail(m, Status.BAD_ADDRESS)
                with m.Case(Command.REG_WRITE):
                    self._begin(m, Unit.ARGUMENT, state="TAKE")
                    with m.If(argument >= len(Register)):
                        self._fail(m, Status.BAD_ADDRESS)
                with m.Case(Command.MEM_READ, Command.MEM_WRITE, Command.STATE_CRC):
                    m.next = "BANK"
                with m.Case(Command.INFER, Command.TRAIN):
                    m.next = "SAMPLE"
                    with m.If(argument == 0):
                        self._fail(m, Status.BAD_LENGTH)
                with m.Case(Command.FLUSH):
                    m.next = "RUN"
                with m.Case(Command.STAT):
                    m.d.sync += self._address.eq(0)
                    words = 2 * (len(COUNTERS) + self.config.max_layers)
                    self._begin(m, Unit.COUNTER, words, state="FETCH")

    def _memory(self, m):
        """Take bank and count, then go from item to item."""
        config, bank, blocks = self.config, self._bank, self.blocks
        inside = Mux(
            bank == Bank.DATA,
            self._address < config.data_rows,
            self._address < config.weight_blocks,
        )
        with m.State("BANK"):
            m.d.comb += self._advance.eq(1)
            m.d.sync += bank.eq(self.frame.data)
            with m.If(self._at_end):
                self._fail(m, Status.BAD_LENGTH)
            with m.Elif(self.frame.data > max(Bank)):
                self._fail(m, Status.BAD_ADDRESS)
            with m.Elif(self._command == Command.MEM_WRITE):
                m.next = "ITEM"
            with m.Else():
                self._begin(m, Unit.ARGUMENT, state="TAKE")
                m.d.sync += self._bytes.eq(self._command == Command.STATE_CRC)
        with m.State("COUNT"):
            # MEM_READ has taken one byte, STATE_CRC two.
            count = Mux(self._command == Command.MEM_READ, self._argument[8:], self._argument)
            m.d.sync += self._count.eq(count)
            m.next = "ITEM"
            with m.If((count == 0) | ~self._at_end):
                self._fail(m, Status.BAD_LENGTH)
        with m.State("ITEM"):
            taking = self._command == Command.MEM_WRITE
            with m.If(~inside):
                self._fail(m, Status.BAD_ADDRESS)
            with m.Elif(bank == Bank.DATA):
                self._begin(m, Unit.ROW)
                m.d.comb += self._shifter.load.eq(1)
            with m.Else():
                self._begin(m, Unit.BLOCK, config.elements, state="FETCH")
                m.d.comb += blocks.load.eq(~taking)
            with m.If(taking & inside):
                m.next = "TAKE"
            with m.Else():
                m.d.sync += [
                    self._address.eq(self._address + 1),
                    self._count.eq(self._count - 1),
                ]
        with m.State("FETCH"):
            m.next = "LOAD"
        with m.State("STORE"):
            m.next = "ITEM"
            with m.If(bank == Bank.WEIGHTS):
                m.next = "STORE BLOCK"
            with m.Elif(self._at_end):
                m.next = "END"
        with m.State("STORE BLOCK"):
            m.d.comb += blocks.store.eq(~self._dry)
            m.d.sync += self._address.eq(self._address + 1)
            m.next = "ITEM"
            with m.If(self._at_end):
                m.next = "END"

    def _samples(self, m):
        """Go from sample to sample: take it, run the core, send what comes of it."""
        registers, control = self._registers, self.control
        infer = self._command == Command.INFER
        with m.State("SAMPLE"):
            m.d.comb += self._shifter.clear.eq(1)
            m.d.sync += [self._address.eq(control.slot), self._label.eq(self.frame.data)]
            self._begin(m, Unit.SAMPLE, registers.sample_words, state="TAKE")
            with m.If(~infer):
                m.d.comb += self._advance.eq(1)
                with m.If(self._at_end):
                    self._fail(m, Status.BAD_LENGTH)
                with m.Elif(self.frame.data >= registers.registers.classes):
                    self._fail(m, Status.BAD_LABEL)
        with m.State("RUN"):
            m.d.comb += control.start.eq(~self._dry)
            self._begin(m, Unit.SCORE, registers.registers.classes, state="LOAD")
            with m.If(~infer):
                m.next = "WAIT"
        with m.State("WAIT"), m.If(~control.busy):
            self._begin(m, Unit.RESULT)
            with m.If(infer):
                m.next = "NEXT"
            with m.If(self._command == Command.RESET):
                m.next = "END"
        with m.State("NEXT"):
            m.d.sync += self._count.eq(self._count - 1)
            m.next = "SAMPLE"
            with m.If(self._count == 1):
                m.next = "END"

    def _take(self, m):
        """Take bytes of the payload, word by word."""
        with m.State("TAKE"):
            m.d.comb += self._shifter.as_word.eq(self._unit == Unit.SAMPLE)
            with m.If(self._at_end):
                self._fail(m, Status.BAD_LENGTH)
            with m.Else():
                m.d.comb += [self._advance.eq(1), self._shifter.push.eq(1)]
                m.d.sync += self._bytes.eq(self._bytes - 1)
                with m.If(self._bytes == 0):
                    m.d.sync += [
                        self._complete.eq(1),
                        self._bytes.eq(self._reload),
                        self._words.eq(self._words - 1),
                    ]
                    with m.If(self._words == 1), m.Switch(self._command):
                        with m.Case(Command.MEM_WRITE):
                            m.next = "STORE"
                        with m.Case(Command.INFER, Command.TRAIN):
                            m.next = "RUN"
                        with m.Case(Command.REG_WRITE):
                            m.next = "END"
                        with m.Default():
                            m.next = "COUNT"

    def _commit(self, m):
        """Do with a word that was taken what its unit asks for."""
        wanted = self._complete & ~self._dry
        writing = (self._unit == Unit.ARGUMENT) & (self._command == Command.REG_WRITE)
        with m.If(self._complete & one_of(self._unit, (Unit.ROW, Unit.SAMPLE))):
            m.d.comb += self.data.write.eq(wanted)
            m.d.sync += self._address.eq(self._address + 1)
        with m.If(wanted & (self._unit == Unit.BLOCK)):
            m.d.comb += self.blocks.shift.eq(1)
        with m.If(wanted & writing):
            m.d.comb += [
                self._registers.write.eq(1),
                self.control.noise_write.eq(self._address == Register.NOISE),
            ]

    def _send(self, m):
        """Append words to the reply, or to the run of the CRC unit."""
        frame, shifter, unit = self.frame, self._shifter, self._unit
        summing = (self._command == Command.STATE_CRC) & (unit != Unit.CRC)
        with m.State("LOAD"):
            # A word for SEND: of a block, a counter, or the next score as soon as there is one.
            score = unit == Unit.SCORE
            m.d.comb += [
                self.control.score_ready.eq(score),
                self.blocks.shift.eq(unit == Unit.BLOCK),
                shifter.load.eq(1),
            ]
            with m.If(unit == Unit.COUNTER):
                m.d.sync += self._address.eq(self._address + 1)
            with m.If(~score | self.control.score_valid | self._dry):
                m.next = "SEND"
        with m.State("SEND"):
            m.d.comb += [
                frame.write.eq(~summing),
                frame.write_data.eq(self._byte()),
                frame.crc_valid.eq(summing),
                frame.crc_shift.eq(unit == Unit.CRC),
                shifter.push.eq(1),
            ]
            m.d.sync += self._bytes.eq(self._bytes - 1)
            with m.If(self._bytes == 0):
                m.d.sync += [self._bytes.eq(self._reload), self._words.eq(self._words - 1)]
                with m.If(self._words == 1):
                    self._sent(m)
                with m.Elif(one_of(unit, (Unit.SCORE, Unit.COUNTER))):
                    m.next = "LOAD"
                with m.Elif(unit == Unit.BLOCK):
                    m.d.comb += [shifter.load.eq(1), self.blocks.shift.eq(1)]
            with m.If(frame.write & frame.full):
                self._fail(m, Status.BAD_LENGTH)

    def _sent(self, m):
        """Go on after the last word."""
        with m.Switch(self._command):
            with m.Case(Command.INFER):
                m.next = "WAIT"
            with m.Case(Command.TRAIN):
                m.next = "NEXT"
            with m.Case(Command.MEM_READ, Command.STATE_CRC):
                with m.If(self._unit == Unit.CRC):
                    m.next = "END"
                with m.Elif(self._count != 0):
                    m.next = "ITEM"
                with m.Elif(self._command == Command.STATE_CRC):
                    self._begin(m, Unit.CRC)
                with m.Else():
                    m.next = "END"
            with m.Default():
                m.next = "END"

    def _byte(self):
        """Return the byte to send, by unit."""
        control, last = self.control, self._bytes
        result = Cat(control.hit, control.active, control.updated)
        result = Mux(self._command == Command.FLUSH, control.flushed, result)
        register = self._registers.read_value
        chosen = dict.fromkeys(Unit, self._shifter.row[:8])
        chosen[Unit.RESULT] = result
        chosen[Unit.REGISTER] = Mux(last[0], register[:8], register[8:])
        word = Array([Const(0, 32), *reversed(self.identity)])[self._words[:4]]
        chosen[Unit.IDENTITY] = word.word_select(~last[:2], 8)
        chosen[Unit.CRC] = self.frame.crc_byte
        return Array(chosen[unit] for unit in Unit)[self._unit]

    def _finish(self, m):
        """Begin again for good, or give the frame back."""
        with m.State("END"):
            with m.If(~self._at_end):
                self._fail(m, Status.BAD_LENGTH)
            with m.Elif(self._dry & one_of(self._command, CHANGING)):
                m.d.sync += self._dry.eq(0)
                m.next = "RESTART"
            with m.Else():
                m.next = "DONE"
        with m.State("DONE"):
            m.d.comb += self.frame.done.eq(1)
            m.next = "IDLE"
