"""Registers: flags beside a pipeline, and copies of what many units take."""

from amaranth.hdl import Signal, Value


def delay(m, value, cycles):
    """Return ``value`` as it was ``cycles`` clock cycles ago."""
    for _ in range(cycles):
        later = Signal.like(value)
        m.d.sync += later.eq(value)
        value = later
    return value


def data_delay(m, value, cycles):
    """Return what :func:`delay` does, from registers that no reset reaches.

    For data beside a flag that says whether they count: a net to all their registers is spared.
    """
    for _ in range(cycles):
        later = data_register(Value.cast(value).shape())
        m.d.sync += later.eq(value)
        value = later
    return value


def data_register(shape, name=None):
    """Return a register of data that are there once they are written; no reset reaches it."""
    return Signal(shape, name=name, reset_less=True)


def settled(m, value):
    """Return a register of what follows from a descriptor: constant from the start of its op on.

    A descriptor is there a cycle before: all ways that begin at it end here.
    """
    return delay(m, value, 1)


def copies(m, value, count):
    """Return ``count`` registers of ``value``, which synthesis keeps apart if there are several.

    What reaches a whole device then has a register of its own in each part of it.
    """
    registers = [register_copy(value.shape(), count) for _ in range(count)]
    for register in registers:
        m.d.sync += register.eq(value)
    return registers


def register_copy(shape, count):
    """Return a register for one of ``count`` copies, which synthesis does not merge."""
    return Signal(shape, attrs={"keep": 1} if count > 1 else {})
