"""The command unit: parses frames, checks and executes them, writes the replies.

One state machine. Every command goes through it twice: first dry, with every strobe held back, and
then for good::

                               an error, in any state
                                         |
                +------- RESTART <-------+-------- dry --------+
                v                                              |
    IDLE --> HEADER --> DISPATCH --> states of the command --> END --> SUM --> DONE --> IDLE
                |                                                       ^
                +------------------- after an error --------------------+

States of the command, those in brackets once for each item::

    RESET            WAIT
    REG_READ         SEND
    REG_WRITE        TAKE
    HELLO, STAT      [FETCH LOAD SEND]                           item: a word
    MEM_READ         BANK COUNT COUNTED [ITEM SEND]              a row of data
                     BANK COUNT COUNTED [ITEM FETCH LOAD SEND]   a block, a word of the store
    MEM_WRITE        BANK [ITEM TAKE STORE]                      a row of data, a word of the store
                     BANK [ITEM TAKE STORE "STORE BLOCK"]        a block
    STATE_CRC, dry   BANK COUNT "COUNT HIGH" COUNTED [as MEM_READ] "SUM UP"
      and for good   SEND
    INFER            [SAMPLE TAKE RUN [LOAD SEND] WAIT NEXT]     a sample, in it a class
    TRAIN            [SAMPLE TAKE RUN WAIT SEND NEXT]            a sample
    FLUSH            RUN WAIT SEND
    TRAIN_STORE      FEED FED

What each state is for::

    IDLE         wait for a frame
    RESTART      begin frame and reply again, to execute it or because of an error
    HEADER       take type, number and address; write those of the reply, with the status
    DISPATCH     check what can be checked without the payload, and choose the next state
    BANK         take the number of the memory
    COUNT        take the number of items, its lower byte
    COUNT HIGH   take its higher byte
    COUNTED      check that there is something to read, and no more payload
    ITEM         check the address; load a row, or have a block or a word of the store read
    FETCH        wait for a block, a word of the store or a counter
    FETCHED      wait for a row of words once more, of an engine of op lists with two ports
    STORE        go on after a row; write a word of the store, as long as that takes
    STORE BLOCK  write a block
    SAMPLE       begin a sample at its slot; take its label
    RUN          start the core
    WAIT         wait for the core
    NEXT         go to the next sample
    FEED         have the store train
    FED          wait for the store
    TAKE         take bytes of the payload, one a cycle, up to the end of a word or of its item
    LOAD         load a word of a block, a counter or a score
    SEND         append the bytes of a word to the reply, or run the CRC over them, two cycles each
    SUM UP       take the CRC into the shifter
    END          check that all payload was taken; end the run
    SUM          append the CRC of the reply
    DONE         give the frame back
"""

from amaranth.hdl import Array, Cat, Const, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.command import checks, memory, reply, samples
from boldhw.gateware.command.context import COUNTED, SAMPLING, Context, Source, one_of
from boldhw.gateware.command.dialect import ports_of
from boldhw.gateware.command.registers import RegisterFile
from boldhw.gateware.command.shifter import Shifter
from boldhw.gateware.command.words import WordCounter
from boldhw.gateware.link.link import FramePort
from boldhw.gateware.ports import Operation
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.link import COUNTER_BYTES
from boldhw.spec.protocol import CRC_BYTES, Bank, Command, Status

OPERATIONS = {
    Command.INFER: Operation.INFER,
    Command.TRAIN: Operation.TRAIN,
    Command.FLUSH: Operation.FLUSH,
}


