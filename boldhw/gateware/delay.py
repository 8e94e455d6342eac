"""Carry control flags beside a pipeline."""

from amaranth.hdl import Signal


def delay(m, value, cycles):
    """Return ``value`` as it was ``cycles`` clock cycles ago."""
    for _ in range(cycles):
        later = Signal.like(value)
        m.d.sync += later.eq(value)
        value = later
    return value
