"""Bench of MacUnit, with array and window unit, against the golden MAC: memories and cycles."""

import cocotb
import numpy as np
from support.op_bench import PartMemory, RowMemory, as_kind, cycle, differing, op_bits, to_ints
from support.op_memories import BITS, counters_of, units_of
from support.op_networks import machines
from support.op_tiles import TileMemory
from support.streams import as_int, generator, parameters, start

from boldhw.gateware.ops.ports import op_layout
from boldhw.golden.ops import mac
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Mac, Segment, Sink, Window
from boldhw.spec.ops.program import LISTS
from boldhw.spec.ops.ram import items

SIZE = ArraySize(**parameters())
PARTS = {kind: op_layout(kind).size for kind in (Segment, Window)}
P, BEHIND = SIZE.elements, 4  # cycles after an op: with two ports its last rows come then
MOST = 3000  # cycles of an op
MACS = 80  # at least


class Scores:
    """Scores behind the port of the unit that writes them."""

    def __init__(self, dut):
        self.rows = {}
        self.port = [getattr(dut, f"score_write__{name}") for name in ("valid", "addr", "row")]

    def drive(self):
        """Nothing is read."""

    def sample(self):
        """Take what the unit writes in this cycle."""
        valid, addr, row = (as_int(each) for each in self.port)
        if valid:
            self.rows[addr] = row


class Bench:
    """The unit with memories of random contents, and the golden memories in the same state."""

    def __init__(self, dut):
        self.dut, self.rng = dut, generator("junk")

    def fill(self, memories, random):
        """Take the weights of golden memories, and random bits for all others."""
        self.golden, dut, late = memories, self.dut, SIZE.read_latency
        memories.data[...] = random.random(memories.data.shape) < 0.5
        spread = random.choice([5, 40, 3000])
        memories.units[..., 0] = random.integers(-spread, spread, memories.units.shape[:2])
        memories.units[..., 1] = random.integers(0, spread, memories.units.shape[:2])
        memories.counters[...] = random.integers(0, 1 << 32, memories.counters.shape)
        self.data = TileMemory(dut, self.rng, to_ints(memories.data), SIZE)
        counters = counters_of(memories, SIZE)
        self.counters = PartMemory(dut, counters, BITS * items(SIZE), items(SIZE), "counter_write")
        self.scores = Scores(dut)
        weights = to_ints(memories.weights)

        def reads(rows, width, latency, name):
            return RowMemory(dut, self.rng, rows, width, latency, True, name, None)

        self.memories = [
            self.data,
            reads(weights, P * SIZE.lanes, late, "array_rows"),
            reads(units_of(memories, SIZE), BITS * items(SIZE), late, "units"),
            reads(counters, BITS * items(SIZE), late, "counters"),
            self.counters,
            self.scores,
        ]

    async def run(self, op, parts):
        """Run an op on both and compare."""
        dut = self.dut
        dut.op__op.value, dut.count.value = op_bits(op), len(parts)
        flags = [isinstance(part, Window) for part in parts]
        dut.are_windows.value = sum(flag << n for n, flag in enumerate(flags))
        for port, kind in ((dut.parts, Segment), (dut.windows, Window)):
            each = [as_kind(kind, part) << n * PARTS[kind] for n, part in enumerate(parts)]
            port.value = sum(each)
        assert not await cycle(dut, self.memories)
        dut.op__start.value, count = 1, 1
        assert not await cycle(dut, self.memories)
        dut.op__start.value = 0
        while not await cycle(dut, self.memories):
            count += 1
            assert count < 2 * MOST
        for _ in range(BEHIND + P * (op.sink == Sink.SCORES)):
            assert not await cycle(dut, self.memories), "the unit is done twice"
        spent = load(sum(len(each.encode()) for each in (*parts, op)), op, SIZE)
        mac.run(self.golden, op, parts)
        self.compare(op, parts)
        assert count + 1 + spent == cycles([*parts, op], SIZE)[-1], (op, parts)

    def compare(self, op, parts):
        """Assert that all rows are equal."""
        wrong = differing(self.data.rows, to_ints(self.golden.data))
        assert not wrong, (wrong, op, parts)
        assert self.counters.rows == counters_of(self.golden, SIZE), (op, parts)
        if op.sink == Sink.SCORES:
            ones = (1 << 16) - 1
            expected = {n: int(each) & ones for n, each in enumerate(self.golden.scores)}
            assert self.scores.rows == expected, (op, parts)
            self.scores.rows.clear()


async def check(dut, wanted):
    """Run the MACs of random networks. wanted: which of them, by op and segments."""
    bench, random = Bench(dut), np.random.default_rng(cocotb.RANDOM_SEED)
    await start(dut, op__start=0, parts=0, windows=0, are_windows=0, count=0)
    found, seen = machines(SIZE, cocotb.RANDOM_SEED, 4 * MOST), 0
    while seen < MACS:
        machine = next(found)
        macs = list(macs_of(machine, wanted))
        if macs:
            bench.fill(machine.memories, random)
        for op, parts in macs:
            await bench.run(op, parts)
            seen += 1


def macs_of(machine, wanted):
    """Yield the MACs of all lists, with their segments."""
    for name in LISTS:
        parts = []
        for op in machine.lists[name]:
            if isinstance(op, Segment | Window):
                parts.append(op)
                continue
            if isinstance(op, Mac) and cycles([*parts, op], SIZE)[-1] < MOST and wanted(op, parts):
                yield op, parts
            parts = []


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def macs_of_random_networks(dut):
    """Dense and convolutional layers of several segments; pooled; scores; deltas."""
    await check(dut, lambda op, parts: not any(isinstance(part, Window) for part in parts))


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def macs_of_images(dut):
    """Sums of patches that the window unit makes."""
    await check(dut, lambda op, parts: any(isinstance(part, Window) for part in parts))
