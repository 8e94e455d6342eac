"""States that read and write the memories, item by item, and what is done with words taken."""

from amaranth.hdl import Cat, Mux

from boldhw.gateware.command.checks import refuse
from boldhw.gateware.command.context import COUNTED, one_of
from boldhw.gateware.command.dialect import banks
from boldhw.spec.ops.protocol import op_items
from boldhw.spec.protocol import Bank, Command, Register, Status


def add_header(m, c):
    """Add the states that take bank and count: BANK, COUNT, COUNT HIGH and COUNTED."""
    frame = c.frame
    with m.State("BANK"):
        m.d.comb += frame.advance.eq(1)
        m.d.sync += c.bank.eq(frame.data)
        m.next = "COUNT"
        with m.If(c.is_(Command.MEM_WRITE)):
            m.next = "ITEM"
        checks = (frame.at_end, Status.BAD_LENGTH), (_unknown(c), Status.BAD_ADDRESS)
        refuse(m, c, *checks)
    with m.State("COUNT"):
        m.d.comb += frame.advance.eq(1)
        m.d.sync += c.count.eq(frame.data)
        m.next = "COUNTED"
        with m.If(c.is_(Command.STATE_CRC)):
            m.next = "COUNT HIGH"
        refuse(m, c, (frame.at_end, Status.BAD_LENGTH))
    with m.State("COUNT HIGH"):
        m.d.comb += frame.advance.eq(1)
        m.d.sync += c.high.eq(frame.data)
        m.next = "COUNTED"
        refuse(m, c, (frame.at_end, Status.BAD_LENGTH))
    with m.State("COUNTED"):
        m.d.comb += frame.crc_clear.eq(c.dry)
        m.next = "ITEM"
        refuse(m, c, (c.none | ~frame.at_end, Status.BAD_LENGTH))


def add_items(m, c):
    """Add the states that go from item to item: ITEM, FETCH, FETCHED, STORE and STORE BLOCK."""
    taking = c.is_(Command.MEM_WRITE)
    inside = _inside(c, taking)
    with m.State("ITEM"):
        m.d.comb += [
            c.words.begin.eq(1),
            c.shifter.load.eq(1),
            c.blocks.load.eq(_loads(c, taking) & inside),
            c.next.eq(~taking),
        ]
        m.d.sync += c.count.eq(c.count - 1)
        m.next = "SEND"
        with m.If(taking):
            m.next = "TAKE"
        with m.Elif(c.bank != Bank.DATA):
            m.next = "FETCH"
        if c.config.has_store:
            m.d.comb += c.store.read.eq(c.in_store() & ~taking)
        refuse(m, c, (~inside, Status.BAD_ADDRESS))
    # Where requests to the memories take a register their words come a cycle later.
    waits = c.config.runs_ops and c.config.dual_port
    with m.State("FETCH"):
        m.next = "FETCHED" if waits else "LOAD"
        if c.config.has_store:
            with m.If(c.in_store() & ~c.is_(*COUNTED) & ~c.store.valid):
                m.next = "FETCH"
    if waits:
        with m.State("FETCHED"):
            m.next = "LOAD"
    with m.State("STORE"):
        m.next = "ITEM"
        with m.If(c.in_blocks()):
            m.next = "STORE BLOCK"
        with m.Elif(c.frame.at_end):
            m.next = "END"
        if c.config.has_store:
            with m.If(c.in_store()):
                m.d.comb += c.store.write.eq(~c.dry)
                m.d.comb += c.next.eq(c.dry | c.store.written)
                with m.If(~c.next):
                    m.next = "STORE"
    with m.State("STORE BLOCK"):
        m.d.comb += [*_store(c), c.next.eq(1)]
        m.next = "ITEM"
        with m.If(c.frame.at_end):
            m.next = "END"


def _unknown(c):
    """Return a condition: the byte at hand is the number of no bank."""
    known = banks(c.config)
    if c.config.runs_ops:
        return ~one_of(c.frame.data, known)
    return c.frame.data > max(known)


def _loads(c, taking):
    """Return a condition: the port of blocks goes to the item. A port of words does so to write."""
    return c.in_blocks() if c.config.runs_ops else (c.bank == Bank.WEIGHTS) & ~taking


def _store(c):
    """Return what writes a block. A port of words has written each by itself."""
    return [] if c.config.runs_ops else [c.blocks.store.eq(~c.dry)]


def _inside(c, taking):
    """Return a condition: the bank has the item, and may have it written where it is taken."""
    config = c.config
    if config.runs_ops:
        counts = [(bank, count) for bank, (count, _) in op_items(config).items()]
        inside = Cat((c.bank == bank) & (c.address < count) for bank, count in counts).any()
    else:
        inside = Mux(
            c.bank == Bank.DATA, c.address < config.data_rows, c.address < config.weight_blocks
        )
    if config.has_store:
        inside = Mux(c.in_store(), ~taking | (config.store == "sdram"), inside)
    return inside


def commit(m, c):
    """Do with a word what the command needs, in the cycle after its last byte was taken."""
    wanted, writing = c.complete & ~c.dry, c.is_(Command.MEM_WRITE)
    with m.If(c.complete & (c.sampling() | (writing & (c.bank == Bank.DATA)))):
        m.d.comb += [c.data.write.eq(wanted), c.next.eq(1)]
    with m.If(wanted & writing & c.in_blocks()):
        m.d.comb += c.blocks.shift.eq(1)
        if c.config.runs_ops:
            m.d.comb += c.blocks.write.eq(1)
    with m.If(wanted & c.is_(Command.REG_WRITE)):
        m.d.comb += c.registers.write.eq(1)
        if not c.config.runs_ops:
            m.d.comb += c.control.noise_write.eq(c.address == Register.NOISE)
        if c.config.has_store:
            m.d.comb += c.store.register_write.eq(1)
