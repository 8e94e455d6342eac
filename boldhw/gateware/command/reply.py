"""States that append words to the reply or run the CRC over them, and those that end the reply."""

from amaranth.hdl import Cat, Mux

from boldhw.gateware.command.checks import refuse
from boldhw.gateware.command.context import COUNTED, Source
from boldhw.gateware.command.samples import ended
from boldhw.spec.counters import counter_words, identity_words
from boldhw.spec.protocol import Command, Status


def add_words(m, c):
    """Add the states that send words, or sum them up: LOAD, SEND and SUM UP."""
    frame, shifter = c.frame, c.shifter
    summing = c.is_(Command.STATE_CRC) & c.dry
    infer, words = c.is_(Command.INFER), (Command.MEM_READ, Command.STATE_CRC)
    block = c.is_(*words) & c.in_blocks()
    with m.State("LOAD"):
        # A word for SEND: of a block, a counter, or the next score as soon as there is one.
        m.d.comb += [c.blocks.shift.eq(block), shifter.load.eq(1)]
        m.d.comb += c.control.score_ready.eq(infer)
        with m.If(~infer | c.control.score_valid | c.dry):
            m.next = "SEND"
        if c.config.runs_ops:
            refuse(m, c, (infer & ~c.control.busy & ended(c), c.control.failed))
    with m.State("SEND"):
        m.d.comb += [
            c.source.eq(Source.SHIFTER),
            frame.write.eq(~summing),
            frame.crc_valid.eq(summing),
            shifter.push.eq(frame.second),
        ]
        _choose_other(m, c)
        with m.If(_word_finished(m, c)):
            _go_on(m, c)
        refuse(m, c, (frame.write & frame.full, Status.BAD_LENGTH))
    with m.State("SUM UP"):
        # The CRC's first bytes reach the low end of the shifter.
        m.d.comb += [c.summing.eq(1), shifter.push.eq(~frame.second)]
        _shift_crc(m, c, following="END")


def add_end(m, c):
    """Add the states that begin again for good, or end the reply: END, SUM and DONE."""
    frame = c.frame
    with m.State("END"):
        m.d.sync += c.dry.eq(0)
        m.next = "SUM"
        with m.If(c.dry):
            m.next = "RESTART"
            refuse(m, c, (~frame.at_end, Status.BAD_LENGTH))
    with m.State("SUM"):
        m.d.comb += [c.closing.eq(1), frame.write.eq(1)]
        _shift_crc(m, c, following="DONE")
    with m.State("DONE"):
        m.d.comb += frame.done.eq(1)
        m.next = "IDLE"


def _word_finished(m, c):
    """Count a byte in its second cycle; return a condition: that was the last one of its word."""
    m.d.comb += c.words.step.eq(c.frame.second)
    return c.frame.second & c.words.bytes_end


def _shift_crc(m, c, following):
    """Make the bytes of the CRC the current ones; go on to state ``following`` after the last."""
    m.d.comb += [c.source.eq(Source.CRC), c.frame.crc_shift.eq(1)]
    with m.If(_word_finished(m, c)):
        m.next = following


def _choose_other(m, c):
    """Choose what SEND sends, unless it comes from the shifter."""
    control = c.control
    result = Cat(control.hit, control.active, control.updated)
    with m.If(c.is_(Command.REG_READ)):
        m.d.comb += [c.source.eq(Source.OTHER), c.other.eq(c.registers.read_byte)]
    with m.Elif(c.is_(Command.TRAIN)):
        m.d.comb += [c.source.eq(Source.OTHER), c.other.eq(result)]
    with m.Elif(c.is_(Command.FLUSH)):
        m.d.comb += [c.source.eq(Source.OTHER), c.other.eq(control.flushed)]


def _go_on(m, c):
    """Go on after a word."""
    counted = Mux(c.is_(Command.HELLO), identity_words(c.config), counter_words(c.config))
    with m.Switch(c.command):
        with m.Case(Command.INFER):
            m.next = "LOAD"
            with m.If(c.words.words_end):
                m.next = "WAIT"
        with m.Case(Command.TRAIN):
            m.next = "NEXT"
        with m.Case(Command.MEM_READ, Command.STATE_CRC):
            with m.If(c.is_(Command.STATE_CRC) & ~c.dry):
                m.next = "END"
            with m.Elif(c.in_blocks() & ~c.words.words_end):
                m.d.comb += [c.shifter.load.eq(1), c.blocks.shift.eq(1)]
            with m.Elif(~c.none):
                m.next = "ITEM"
            with m.Elif(c.is_(Command.STATE_CRC)):
                m.next = "SUM UP"
            with m.Else():
                m.next = "END"
        with m.Case(*COUNTED):
            m.d.comb += c.next.eq(1)
            m.next = "FETCH"
            with m.If(c.address == counted - 1):
                m.next = "END"
        with m.Default():
            m.next = "END"
