"""Bench of WeightPlaces against the places of the golden op."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.op_bench import op_bits
from support.op_flips import op_of, part_of
from support.streams import as_int, generator, parameters, start

from boldhw.golden.ops import flip
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Turned
from boldhw.spec.ops.reads import kernel_words

SIZE = ArraySize(**parameters())
P = SIZE.elements


def random_case(rng):
    """Return a FLIP and its segment."""
    turned = rng.choice(list(Turned))
    part = part_of(rng, SIZE, turned, rng.randint(0, 999))
    outputs = rng.choice((1, P, P + 1, 2 * P, 4 * P + 1, SIZE.granules * P, 9 * P))
    return op_of(rng, SIZE, part, turned, outputs), part


def blocks(op, part):
    """Return (row, granule, row, granule) of each block in both planes, and its ends."""
    words = kernel_words(part, SIZE)
    groups = ceil_div(op.outputs, P)
    own = flip._place(words, groups * P, P, part.weight_row)
    other = own
    if op.turned:
        other = flip._turned(Memories(SIZE), op, part, words, groups * P)
    found = []
    for index in range(len(words.used)):
        for group in range(groups):
            place = int(own[0][index, group * P, 0]), int(own[2][index, group * P, 0]) // P
            turned = int(other[0][index, group * P, 0]), int(other[2][index, group * P, 0]) // P
            last = group == groups - 1
            found.append((place, turned, last, last and index == len(words.used) - 1))
    return found


async def check(dut, cases):
    rng = generator("pauses")
    await start(dut, start=0, next=0)
    for op, part in cases:
        dut.op.value, dut.part.value = op_bits(op), op_bits(part)
        await FallingEdge(dut.clk)  # what follows from a descriptor takes a register
        dut.start.value = 1
        await FallingEdge(dut.clk)
        dut.start.value = 0
        for place, turned, of_group, of_all in blocks(op, part):
            for _ in range(rng.choice((0, 0, 1, 2))):
                await FallingEdge(dut.clk)
            dut.next.value = 1
            await ReadOnly()
            found = as_int(dut.row), as_int(dut.granule)
            assert found == place, (op, part)
            assert (as_int(dut.of_group), as_int(dut.of_all)) == (of_group, of_all), (
                op,
                part,
            )
            if op.turned:
                found = as_int(dut.turned_row), as_int(dut.turned_granule)
                assert found == turned, (op, part)
            await FallingEdge(dut.clk)
            dut.next.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng = generator("ops")
    await check(dut, [random_case(rng) for _ in range(100)])
