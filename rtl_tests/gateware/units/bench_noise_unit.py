"""Bench of Noise against the golden stream."""

import copy

import cocotb
from support.lockstep import compare
from support.streams import generator, parameters, start

from boldhw.spec.noise import NoiseStream

IDLE = {"step": 0, "write": 0, "write_data": 0}


class Reference:
    """The next draw of a golden stream, which a step draws and a write changes."""

    def __init__(self, seed):
        self.stream = NoiseStream(parameters()["elements"], seed)
        self.look()

    def __call__(self, step, write, write_data):
        expected = {"draws": self.draws}
        if write:
            self.stream.write(write_data)
            self.look()
        elif step:
            self.stream = self.later
            self.look()
        return expected

    def look(self):
        """Draw from a copy of the stream."""
        self.later = copy.copy(self.stream)
        self.draws = int.from_bytes(self.later.draw(1).tobytes(), "little")


def write(word):
    """Inputs of a cycle that writes ``word``."""
    return IDLE | {"write": 1, "write_data": word}


async def begin(dut, seed):
    """Reset the unit, seed it and return a reference in the same state."""
    await start(dut, **IDLE)
    reference = Reference(seed)
    await compare(dut, lambda **inputs: {}, map(write, reference.stream.seed_words))
    return reference


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def steps_follow_the_stream(dut):
    """A draw every cycle, then draws and idle cycles at random."""
    reference = await begin(dut, 1)
    rng = generator("steps")
    await compare(dut, reference, [IDLE | {"step": 1}] * 5000)
    steps = [IDLE | {"step": rng.getrandbits(1), "write_data": 0xFFFF} for _ in range(5000)]
    await compare(dut, reference, steps)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def writes_shift_words_in(dut):
    """Words at random between draws, and in the same cycle as a step, which they replace."""
    reference = await begin(dut, 2)
    rng = generator("writes")
    for share in (0.01, 0.5):
        await compare(
            dut,
            reference,
            (
                {
                    "step": rng.getrandbits(1),
                    "write": int(rng.random() < share),
                    "write_data": rng.choice([0, 1, 0x8000, 0xFFFF, rng.getrandbits(16)]),
                }
                for _ in range(5000)
            ),
        )


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def single_bits_and_zeros(dut):
    """A state of zeros stays so; one bit set anywhere in a written word gives its own stream."""
    reference = await begin(dut, 3)
    zeros = [write(0)] * len(reference.stream.seed_words)
    await compare(dut, reference, zeros + [IDLE | {"step": 1}] * 10)
    assert not reference.stream.state.any()
    for bit in range(16):
        await compare(dut, reference, [*zeros, write(1 << bit)] + [IDLE | {"step": 1}] * 20)
