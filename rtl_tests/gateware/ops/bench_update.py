"""Bench of UpdateUnit with turner and array against the golden ops, on random memories."""

from dataclasses import replace

import cocotb
from support import op_flips
from support.op_bench import run_op
from support.op_memories import OpMemories
from support.op_segments import as_segment, gathered_segment, random_segment, segment_of, window_of
from support.op_votes import SIZE, P, S, op_of
from support.streams import generator, start

from boldhw.golden.ops import flip, vote
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.kinds import Flip, Turned, Vote, Window
from boldhw.spec.ops.plain import limits_of

BEHIND = SIZE.weight_rows - 24  # rows of columns, where a FLIP has weights


def a_vote(rng):
    """Return a VOTE over places, and its segment."""
    sums = rng.randint(1, 4), rng.randint(1, 5)
    part = random_segment(rng, SIZE, sums)
    return [part, op_of(rng, part, sums, rng.choice((1, 2, 3, P, P + 1)))]


def a_gathered_vote(rng, outputs, slots):
    shape = rng.choice((1, 2, SIZE.granules + 1)), rng.randint(1, P)
    words = 1, rng.choice((1, 2))
    part = gathered_segment(rng, SIZE, shape, words, slots, rng.randint(0, 1))
    return [part, op_of(rng, part, (1, slots), outputs, gathered=1)]


def values(rng, **fixed):
    """Return values of a FLIP."""
    found = {
        "theta": rng.choice((1, 2, 5, 200, 65535)),
        "decay": rng.choice((0, 300, 3000, 32768, 65535)),
        "rounding": rng.randint(0, 7),
        "balanced": rng.randint(0, 1),
        "clears": rng.randint(0, 1),
        "mean_row": rng.randint(0, SIZE.unit_rows // 2),
        "balance_row": rng.randint(1, SIZE.counter_rows // 2),
        "counter_row": 0,
    }
    return found | fixed


def a_flip(rng, turned, **fixed):
    """Return a segment and a FLIP over it."""
    part = op_flips.part_of(rng, SIZE, turned)
    outputs = fixed.pop("outputs", rng.choice((1, P - 1, P, P + 1, 2 * P + 1)))
    fixed = values(rng, acc_row=rng.randint(0, 9)) | fixed
    return [part, op_flips.op_of(rng, SIZE, part, turned, outputs, **fixed)]


def limited(op):
    """Return the op with values that an array that may be plain takes."""
    limits = limits_of(SIZE, type(op))
    return replace(op, **{
        name: min(max(getattr(op, name), least), most) for name, (least, most) in limits.items()
    })  # fmt: skip


async def check(dut, cases):
    """Run ops one after the other and compare all memories. cases: lists of segment and ops."""
    memories, rng = OpMemories(dut, SIZE, ["array_rows", "weights"]), generator("counts")
    memories.read_deltas(dut, SIZE)
    idle = {"vote__start": 0, "flip__start": 0, "are_windows": 0, "windows": 0, "parts": 0}
    await start(dut, **idle)
    for ops in cases:
        part, op = ops = [ops[0], limited(ops[1])]
        count = rng.randint(0, 200)
        memories.golden.count = dut.active_samples.value = count
        is_window = dut.are_windows.value = isinstance(part, Window)
        parts = [(dut.parts, as_segment(part))]
        parts += [(dut.windows, part)] * is_window
        (vote if isinstance(op, Vote) else flip).run(memories.golden, op, part)
        load = sum(len(each.encode()) for each in ops) + 1
        port = "flip" if isinstance(op, Flip) else "vote"
        found = await run_op(dut, memories.all, op, parts, port)
        assert found + load == sum(cycles(ops, SIZE)), ops
        assert memories.wrong() == {}, ops


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def votes(dut):
    rng = generator("votes")
    await check(dut, [a_vote(rng) for _ in range(25)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def flips(dut):
    rng = generator("flips")
    await check(dut, [a_flip(rng, rng.choice(list(Turned))) for _ in range(30)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def all_kinds(dut):
    """A FLIP after a VOTE after a VOTE of gathered samples, and so on."""
    rng, cases = generator("all"), []
    for number in range(30):
        turned = list(Turned)[number % 3]
        cases.append(
            rng.choice((
                a_vote(rng),
                a_gathered_vote(rng, rng.randint(1, P + 1), rng.randint(1, SIZE.batch)),
                a_flip(rng, turned),
            ))
        )  # fmt: skip
    await check(dut, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """One place; one output; full rows; words of three rows; a tap that sees nothing; windows."""
    rng, cases = generator("edges"), []
    for sums, outputs in (((1, 1), 1), ((1, S), 2), ((3, S), 3), ((2, 2 * S), P)):
        part = segment_of(rng, SIZE, (1, P), (1, 1, 1), sums)
        cases.append([part, op_of(rng, part, sums, outputs)])
    cases.append(a_gathered_vote(rng, 2, SIZE.batch))
    far = segment_of(rng, SIZE, (2, 1), (2, 2, 2), (1, 1))
    cases.append([far, op_of(rng, far, (1, 1), 2, rounding=7)])
    cases += [
        a_flip(rng, Turned.KERNEL, outputs=outputs)
        for outputs in (1, P, SIZE.granules * P, SIZE.granules * P + 1)
    ]
    cases += [a_flip(rng, Turned.PLACES, outputs=each) for each in (1, SIZE.granules * P + 1)]
    cases.append(a_flip(rng, Turned.NONE, theta=1, decay=0, balanced=0))
    await check(dut, cases)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def windows(dut):
    """Patches of images in both codings, within the image and beyond its sides."""
    rng, cases = generator("windows"), []
    for number in range(8):
        sums = rng.randint(1, 4), rng.randint(1, 4)
        part = window_of(rng, SIZE, sums, zero_true=number % 2)
        outputs = rng.choice((1, 2, P + 1))
        op = op_of(rng, part, sums, outputs, column_row=BEHIND)
        cases.append([part, op])
        along = op_flips.op_of(
            rng, SIZE, part, Turned.NONE, outputs, **values(rng, acc_row=op.acc_row)
        )
        cases.append([part, along])
    await check(dut, cases)
