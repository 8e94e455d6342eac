"""Bench of Transposer against lists of words."""

import cocotb
from support.every_cycle import compare, pack
from support.streams import generator, parameters
from support.unit_config import CONFIG

P = CONFIG.elements


def split(value):
    """Return the P words of a block, the first one lowest."""
    return [value >> i * P & (1 << P) - 1 for i in range(P)]


def outputs(inputs):
    """Return the columns of the outputs, with the words of the block held in a list."""
    rows, words = [], [0] * P
    for load, block_in, shift, word_in, flips in zip(*inputs.values(), strict=True):
        rows.append(words)
        if load:
            words = split(block_in)
        elif shift:
            words = [*words[1:], word_in ^ flips]
    turned = [[pack([[w >> i & 1 for w in words]])[0] for i in range(P)] for words in rows]
    return {
        "word": [words[0] for words in rows],
        "block": pack(rows, P),
        "transposed": pack(turned, P),
    }


async def check(dut, load, shift, blocks, words, flips):
    inputs = {"load": load, "block_in": blocks, "shift": shift, "word_in": words, "flips": flips}
    expected = outputs(inputs)
    if parameters()["dual_port"]:  # operations come one cycle ahead
        inputs |= {"load": [*load[1:], False], "shift": [*shift[1:], False]}
    await compare(dut, inputs, expected)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(loads=[0.05, 0.5], shifts=[0.2, 0.9])
async def random_operations(dut, loads, shifts):
    """Loads and shifts, often both at once, with idle cycles between."""
    rng, count = generator(f"{loads} {shifts}"), 5000
    await check(
        dut,
        [False, *(rng.random() < loads for _ in range(count - 1))],
        [False, *(rng.random() < shifts for _ in range(count - 1))],
        [rng.getrandbits(P * P) for _ in range(count)],
        *([rng.getrandbits(P) for _ in range(count)] for _ in range(2)),
    )


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def each_bit_has_its_place(dut):
    """Blocks of a single one, and of a single zero, each loaded and shifted out."""
    ones = [1 << i for i in range(P * P)]
    blocks = ones + [one ^ (1 << P * P) - 1 for one in ones]
    turns = [(block, step == 0) for block in [0, *blocks] for step in range(P + 2)]
    load = [False, *(first for _, first in turns[1:])]
    words = [block & 1 for block, _ in turns]
    shift = [False, *(not first for first in load[1:])]
    await check(dut, load, shift, [block for block, _ in turns], words, [0] * len(turns))
