"""What accumulators and weights do in a step, as proofs about units have it: exact and slow."""

from amaranth.hdl import Assume, Cat, Mux, Signal, signed

SHARE = 16  # bits behind the point of a decay
WIDE = 64  # bits of exact values


def exact(m, value, name):
    """Return a value in so many bits that it is exact."""
    found = Signal(signed(WIDE), name=name)
    m.d.comb += found.eq(value)
    return found


def decayed(accumulator, decay):
    """Return an accumulator less what decays of it, rounded down."""
    return accumulator - (accumulator * decay >> SHARE)


def clamped(m, value, bits, name):
    """Return an exact value, cut off at the limits of accumulators of so many bits."""
    found, limit = Signal(signed(WIDE), name=name), 1 << bits - 1
    m.d.comb += found.eq(value)
    with m.If(value >= limit):
        m.d.comb += found.eq(limit - 1)
    with m.If(value < -limit):
        m.d.comb += found.eq(-limit)
    return found


def contradicts(accumulator, weight, theta):
    """Say whether ``accumulator * e(weight) <= -theta``."""
    return Mux(weight, accumulator, -accumulator) <= -theta


def stay(m, *values):
    """Assume that values stay as they are in the first cycle; return whether that is over."""
    over, value = Signal(name="started"), Cat(values)
    held = Signal.like(value, name="held")
    m.d.sync += [over.eq(1), held.eq(value)]
    m.d.comb += Assume(~over | (value == held))
    return over
