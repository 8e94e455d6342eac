"""Bench of DspArray, and so of DspElement, against the golden rule.

Each test is a list of slots, made of layers; ``done`` is compared in every cycle, ``sums`` from the
end of each sum to the begin of the next one.
"""

import cocotb
import numpy as np
from support import array_program
from support.array_program import IDLE, LARGEST, SIZES, K, P, S, flat, pack, spread

from boldhw.golden import rule

LATENCY = 3 + SIZES["popcount_registers"]
BEGIN = {"first": 1}


class Program(array_program.Program):
    """The sums of a cycle, a slot of the schedule, are those that its end gives, if it is one."""

    def slot(self, sums=None, **inputs):
        """Append a slot; what it does not give of sign and mask is random."""
        self.cycles.append((IDLE | {"restart": 0} | self.noise() | inputs, sums))

    def idle(self, most, **held):
        for _ in range(int(self.rng.integers(0, most + 1))):
            self.slot(**held)

    def layer(self, weights, sign, mask, golden, pause, origin=0):
        """Several sums of one layer. weights: bool (sums, P, n). golden: (sums, P), from 0."""
        self.slot(restart=1, origin=origin)
        self.slot(**BEGIN, origin=origin)
        self.slot(origin=origin)
        words = range(0, len(sign), S)
        for index, group in enumerate(weights):
            if index:
                self.slot(**BEGIN, origin=origin)
            for begin in words:
                self.idle(pause, origin=origin)
                word = slice(begin, begin + S)
                ends = index > 0 and begin == words[-1]
                self.slot(
                    sums=origin + golden[index] if ends else None,
                    weights=sum(pack(row[word]) << S * p for p, row in enumerate(group)),
                    sign=pack(sign[word]),
                    mask=pack(mask[word]),
                    valid=1,
                    last=int(ends),
                    origin=origin,
                )
            if index == 0:
                self.slot(sums=origin + golden[0], last=1, origin=origin)
            self.idle(2 * pause, origin=origin)
        self.drain(origin=origin)

    def forward(self, terms, origin, zero_true=False, pause=2, bits=None, weights=None):
        """Some neurons of one layer in each element."""
        bits = self.bits(1, terms) if bits is None else bits
        weights = self.bits(int(self.rng.integers(1, 5)), P, terms) if weights is None else weights
        golden = [rule.forward(bits, group, zero_true)[0] for group in weights]
        self.layer(weights, *spread(bits, zero_true), golden, pause, origin)

    def backward(self, terms, pause=2):
        """Some inputs of one layer in each element, all of the same signals."""
        signals = self.deltas(1, terms)
        weights = self.bits(int(self.rng.integers(1, 5)), terms, P)
        golden = [rule.backward(signals, group)[0] for group in weights]
        turned = weights.transpose(0, 2, 1)
        self.layer(turned, signals[0] == 1, signals[0] != 0, golden, pause)

    def votes(self, outputs, zero_true, pause=2, dead=False):
        """Vote for some outputs; the private operands are the inputs of K samples."""
        bits, held = self.bits(K, P), {"zero_true_vote": int(zero_true)}
        private = sum(pack(row) << S * p for p, row in enumerate(bits.T))
        self.slot(restart=1, **held)
        for _ in range(outputs):
            signals = self.deltas(K, 1) * np.int8(not dead)
            z = signals[:, 0]
            self.slot(**BEGIN, **held)
            self.slot(
                sums=rule.vote(signals, bits, zero_true)[0],
                weights=private,
                sign=pack(z == 1),
                mask=pack(z != 0),
                valid=1,
                last=1,
                **held,
            )
            self.idle(pause, **held)
        self.drain(**held)

    def drain(self, **held):
        for _ in range(LATENCY):
            self.slot(**held)

    def expected(self):
        """Yield (done, sums) of each cycle; sums are None where they are not defined."""
        yield from [(0, None)] * LATENCY
        held = None
        for inputs, sums in self.cycles:
            if sums is not None:
                held = flat(sums)
            elif inputs["first"] | inputs["valid"]:
                held = None
            yield inputs["last"], held

    async def check(self, dut):
        assert await super().check(dut) > len(self.cycles) // 20


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_layers(dut):
    """All three products in any order, with and without idle slots between words."""
    program = Program()
    while len(program.cycles) < 20_000:
        pause = int(program.rng.choice([0, 0, 3]))
        origin = int(program.rng.integers(-LARGEST, LARGEST + 1))
        zero_true = bool(program.rng.integers(2))
        program.forward(int(program.rng.integers(1, LARGEST + 1)), origin, zero_true, pause)
        program.backward(int(program.rng.integers(1, LARGEST + 1)), pause)
        program.votes(12, zero_true, pause)
    await program.check(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(agree=[False, True])
async def sums_reach_their_limits(dut, agree):
    """All inputs agree or none does, with the origin at either limit and at 0."""
    program = Program()
    for origin in (-LARGEST, 0, LARGEST):
        bits = program.bits(1, LARGEST)
        weights = np.repeat([np.repeat(bits == agree, P, axis=0)], 10, axis=0)
        program.forward(LARGEST, origin, bits=bits, weights=weights, pause=0)
    await program.check(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def no_signal_casts_no_vote(dut):
    """Votes of all-zero signals are 0 in both codings of the inputs."""
    program = Program()
    program.votes_of_no_signal()
    await program.check(dut)
