"""What the benches of both arrays have in common."""

import numpy as np
from support.streams import parameters

SIZES = parameters()
P, S, K = SIZES["elements"], SIZES["lanes"], SIZES["batch"]
LARGEST = SIZES["max_fan_in"]
SUM_BITS = (2 * LARGEST).bit_length() + 1
PORTS = ("weights sign mask valid first last origin zero_true_vote").split()
IDLE = dict.fromkeys(PORTS, 0)


def pack(bits):
    """Return bits, shape (n,), as an int, bit 0 lowest."""
    return sum(1 << int(index) for index in np.flatnonzero(bits))


def flat(sums):
    """Return the sums of all elements as one int."""
    return sum((int(s) & (1 << SUM_BITS) - 1) << SUM_BITS * p for p, s in enumerate(sums))
