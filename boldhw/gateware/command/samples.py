"""States that run the core on samples, of the payload or of the store."""

from boldhw.gateware.command.checks import refuse
from boldhw.spec.protocol import Command, Status


def add_samples(m, c):
    """Add the states that go from sample to sample: SAMPLE, RUN, WAIT and NEXT."""
    control, frame = c.control, c.frame
    infer = c.is_(Command.INFER)
    with m.State("SAMPLE"):
        m.d.comb += [c.shifter.clear.eq(1), c.words.begin.eq(1), c.addend.eq(control.slot)]
        m.d.sync += [c.count.eq(c.count - 1), c.high.eq(frame.data)]
        m.next = "TAKE"
        if c.config.runs_ops:
            with m.If(c.registers.sample_words == 0):
                m.next = "RUN"
        with m.If(~infer):
            m.d.comb += frame.advance.eq(1)
            bad_label = frame.data >= c.registers.registers.classes
            refuse(m, c, (frame.at_end, Status.BAD_LENGTH), (bad_label, Status.BAD_LABEL))
    with m.State("RUN"):
        m.d.comb += [control.start.eq(~c.dry), c.words.begin.eq(1)]
        m.next = "WAIT"
        with m.If(infer):
            m.next = "LOAD"
    with m.State("WAIT"), m.If(~control.busy):
        m.next = "SEND"
        with m.If(infer):
            m.next = "NEXT"
        with m.If(c.is_(Command.RESET)):
            m.next = "END"
        if c.config.runs_ops:
            refuse(m, c, (ended(c), c.control.failed))
    with m.State("NEXT"):
        m.d.comb += c.clear.eq(1)
        m.next = "SAMPLE"
        with m.If(c.none):
            m.next = "END"


def ended(c):
    """Return a condition: a list of the operation was ended, so its outcome means nothing."""
    return c.control.failed.any() & ~c.dry & ~c.is_(Command.RESET)


def add_store(m, c):
    """Add the states that have the store train: FEED and FED."""
    with m.State("FEED"):
        m.d.comb += c.store.start.eq(~c.dry)
        m.next = "FED"
    with m.State("FED"), m.If(~c.store.running):
        m.next = "END"
        if c.config.runs_ops:
            refuse(m, c, (ended(c), c.control.failed))
