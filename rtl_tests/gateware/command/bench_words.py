"""Bench of WordCounter against two integers."""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

from boldhw.spec.engine import EngineConfig

CONFIG = EngineConfig(**parameters()["config"])
SIZE = CONFIG.data_bytes
WRAP = 1 << (SIZE - 1).bit_length()  # of the count of bytes
LIMITS = 256
NAMES = ("size", "limit", "begin", "step")


def outputs(rows):
    """Return the columns that the counter gives for rows of inputs, one a cycle."""
    found = {"bytes": [], "bytes_end": [], "words_end": []}
    count, words = 0, 0
    for size, limit, begin, step in rows:
        end = count == size
        found["bytes"].append(count)
        found["bytes_end"].append(int(end))
        found["words_end"].append(int((words + 1) % LIMITS == limit))
        if begin:
            count, words = 0, 0
        elif step and end:
            count, words = 0, (words + 1) % LIMITS
        elif step:
            count = (count + 1) % WRAP
    return found


async def check(dut, rows):
    """Drive rows of (size, limit, begin, step) and compare every output in every cycle."""
    inputs = {
        name: list(column) for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)
    }
    expected = outputs(rows)
    await compare(dut, inputs, expected)
    return expected


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def any_inputs_match_the_model(dut):
    """Random inputs in every cycle; a size may become less than what is counted."""
    rng = generator("inputs")
    rows = [
        (rng.randrange(SIZE), rng.randrange(8), int(rng.random() < 0.02), int(rng.random() < 0.8))
        for _ in range(20_000)
    ]
    expected = await check(dut, rows)
    assert len(set(expected["bytes"])) == WRAP


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def items_have_their_bytes_and_words(dut):
    """Whole items, as commands go through them, with and without pauses between bytes."""
    rng = generator("items")
    rows, lengths = [(0, 1, 1, 0)], []
    for pause in [0, 1] * 50:
        size, limit = rng.randrange(SIZE), rng.randrange(1, 20)
        for _ in range((size + 1) * limit):
            rows += [(size, limit, 0, 0)] * pause + [(size, limit, 0, 1)]
        lengths.append((pause + 1) * (size + 1) * limit)
        rows.append((size, limit, 1, 0))
    expected = await check(dut, rows)
    ends, place = [], 0
    for length in lengths:
        place += length
        ends.append(place)
        place += 1
    assert all(expected["bytes_end"][end] and expected["words_end"][end] for end in ends)


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_word_can_have_one_byte_or_all(dut):
    """The last of all bytes is where the count of bytes starts again, even at its full width."""
    one = await check(dut, [(0, 3, 0, 1)] * 9)
    assert one["bytes_end"] == [1] * 9
    assert one["words_end"] == [0, 0, 1] + [0] * 6
    whole = await check(dut, [(SIZE - 1, 2, 0, 1)] * (2 * SIZE))
    assert whole["bytes"] == [*range(SIZE)] * 2
    assert whole["bytes_end"] == [*[0] * (SIZE - 1), 1] * 2


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def a_limit_of_zero_is_256_words(dut):
    found = await check(dut, [(0, 0, 0, 1)] * 600)
    assert [n for n, end in enumerate(found["words_end"]) if end] == [255, 511]


@cocotb.test(timeout_time=5, timeout_unit="ms")
async def begin_wins_over_step(dut):
    """In the middle of a word, and with its last byte, which then ends no word."""
    middle = [(3, 2, 0, 1)] * 2 + [(3, 2, 1, 1)]
    last = [(3, 2, 0, 1)] * 3 + [(3, 2, 1, 1)]
    found = await check(dut, [*middle, *last, *[(3, 2, 0, 1)] * 8])
    assert found["bytes"] == [0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
    assert found["words_end"] == [0] * 11 + [1] * 4
