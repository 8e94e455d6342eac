"""Bits on a serial line, as a bench drives and samples them."""

from cocotb.triggers import Timer
from support.streams import PERIOD


def levels(content):
    """Return the levels of the line, one a bit, that send some bytes."""
    return [bit for byte in content for bit in (0, *(byte >> i & 1 for i in range(8)), 1)]


async def drive(pin, line, divider, skew=0.0):
    """Drive a pin, each bit longer than it should be by the share ``skew``."""
    duration = round(divider * PERIOD * 1000 * (1 + skew))
    for level in line:
        pin.value = level
        await Timer(duration, unit="ps")
