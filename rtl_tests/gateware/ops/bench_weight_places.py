"""Bench of WeightPlaces against the places of the golden op."""

from dataclasses import replace

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.op_bench import op_bits
from support.op_segments import gathered_segment, random_segment
from support.streams import generator, parameters, start

from boldhw.golden.ops import flip
from boldhw.golden.ops.memories import Memories
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import Flip, Turned
from boldhw.spec.ops.reads import back_words, flip_steps, kernel_words

SIZE = ArraySize(**parameters())
P = SIZE.elements


def random_case(rng):
    """Return a FLIP and its segment."""
    turned = rng.choice(list(Turned))
    groups = rng.choice((1, 1, 2, 3, SIZE.granules, SIZE.granules + 1))
    if turned == Turned.PLACES:
        shape = groups, rng.randint(1, P)
        words = rng.randint(1, 3), rng.randint(1, 5)
        part = gathered_segment(rng, SIZE, shape, words, 1, 0)
    else:
        part = random_segment(rng, SIZE, (1, 1))
    outputs = rng.choice((1, P, P + 1, 2 * P, 4 * P + 1, SIZE.granules * P, 9 * P))
    return op_of(rng, replace(part, weight_row=rng.randint(0, 999)), turned, outputs)


def op_of(rng, part, turned, outputs):
    """Return an op over a segment, and the segment."""
    op = Flip(turned=turned, outputs=outputs, turned_row=rng.randint(0, 999), turned_fold=1)
    if turned:
        taps = back_words(op, part, SIZE).taps
        columns = part.across * part.taps - part.skip
        fold = 1
        if turned == Turned.PLACES:
            most = SIZE.granules // ceil_div(outputs, P) or 1
            taps = SIZE.granules // ceil_div(outputs, P) if SIZE.granules % ceil_div(
                outputs, P) == 0 else 1  # fmt: skip
            fold = rng.randint(1, max(1, min(taps, most, columns)))
        op = replace(op, turned_fold=fold)
        op = replace(op, turned_taps=back_words(op, part, SIZE).taps)
    return replace(op, **flip_steps(op, part, SIZE)), part


def blocks(op, part):
    """Return (row, granule, row, granule) of each block in both planes, outputs, and its ends."""
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
            lanes = min(P, op.outputs - group * P)
            found.append((place, turned, lanes, last, last and index == len(words.used) - 1))
    return found


async def check(dut, cases):
    rng = generator("pauses")
    await start(dut, start=0, next=0)
    for op, part in cases:
        dut.op.value, dut.part.value, dut.start.value = op_bits(op), op_bits(part), 1
        await FallingEdge(dut.clk)
        dut.start.value = 0
        for place, turned, lanes, of_group, of_all in blocks(op, part):
            for _ in range(rng.choice((0, 0, 1, 2))):
                await FallingEdge(dut.clk)
            dut.next.value = 1
            await ReadOnly()
            found = int(dut.row.value), int(dut.granule.value)
            assert found == place, (op, part)
            assert int(dut.lanes.value) == lanes, (op, part)
            assert (int(dut.of_group.value), int(dut.of_all.value)) == (of_group, of_all), (
                op,
                part,
            )
            if op.turned:
                found = int(dut.turned_row.value), int(dut.turned_granule.value)
                assert found == turned, (op, part)
            await FallingEdge(dut.clk)
            dut.next.value = 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_ops(dut):
    rng = generator("ops")
    await check(dut, [random_case(rng) for _ in range(100)])
