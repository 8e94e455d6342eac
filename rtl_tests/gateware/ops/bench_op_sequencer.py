"""Bench of OpSequencer: descriptors, their order, what ends a list."""

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly
from support.op_bench import RowMemory
from support.streams import as_int, generator, parameters, start

from boldhw.gateware.ops.sequencer import FLIP_BITS, OP_BITS, PART_BITS, ROW_BITS, Status
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.kinds import KINDS, Count, End, Flip, Loss, Mac, Segment, Vote, Window

SIZE = ArraySize(**parameters())
ALONE = [kind for kind in KINDS.values() if kind not in (Segment, Window, Vote, Flip, End)]
FOREVER = (1 << 24) - 1


def filled(rng, kind, **fixed):
    """Return an op whose values are random, often all zero in the last rows."""
    last = rng.randint(0, kind.size() * 4)
    values = {
        each.name: rng.randint(*each.range) if field <= last else 0
        for each, field, _ in kind.slots()
        if each.name not in ("op_kind", "op_rows")
    }
    return kind(**values | fixed)


def random_list(rng):
    """Return ops with up to as many segments as there are registers."""
    ops = []
    for _ in range(rng.randint(0, 6)):
        parts = [filled(rng, rng.choice((Segment, Window)))
                 for _ in range(rng.randint(0, SIZE.segments))]  # fmt: skip
        kind = rng.choice([*ALONE, Vote, Flip])
        ops += [*parts, filled(rng, kind, **{"fused": 0} if kind is Vote else {})]
        if kind is Vote and rng.random() < 0.5:
            ops[-1] = filled(rng, Vote, fused=1)
            ops.append(filled(rng, Flip))
    return [*ops, End()]


def bits_of(op, width):
    """Return the rows of a descriptor side by side, zeros where it has none."""
    rows = op.encode().astype(int).reshape(-1).tolist()
    word = sum(field << 16 * n for n, field in enumerate(rows))
    assert word >> width == 0
    return word


def runs(ops):
    """Return what has to start: (kind, rows that are loaded, bits of op, of flip, of segments)."""
    found, parts, rows, vote = [], [], 0, None
    for op in ops:
        rows += len(op.encode())
        if isinstance(op, Segment | Window):
            parts.append(op)
        elif isinstance(op, Vote) and op.fused:
            vote = op
        elif isinstance(op, End):
            found.append((None, rows, None, None, []))
        else:
            flip = bits_of(op, FLIP_BITS) if isinstance(op, Flip) else None
            own = vote or (None if flip else op)
            kind = Vote.KIND if vote else op.KIND
            found.append((kind, rows, own and bits_of(own, OP_BITS), flip, parts))
            parts, rows, vote = [], 0, None
    return found


class Bench:
    def __init__(self, dut, rng):
        self.dut, self.rng = dut, rng
        rows = [rng.getrandbits(ROW_BITS) for _ in range(256)]
        self.memory = RowMemory(dut, rng, rows, ROW_BITS, SIZE.read_latency, True, "read", None)

    async def cycle(self, **inputs):
        """Drive inputs for a cycle; return whether a list is busy and which op starts."""
        for name, value in inputs.items():
            getattr(self.dut, name).value = value
        self.memory.drive()
        await ReadOnly()
        self.memory.sample()
        found = as_int(self.dut.busy), as_int(self.dut.starts)
        await FallingEdge(self.dut.clk)
        for name in inputs:
            getattr(self.dut, name).value = 0
        return found

    async def begin(self, words, row, limit=FOREVER):
        self.memory.rows[row : row + len(words)] = words
        self.dut.limit.value = limit
        await self.cycle(start=1, first=row)
        await self.cycle()  # the one of the first address with two ports

    async def ended(self, status, count):
        busy, starts = await self.cycle()
        assert (busy, starts) == (0, 0)
        assert as_int(self.dut.status) == status.value
        assert as_int(self.dut.cycles) == count

    def check(self, op, flip, parts):
        dut = self.dut
        assert op is None or as_int(dut.op) == op
        assert flip is None or as_int(dut.flip) == flip
        assert as_int(dut.count) == len(parts)
        expected = sum(bits_of(part, PART_BITS) << n * PART_BITS for n, part in enumerate(parts))
        ones = (1 << len(parts) * PART_BITS) - 1
        assert as_int(dut.parts) & ones == expected
        windows = sum(isinstance(part, Window) << n for n, part in enumerate(parts))
        assert as_int(dut.windows) == windows


def words_of(ops):
    rows = [row for op in ops for row in op.encode().astype(int).tolist()]
    return [sum(field << 16 * n for n, field in enumerate(row)) for row in rows]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_lists(dut):
    """Each op starts two cycles after its last row, with all that it needs; cycles are exact."""
    rng = generator("lists")
    bench = Bench(dut, rng)
    await start(dut, start=0, done=0)
    for _ in range(60):
        ops, total = random_list(rng), 0
        await bench.begin(words_of(ops), rng.randint(0, 20))
        for kind, rows, op, flip, parts in runs(ops):
            loads = rows + SIZE.read_latency - SIZE.dual_port
            for _ in range(loads + (kind is not None)):
                assert await bench.cycle() == (1, 0)
            total += loads + (kind is not None)
            if kind is None:
                await bench.ended(Status.ENDED, total)
                continue
            time = rng.choice((0, 1, 2, 9))
            assert await bench.cycle() == (1, 1 << kind)
            bench.check(op, flip, parts)
            for _ in range(time):
                assert await bench.cycle() == (1, 0)
            bench.check(op, flip, parts)
            assert await bench.cycle(done=1) == (1, 0)
            total += time + 2


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def bad_ops(dut):
    """No such kind; no rows, too many; too many segments; a fused VOTE without FLIP."""
    rng = generator("bad")
    bench = Bench(dut, rng)
    await start(dut, start=0, done=0)
    part, loss = Segment(in_row=1), Loss(outputs=2)
    head = len(KINDS) + 1
    for words in (
        [0], [head | 1 << 4], [15 | 1 << 4], [Mac.KIND], [Mac.KIND | 5 << 4], [End.KIND | 2 << 4],
        words_of([part] * (SIZE.segments + 1)),
        words_of([Vote(fused=1), loss]),
        words_of([Vote(fused=1), End()]),
    ):  # fmt: skip
        await bench.begin(words, 3)
        count = len(words) if words[0] & 15 in (Segment.KIND, Vote.KIND) else 1
        late = SIZE.read_latency - SIZE.dual_port
        for _ in range(count + late):
            assert await bench.cycle() == (1, 0), words
        await bench.ended(Status.BAD_OP, count + late)
        await bench.begin(words_of([End()]), 9)
        assert [await bench.cycle() for _ in range(1 + late)] == [(1, 0)] * (1 + late)
        await bench.ended(Status.ENDED, 1 + late)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def limits(dut):
    """A list that is loaded, and an op that runs, end when the limit is over."""
    bench, op = Bench(dut, generator("limits")), Count(rows=1, columns=1)
    await start(dut, start=0, done=0)
    settled = len(op.encode()) + SIZE.read_latency - SIZE.dual_port + 1
    for limit in range(1, 9):
        await bench.begin(words_of([op, End()]), 5, limit)
        starts = [await bench.cycle() for _ in range(limit + 1)]
        expected = [(1, 0)] * settled + [(1, 1 << Count.KIND)] + [(1, 0)] * 9
        assert starts == expected[: limit + 1]
        assert as_int(dut.halt) == 1
        await bench.ended(Status.TOO_LONG, limit + 1)
        assert as_int(dut.halt) == 0
