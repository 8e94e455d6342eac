"""Bench of Turner against lists of words."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters

P = parameters()["elements"]


def block_of(words):
    """Return words side by side, the first one lowest."""
    return pack([words], P)[0]


def turned(words):
    """Return the words with rows and columns exchanged."""
    return [pack([[word >> bit & 1 for word in words]])[0] for bit in range(P)]


def outputs(inputs):
    """Return the block in each cycle."""
    blocks, words = [], [0] * P
    for load, block_in, shift, turn, word_in in zip(*inputs.values(), strict=True):
        blocks.append(block_of(words))
        if load:
            words = [block_in >> number * P & (1 << P) - 1 for number in range(P)]
        elif shift:
            words = [*words[1:], word_in]
            words = turned(words) if turn else words
    return {"block": blocks}


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_operations(dut):
    """Loads, shifts and turns, often at once, with idle cycles between."""
    rng, count = generator("operations"), 2000
    inputs = {
        "load": [rng.random() < 0.1 for _ in range(count)],
        "block_in": [rng.getrandbits(P * P) for _ in range(count)],
        "shift": [rng.random() < 0.8 for _ in range(count)],
        "turn": [rng.random() < 0.3 for _ in range(count)],
        "word_in": [rng.getrandbits(P) for _ in range(count)],
    }
    await compare(dut, inputs, outputs(inputs))


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_stream_without_a_gap(dut):
    """Each P words come out as columns while the next ones come in."""
    rng, blocks = generator("stream"), 50
    words = [rng.getrandbits(P) for _ in range(blocks * P)]
    turns = [number % P == P - 1 for number in range(len(words))]
    none = [0] * len(words)
    ones = [1] * len(words)
    inputs = {"load": none, "block_in": none, "shift": ones, "turn": turns, "word_in": words}
    found = outputs(inputs)
    for first in range(0, len(words) - P, P):
        columns = turned(words[first : first + P])
        for number, column in enumerate(columns):
            assert found["block"][first + P + number] & (1 << P) - 1 == column
    await compare(dut, inputs, found)
