"""What the states of the command unit share: its ports, its parts and its own signals."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Signal
from amaranth.lib import enum

from boldhw.gateware.command.dialect import banks
from boldhw.gateware.command.registers import RegisterFile
from boldhw.gateware.command.shifter import Shifter
from boldhw.gateware.command.words import WordCounter
from boldhw.gateware.link.link import FramePort
from boldhw.gateware.ops.link_ports import OpControlPort, WordPort
from boldhw.gateware.ports import BlockPort, ControlPort, DataPort
from boldhw.gateware.store.store import StorePort
from boldhw.spec.engine import EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import STATUS_BITS, OpBank
from boldhw.spec.protocol import Bank, Command, Status

COUNTED = (Command.HELLO, Command.STAT)  # replies from the memory of the counters
SAMPLING = (Command.INFER, Command.TRAIN)  # payload of samples


class Source(enum.Enum, shape=2):
    """Where the current byte of the reply, or of a CRC, comes from."""

    FRAME = 0
    SHIFTER = 1
    CRC = 2
    OTHER = 3


def one_of(value, options):
    """Return a condition: ``value`` is one of ``options``."""
    return Cat(value == option for option in options).any()


@dataclass(eq=False)
class Context:
    """Ports, parts and signals of one command unit. Functions that add states take it as ``c``.

    Fields are the ports and the parts; the signals are made with them. A signal of one bit has no
    width beside it. One that is combinational ("comb") is 0 in every state that does not drive it.
    """

    config: EngineConfig | LinkedArray
    frame: FramePort  # the frame to execute and the reply to it
    data: DataPort
    blocks: BlockPort | WordPort
    control: ControlPort | OpControlPort
    store: StorePort | None  # None in an engine without a store
    registers: RegisterFile
    shifter: Shifter  # bytes of the link to words of the memories and back
    words: WordCounter  # of the current word and item

    def __post_init__(self):
        ops = self.config.runs_ops
        # Register or comb: meaning; what drives it.
        self.dry = Signal()  # register: this run changes nothing; IDLE and END
        statuses = STATUS_BITS if ops else Status
        self.status = Signal(statuses)  # register: of the reply; IDLE and ``fail``
        self.command = Signal(4)  # register: of the frame; HEADER
        self.known = Signal()  # register: there is such a command; HEADER
        self.bank = Signal(range(max(banks(self.config)) + 1))  # register: memory to access; BANK
        self.address = Signal(FIELD_BITS)  # register: of the item; ``addend``, ``next``, ``clear``
        self.addend = Signal(16)  # comb: added to the address; HEADER and SAMPLE
        self.next = Signal()  # comb: one more is added; states that end an item, ``commit``
        self.clear = Signal()  # comb: the address becomes 0; DISPATCH and NEXT
        self.count = Signal(FIELD_BITS)  # register: items left; HEADER, COUNT, ITEM and SAMPLE
        self.low = self.count[:8]  # and in the place of ``high`` the label of a sample
        self.high = self.count[8:]
        self.none = Signal()  # comb: nothing is left of the count; unit
        self.taking = Signal()  # comb: bytes of the payload are taken; TAKE
        self.summing = Signal()  # comb: a row is made of the CRC; SUM UP
        self.closing = Signal()  # comb: the CRC of the reply is appended; SUM
        self.complete = Signal()  # register: the shifter holds a word that was taken; TAKE
        self.argument = Signal(FIELD_BITS)  # comb: the two bytes taken last; unit
        self.source = Signal(Source)  # comb, FRAME: of the current byte; states that send
        self.other = Signal(8)  # comb: the byte of Source.OTHER; HEADER and SEND

    def is_(self, *commands):
        """Return a condition: the command is one of those given."""
        return one_of(self.command, commands)

    def sampling(self):
        """Return a condition: the payload is samples."""
        return self.is_(*SAMPLING)

    def in_blocks(self):
        """Return a condition: items of the bank are rows of words, given one by one."""
        if self.config.runs_ops:
            return (self.bank != OpBank.DATA) & ~self.in_store()
        return self.bank == Bank.WEIGHTS

    def outside_blocks(self):
        """Return the contrary."""
        if self.config.runs_ops:
            return (self.bank == OpBank.DATA) | self.in_store()
        return self.bank != Bank.WEIGHTS

    def in_rows_of_words(self):
        """Return a condition: the words are thresholds and windows, counters, or scores."""
        return one_of(self.bank, (OpBank.UNITS, OpBank.COUNTERS, OpBank.SCORES))

    def in_store(self):
        """Return a condition: the bank is the store."""
        return self.bank == Bank.STORE if self.config.has_store else Const(0)
