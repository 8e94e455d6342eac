"""What a command needs before its payload is looked at, and the state that it goes on in."""

from dataclasses import dataclass

from boldhw.gateware.command.context import COUNTED, SAMPLING, one_of
from boldhw.gateware.command.dialect import readable, writable
from boldhw.spec.protocol import Command, Status

# What a command can need, each named by the answer where it is missing.
TRAINING, STORE, NETWORK = Status.NO_TRAINING, Status.NO_STORE, Status.NOT_CONFIGURED
NEEDS = {
    Command.INFER: (NETWORK,),
    Command.TRAIN: (TRAINING, NETWORK),
    Command.FLUSH: (TRAINING, NETWORK),
    Command.TRAIN_STORE: (STORE, NETWORK),
}


@dataclass(frozen=True)
class Step:
    """How some commands leave DISPATCH.

    commands    the commands
    then        state that follows
    for_good    state that follows in the run for good, where it is another one
    statements  assignments in DISPATCH
    checks      (condition, Status) in the order in which they are looked at; see ``refuse``
    """

    commands: tuple
    then: str
    for_good: str | None = None
    statements: tuple = ()
    checks: tuple = ()


def steps(c):
    """Return the Steps of all commands that the engine has."""
    reset = (c.registers.clear.eq(~c.dry), c.control.clear.eq(~c.dry))
    from_zero = (c.clear.eq(1),)
    to_read = (~one_of(c.address, readable(c.config)), Status.BAD_ADDRESS)
    to_write = (~one_of(c.address, writable(c.config)), Status.BAD_ADDRESS)
    samples = (c.none | c.high.any(), Status.BAD_LENGTH)
    table = [
        Step((Command.RESET,), "WAIT", statements=reset),
        Step((Command.REG_READ,), "SEND", checks=(to_read,)),
        Step((Command.REG_WRITE,), "TAKE", checks=(to_write,)),
        Step((Command.MEM_READ, Command.MEM_WRITE), "BANK"),
        Step((Command.STATE_CRC,), "BANK", for_good="SEND"),
        Step(SAMPLING, "SAMPLE", statements=from_zero, checks=(samples,)),
        Step((Command.FLUSH,), "RUN"),
    ]
    if c.config.has_store:
        stored = (c.none, Status.BAD_LENGTH), (~c.store.configured, Status.NOT_CONFIGURED)
        table.append(Step((Command.TRAIN_STORE,), "FEED", checks=stored))
    return [*table, Step(COUNTED, "FETCH", statements=from_zero)]


def refuse(m, c, *checks):
    """Begin the reply again with the Status of the first of ``checks`` whose condition holds.

    Each is (condition, Status); ``m.Else()`` may follow.
    """
    branch = m.If
    for condition, status in checks:
        with branch(condition):
            m.d.sync += c.status.eq(status)
            m.next = "RESTART"
        branch = m.Elif


def add_dispatch(m, c):
    """Add the state DISPATCH: check what can be checked without the payload."""
    with m.State("DISPATCH"):
        m.d.comb += c.words.begin.eq(1)
        refuse(m, c, *_missing(c))
        with m.Else(), m.Switch(c.command):
            for step in steps(c):
                with m.Case(*step.commands):
                    m.d.comb += step.statements
                    m.next = step.then
                    if step.for_good:
                        with m.If(~c.dry):
                            m.next = step.for_good
                    refuse(m, c, *step.checks)


def _missing(c):
    """Return the checks that look at the command alone."""
    return (
        (~c.known, Status.UNKNOWN_COMMAND),
        (c.is_(*(() if c.config.training else _needing(TRAINING))), TRAINING),
        (c.is_(*(() if c.config.has_store else _needing(STORE))), STORE),
        (c.is_(*_needing(NETWORK)) & ~c.registers.configured, NETWORK),
    )


def _needing(what):
    """Return the commands that need it."""
    return tuple(command for command, needs in NEEDS.items() if what in needs)
