"""Bench of PEArray against the golden rule: ``done`` and all sums in every cycle.

Each test is a list of cycles, made of phases in which ``origin`` and ``zero_true_vote`` are
constant; a phase ends with enough idle cycles for its last sum.
"""

import cocotb
import numpy as np
from support import array_program
from support.array_program import IDLE, LARGEST, SIZES, K, P, S, flat, pack, spread

from boldhw.golden import rule

LATENCY = 4 + SIZES["popcount_registers"]


class Program(array_program.Program):
    """The sums of a cycle are those that follow it: None where they hold."""

    def idle(self, count, **inputs):
        """Change masks and signs while no word is valid."""
        for _ in range(count):
            self.cycles.append((IDLE | self.noise() | {"first": 1, "last": 1} | inputs, None))

    def reduce(self, weights, sign, mask, golden, pause, **held):
        """Add the words of one sum. weights: bool (P, n). sign, mask: bool (n,), n of any size.

        ``golden`` are the sums.
        """
        terms = len(sign)
        for begin in range(0, terms, S):
            self.idle(int(self.rng.integers(0, pause + 1)), **held)
            end = min(begin + S, terms)
            private = sum(pack(row[begin:end]) << S * p for p, row in enumerate(weights))
            word = {
                "weights": private,
                "sign": pack(sign[begin:end]),
                "mask": pack(mask[begin:end]),
                "valid": 1,
                "first": int(begin == 0),
                "last": int(end == terms),
            }
            complete = held["origin"] + golden if end == terms else None
            self.cycles.append((IDLE | held | word, complete))

    def forward(self, terms, origin, zero_true=False, pause=2, bits=None, weights=None):
        """One neuron in each element, all of the same inputs."""
        bits = self.bits(1, terms) if bits is None else bits
        weights = self.bits(P, terms) if weights is None else weights
        golden = rule.forward(bits, weights, zero_true)[0]
        self.reduce(weights, *spread(bits, zero_true), golden, pause, origin=origin)

    def backward(self, terms, pause=2):
        """One input in each element, all of the same signals."""
        signals = self.deltas(1, terms)
        weights = self.bits(terms, P)
        self.reduce(
            weights.T,
            signals[0] == 1,
            signals[0] != 0,
            rule.backward(signals, weights)[0],
            pause,
            origin=0,
        )

    def votes(self, outputs, zero_true, pause=2, dead=False):
        """Vote for some outputs; the private operands are the inputs of K samples."""
        bits, held = self.bits(K, P), {"origin": 0, "zero_true_vote": int(zero_true)}
        for _ in range(outputs):
            signals = self.deltas(K, 1) * np.int8(not dead)
            votes = rule.vote(signals, bits, zero_true)[0] * (1 + zero_true)
            z = signals[:, 0]
            self.reduce(bits.T, z == 1, z != 0, votes, pause, **held)
        self.drain(**held)

    def drain(self, **held):
        self.idle(LATENCY, **held)

    def expected(self):
        """Yield (done, sums) of each cycle."""
        yield from [(0, 0)] * LATENCY
        held = 0
        for inputs, golden in self.cycles:
            held = held if golden is None else flat(golden)
            yield inputs["valid"] & inputs["last"], held

    async def check(self, dut):
        assert await super().check(dut) == len(self.cycles)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_phases(dut):
    """All three products in any order, with and without idle cycles between words."""
    program = Program()
    while len(program.cycles) < 17_000:
        pause = int(program.rng.choice([0, 0, 3]))
        origin = int(program.rng.integers(-LARGEST, LARGEST + 1))
        zero_true = bool(program.rng.integers(2))
        for terms in program.rng.integers(1, LARGEST + 1, 6):
            program.forward(int(terms), origin, zero_true, pause)
        program.drain(origin=origin)
        for terms in program.rng.integers(1, LARGEST + 1, 6):
            program.backward(int(terms), pause)
        program.drain()
        program.votes(12, zero_true, pause)
    await program.check(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(agree=[False, True])
async def sums_reach_their_limits(dut, agree):
    """All inputs agree or none does, with the origin at either limit and at 0."""
    program = Program()
    for origin in (-LARGEST, 0, LARGEST):
        bits = program.bits(1, LARGEST)
        weights = np.repeat(bits == agree, P, axis=0)
        for _ in range(20):
            program.forward(LARGEST, origin, bits=bits, weights=weights, pause=0)
        program.drain(origin=origin)
    await program.check(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def one_word_sums_come_in_every_cycle(dut):
    """A new sum in each cycle is done in each cycle, and replaces the one before."""
    program = Program()
    for _ in range(2_000):
        program.forward(S, origin=3, pause=0)
    program.drain(origin=3)
    await program.check(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def no_signal_casts_no_vote(dut):
    """Votes of all-zero signals are 0 in both codings of the inputs."""
    program = Program()
    program.votes_of_no_signal()
    await program.check(dut)
