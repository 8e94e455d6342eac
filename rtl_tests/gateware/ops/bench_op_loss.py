"""Bench of LossUnit against the golden op."""

import cocotb
import numpy as np
from support.op_bench import RowMemory, differing, run_op, to_ints
from support.streams import cycle, generator, parameters, start

from boldhw.golden.ops import loss
from boldhw.golden.ops.memories import Memories
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Loss

SIZE = ArraySize(**parameters())
SCORE_BITS = 16


def random_case(rng):
    """Return scores, per class, label, margin."""
    per_class = rng.choice((1, 1, 2, 5))
    classes = rng.randint(2, SIZE.score_rows // per_class)
    spread = rng.choice((1, 5, 30_000))
    scores = [rng.randint(-spread, spread) for _ in range(classes * per_class)]
    return scores, per_class, rng.randrange(classes), rng.choice((0, 1, 7, 40_000))


async def check(dut, cases):
    """Judge each sample, then write its deltas."""
    memories, rng = Memories(SIZE), generator("maps")
    random = np.random.default_rng(cocotb.RANDOM_SEED)
    memories.data[...] = random.random(memories.data.shape) < 0.5
    data = RowMemory(
        dut, rng, to_ints(memories.data), SIZE.data_width, 1, True, None, planes=SIZE.planes
    )
    await start(dut, op__start=0)
    for scores, per_class, label, margin in cases:
        memories.scores = np.array(scores, np.int32)
        memories.label, memories.margin = label, margin
        dut.label.value, dut.margin.value = label, margin
        rows = [score & (1 << SCORE_BITS) - 1 for score in scores]
        late = SIZE.read_latency
        kept = RowMemory(dut, rng, rows, SCORE_BITS, late, True, "scores", None)
        values = {"outputs": len(scores), "per_class": per_class}
        front, tiles = rng.choice((0, 0, 1, 3)), rng.randint(1, 2 * SIZE.granules)
        pitch = tiles * SIZE.planes
        deltas = {"out_row": rng.randint(front, 40), "out_pitch": pitch, "front": front}
        for op in (Loss(**values), Loss(deltas=1, **values, **deltas)):
            loss.run(memories, op)
            spent = load(len(op.encode()), op, SIZE)
            assert await run_op(dut, [data, kept], op) + spent == cycles([op], SIZE)[0], op
            assert bool(dut.active.value) == memories.active, (op, scores, label, margin)
            assert not differing(data.rows, to_ints(memories.data)), op
        await cycle(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_samples(dut):
    rng = generator("samples")
    await check(dut, [random_case(rng) for _ in range(60)])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def edges(dut):
    """Equal classes; a lead of the margin, and one less; the largest sums; the last class."""
    top, low = (1 << SCORE_BITS - 1) - 1, -(1 << SCORE_BITS - 1)
    await check(dut, [
        ([4, 4, 4], 1, 0, 1),
        ([4, 4, 4], 1, 1, 0),
        ([9, 4, 2], 1, 0, 5),
        ([9, 4, 2], 1, 0, 6),
        ([9, 4, 2], 1, 2, 0),
        ([top] * 12 + [low] * 12, 12, 1, 0xFFFF),
        ([low] * 12 + [top] * 12, 12, 1, 0xFFFF),
        ([low, low], 1, 0, 0),
        (list(range(SIZE.score_rows)), 1, SIZE.score_rows - 1, 1),
    ])  # fmt: skip
