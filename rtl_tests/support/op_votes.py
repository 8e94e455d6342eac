"""VOTEs of random values, and their check against the golden op; inside a simulator."""

from support.op_bench import run_op
from support.op_memories import OpMemories
from support.op_segments import as_segment, wide
from support.streams import parameters, start

from boldhw.golden.ops import flip, vote
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Vote, Window
from boldhw.spec.ops.reads import kernel_words

SIZE = ArraySize(**parameters())
P, S = SIZE.elements, SIZE.lanes
ACCUMULATORS = SIZE.data_rows // 2  # maps are below, accumulators above


def op_of(rng, part, sums, outputs, **fixed):
    """Return an op over a segment. sums: rows and columns of places."""
    rows, columns = sums
    rows_of_output = wide(SIZE, rows, columns)
    delta_rows = ceil_div(outputs, SIZE.planes) * SIZE.planes * rows_of_output
    column_rows = 2 * SIZE.transposers * rows_of_output
    steps = len(kernel_words(part, SIZE).used) * outputs
    values = {
        "rounding": rng.choice((0, 0, 1, 2, 7)),
        "decay": rng.choice((0, 0, 300, 65535)),
        "delta_row": rng.randrange(0, SIZE.delta_rows - delta_rows + 1, SIZE.planes),
        "column_row": rng.randint(0, SIZE.weight_rows - column_rows),
        "acc_row": rng.randint(ACCUMULATORS, SIZE.data_rows - steps),
    }
    return Vote(
        columns=columns, rows=rows, wide=rows_of_output, outputs=outputs,
        **{"planes": 1} | values | fixed,
    )  # fmt: skip


async def check(dut, cases):
    """Run ops one after the other and compare all memories."""
    memories = OpMemories(dut, SIZE, ["array_rows", "weights"])
    memories.read_deltas(dut, SIZE)
    idle = {"vote__start": 0, "flip__start": 0, "are_windows": 0, "windows": 0, "parts": 0}
    await start(dut, **idle, flip__op=0)
    for op, part, count, *along in cases:
        memories.golden.count = dut.active_samples.value = count
        vote.run(memories.golden, op, part)
        is_window = dut.are_windows.value = isinstance(part, Window)
        parts = [(dut.parts, as_segment(part))]
        parts += [(dut.windows, part)] * is_window
        if along:
            flip.run(memories.golden, along[0], part)
            parts.append((dut.flip__op, along[0]))
        ops = [part, op, *along]
        spent = load(sum(len(each.encode()) for each in ops), op, SIZE)
        found = await run_op(dut, memories.all, op, parts, "vote")
        assert found + spent == sum(cycles(ops, SIZE)), ops
        assert memories.wrong() == {}, ops