class CommandUnit(wiring.Component):
    """Execute one frame at a time on the ports of the core.

    Every command runs twice: first dry, with every strobe held back, and only if that meets no
    error for good. An error therefore changes nothing.

    Golden model: :class:`boldhw.spec.protocol.Command`, which describes each command.

    Parameters
    ----------
    config : EngineConfig or LinkedArray
        Gives sizes, and which commands and memories the engine has.

    Members
    -------
    frame : In(FramePort())
        The frame to execute, and the reply to it; the unit drives it combinationally.
    data : Out(DataPort(config))
        Data memory; combinational from registers and the current byte.
    blocks : Out(BlockPort(config))
        Weight memory; likewise. A WordPort, for all other memories, to an engine of op lists.
    control : Out(ControlPort(config))
        The core; likewise. An OpControlPort to an engine of op lists.
    store : Out(StorePort(config))
        The store; likewise; only in an engine with one.

    Latency
    -------
    Payload is taken at one byte a cycle; a reply takes two cycles a byte, in either run. STATE_CRC
    takes ``2 data_bytes + 1`` cycles a row and ``2 block_bytes + 3`` a block, when it runs dry; of
    an engine of op lists with two ports a block one more.
    """

    def __init__(self, config):
        self.config = config
        ports = {name: Out(port) for name, port in ports_of(config).items()}
        super().__init__({"frame": In(FramePort())} | ports)

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = RegisterFile(self.config)
        m.submodules.shifter = shifter = Shifter(self.config)
        m.submodules.words = words = WordCounter(self.config)
        store = self.store if self.config.has_store else None
        c = Context(
            self.config, self.frame, self.data, self.blocks, self.control, store,
            registers, shifter, words,
        )  # fmt: skip
        _connect(m, c)
        _load(m, c)
        _move_address(m, c)
        _measure(m, c)
        if store is not None:
            _connect_store(m, c)
        if self.config.runs_ops:
            _connect_words(m, c)
        with m.FSM():
            _add_start(m, c)
            checks.add_dispatch(m, c)
            memory.add_header(m, c)
            memory.add_items(m, c)
            samples.add_samples(m, c)
            if store is not None:
                samples.add_store(m, c)
            _add_take(m, c)
            reply.add_words(m, c)
            reply.add_end(m, c)
        memory.commit(m, c)
        return m


def _connect(m, c):
    """Connect ports and parts, as far as it is the same in all states."""
    frame, control, registers, shifter = c.frame, c.control, c.registers, c.shifter
    byte = Array((frame.data, shifter.row[:8], frame.crc, c.other))[c.source]
    m.d.comb += [
        frame.byte.eq(byte),
        shifter.byte_in.eq(byte),
        c.none.eq((c.low == 0) & ((c.high == 0) | c.sampling())),
        c.argument.eq(shifter.row[c.config.data_width - FIELD_BITS :]),
        c.data.addr.eq(c.address),
        c.data.write_data.eq(shifter.row),
        c.blocks.addr.eq(c.address),
        c.blocks.word_in.eq(_word_in(c)),
        control.label.eq(c.high),
        control.registers.eq(registers.registers),
        control.counter_addr.eq(
            Cat(c.address[: len(control.counter_addr) - 1], c.is_(Command.HELLO))
        ),
        *([] if c.config.runs_ops else [control.noise_data.eq(c.argument)]),
        registers.index.eq(c.address),
        registers.value.eq(c.argument),
        registers.high.eq(c.words.bytes[0] | frame.second),  # read one cycle early
    ]
    m.d.sync += c.complete.eq(0)
    with m.Switch(c.command):
        for command, operation in OPERATIONS.items():
            with m.Case(command):
                m.d.comb += control.operation.eq(operation)


def _load(m, c):
    """Choose what the shifter loads: a row, or what is sent in its place."""
    row_in = c.shifter.row_in
    m.d.comb += row_in.eq(c.data.read_data)
    # Only the bytes that are sent matter; the rest of the row is spared a multiplexer.
    with m.If(c.is_(Command.INFER)):
        m.d.comb += row_in[:FIELD_BITS].eq(c.control.score)
    with m.Elif(c.is_(*COUNTED)):
        m.d.comb += row_in[:FIELD_BITS].eq(c.control.counter)
    with m.Elif(c.in_blocks()):
        width = 8 * max(_lane_bytes(c.config), COUNTER_BYTES if c.config.runs_ops else 0)
        m.d.comb += row_in[:width].eq(_word(m, c))
    if c.config.has_store:
        with m.Elif(c.in_store()):
            m.d.comb += row_in[: c.config.store_width].eq(c.store.word)


def _move_address(m, c):
    """Add to the address, or to zero."""
    # Adding to what was cleared is loading, and takes one cell a bit with its carry.
    total = Cat(Const(1, 1), c.address) + Cat(c.next, c.addend)
    m.d.sync += c.address.eq(total[1:])
    with m.If(c.clear | c.frame.restart):
        m.d.sync += c.address.eq(0)


