"""What the benches of both arrays have in common."""

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly
from support.streams import as_int, parameters, start

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


class Program:
    """Inputs of each cycle, and sums that belong to it or None. A bench appends to ``cycles``.

    A bench adds ``forward``, ``votes`` and ``expected``, which yields (done, sums) of each cycle:
    sums of all elements as one int, None where they are not defined.
    """

    def __init__(self):
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        self.cycles = []

    def bits(self, *shape):
        return self.rng.integers(0, 2, shape).astype(bool)

    def deltas(self, *shape):
        return self.rng.integers(-1, 2, shape, np.int8)

    def noise(self):
        """Return random signs and masks, of a cycle in which no word is valid."""
        return {"sign": pack(self.bits(S)), "mask": pack(self.bits(S))}

    def votes_of_no_signal(self):
        """Votes of all-zero signals, in both codings of the inputs."""
        for zero_true in [False, True] * 10:
            self.votes(10, zero_true, dead=True)

    async def check(self, dut):
        """Drive every cycle; compare ``done`` in each, ``sums`` where they are defined.

        Returns in how many cycles sums were compared.
        """
        names = list(self.cycles[0][0])
        await start(dut, **dict.fromkeys(names, 0))
        handles = [getattr(dut, name) for name in names]
        falling, settled, compared = FallingEdge(dut.clk), ReadOnly(), 0
        # What is expected goes on for the latency.
        steps = zip(self.cycles, self.expected(), strict=False)
        for step, ((inputs, _), (done, sums)) in enumerate(steps):
            for handle, name in zip(handles, names, strict=True):
                handle.value = inputs[name]
            await settled
            assert as_int(dut.done) == done, f"done, step {step}"
            if sums is not None:
                compared += 1
                assert as_int(dut.sums) == sums, f"sums, step {step}"
            await falling
        assert step + 1 == len(self.cycles)
        return compared


def spread(bits, zero_true):
    """Return (sign, mask) of a forward product. bits: bool (1, n)."""
    ones = np.ones(bits.shape[1], bool)
    return (ones, bits[0]) if zero_true else (bits[0], ones)