def _measure(m, c):
    """Tell the counter how many bytes the word has, and how many words the item."""
    config, size, limit = c.config, c.words.size, c.words.limit
    items = c.is_(Command.MEM_READ, Command.MEM_WRITE, Command.STATE_CRC)
    with m.If(c.summing):
        m.d.comb += size.eq(config.data_bytes - 1)
    with m.Elif(c.closing | (c.is_(Command.STATE_CRC) & ~c.dry)):
        m.d.comb += size.eq(CRC_BYTES - 1)
    with m.Elif(items):
        m.d.comb += size.eq(
            Mux(c.bank == Bank.DATA, config.data_bytes - 1, _lane_bytes(config) - 1)
        )
        if config.has_store:
            with m.If(c.in_store()):
                m.d.comb += size.eq(config.store_width // 8 - 1)
        if config.runs_ops:
            with m.If(c.in_rows_of_words()):
                m.d.comb += size.eq(COUNTER_BYTES - 1)
    with m.Elif(c.taking & c.sampling()):
        m.d.comb += size.eq(config.word_bytes - 1)
    with m.Elif(~c.is_(Command.TRAIN, Command.FLUSH)):
        m.d.comb += size.eq(1)
    m.d.comb += limit.eq(Mux(c.taking, c.registers.sample_words, c.registers.registers.classes))
    with m.If(items):
        m.d.comb += limit.eq(config.elements)


def _lane_bytes(config):
    """Return the bytes of one word of a weight block."""
    return config.block_bytes // config.elements


def _word(m, c):
    """Return the word of a block; bits that it has not are 0."""
    if not c.config.runs_ops:
        return c.blocks.word
    return Mux(c.in_rows_of_words(), c.blocks.word, c.blocks.word[: c.config.elements])


def _connect_words(m, c):
    """Connect what only a port of words has."""
    items = c.is_(Command.MEM_READ, Command.MEM_WRITE, Command.STATE_CRC)
    m.d.comb += [
        c.blocks.used.eq(items & c.in_blocks()),
        c.blocks.bank.eq(c.bank),
    ]


def _word_in(c):
    """Return the word of a block whose last byte was taken last."""
    row, last = c.shifter.row, c.config.data_width
    word = row[last - 8 * _lane_bytes(c.config) :]
    if not c.config.runs_ops:
        return word
    return Mux(c.in_rows_of_words(), row[last - 8 * COUNTER_BYTES :], word)


def _connect_store(m, c):
    """Connect the inputs of the store that are the same in all states."""
    m.d.comb += [
        c.store.count.eq(c.count),
        c.store.sample_words.eq(c.registers.sample_words),
        c.store.clear.eq(c.registers.clear),
        c.store.register.eq(c.address),
        c.store.value.eq(c.argument),
        c.store.addr.eq(c.address),
    ]


def _add_start(m, c):
    """Add the states that wait for a frame and write the reply's header."""
    frame = c.frame
    with m.State("IDLE"):
        m.d.comb += frame.restart.eq(frame.start)
        m.d.sync += [c.dry.eq(1), c.status.eq(Status.OK)]
        with m.If(frame.start):
            m.next = "HEADER"
    with m.State("RESTART"):
        m.d.comb += [frame.restart.eq(1), frame.crc_clear.eq(1), c.words.begin.eq(1)]
        m.next = "HEADER"
    with m.State("HEADER"):
        m.d.comb += [frame.write.eq(1), frame.advance.eq(frame.second)]
        with m.Switch(frame.written[:2]):
            with m.Case(0):
                m.d.comb += frame.byte[7].eq(1)
                m.d.sync += [c.command.eq(frame.data), c.known.eq(one_of(frame.data, Command))]
            with m.Case(2):
                m.d.comb += [c.source.eq(Source.OTHER), c.other.eq(c.status)]
                m.d.comb += c.addend[:8].eq(Mux(frame.second, frame.data, 0))
                m.d.sync += c.low.eq(frame.data)
            with m.Case(3):
                m.d.comb += c.source.eq(Source.OTHER)
                m.d.comb += c.addend[8:].eq(Mux(frame.second, frame.data, 0))
                m.d.sync += c.high.eq(frame.data)
                with m.If(frame.second):
                    m.next = "DISPATCH"
                    with m.If(c.status != Status.OK):
                        m.next = "SUM"


def _add_take(m, c):
    """Add the state TAKE: take bytes of the payload, word by word."""
    frame = c.frame
    with m.State("TAKE"):
        m.d.comb += [c.taking.eq(1), c.shifter.as_word.eq(c.sampling())]
        checks.refuse(m, c, (frame.at_end, Status.BAD_LENGTH))
        with m.Else():
            m.d.comb += [frame.advance.eq(1), c.shifter.push.eq(1), c.words.step.eq(1)]
            with m.If(c.words.bytes_end):
                m.d.sync += c.complete.eq(1)
                with m.Switch(c.command):
                    with m.Case(*SAMPLING), m.If(c.words.words_end):
                        m.next = "RUN"
                    with m.Case(Command.MEM_WRITE):
                        with m.If(c.outside_blocks() | c.words.words_end):
                            m.next = "STORE"
                    with m.Case(Command.REG_WRITE):
                        m.next = "END"
