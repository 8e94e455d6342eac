"""Bench of OpEngine against the interpreter of op lists, list by list.

After each list all rows that the program has, the scores, the verdict and the cycles are compared;
at the end of a network all rows that there are. What is written where nothing belongs stays there.
"""

from itertools import accumulate, islice

import cocotb
import numpy as np
import pytest
from cocotb.triggers import FallingEdge
from support.op_bench import to_ints
from support.op_memories import by_item
from support.op_networks import kinds_of, machines, sample
from support.streams import as_int, cycle, parameters, start

from boldhw.gateware.ops.sequencer import Status
from boldhw.golden.ops import mac
from boldhw.spec.ops import images
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.heads import score_rows
from boldhw.spec.ops.kinds import Mac, Window
from boldhw.spec.ops.program import BACKWARD, FORWARD, UPDATE
from boldhw.spec.ops.ram import MEMORIES, item_bits, rams

GIVEN = parameters()
SIZE = ArraySize(**GIVEN["size"])
NAMES = MEMORIES  # of the host; an engine that infers only lacks some
MOST_CYCLES = GIVEN["cycles"]  # of a list
SAMPLES = 3  # of a network
ENDED = 2  # times that a list of a network is ended


def fields(values, bits):
    """Return rows of signed numbers as integers. values: shape (rows, numbers)."""
    ones = (1 << bits) - 1
    return [sum((int(x) & ones) << bits * n for n, x in enumerate(row)) for row in values]


def rows_of(memories):
    """Return the rows of all memories as integers, by name."""
    units = memories.units[..., :1] if SIZE.inference else by_item(SIZE, memories.units)
    found = {
        "data": to_ints(memories.data),
        "weight": to_ints(memories.weights),
        "delta": to_ints(memories.deltas),
        "unit": fields(units.reshape(len(units), -1), 16),
        "counter": fields(by_item(SIZE, memories.counters), 32),
        "score": fields(memories.scores[:, None], 16),
    }
    return {name: rows for name, rows in found.items() if name in rams(SIZE)}


def used_rows(machine):
    """Return how many rows a program has of each memory; of scores all."""
    found = {name: machine.memory.used(name) for name in NAMES if name != "score"}
    return found | {name: found[name] << item_bits(SIZE) for name in ("unit", "counter")}


class Engine:
    """The engine under test, and the rows that it is known to have."""

    def __init__(self, dut):
        self.dut, self.known = dut, {name: [] for name in NAMES}

    async def write(self, name, row, values):
        """Write integers to rows from ``row`` on."""
        dut = self.dut
        dut.host__memory.value, dut.host__write.value = NAMES.index(name), 1
        for number, value in enumerate(values, row):
            dut.host__addr.value, dut.host__data.value = number, value
            await FallingEdge(dut.clk)
        dut.host__write.value = 0

    async def load(self, memories):
        """Write the rows that differ from those that the engine has."""
        for name, rows in rows_of(memories).items():
            known = self.known[name]
            known += [None] * (len(rows) - len(known))
            for row, value in enumerate(rows):
                if known[row] != value:
                    await self.write(name, row, [value])
                    known[row] = value

    async def differences(self, memories, used):
        """Return (memory, row, found, expected) of rows that differ.

        used: first rows of each memory to compare, by name; all rows of those that it lacks.
        """
        dut, found, late = self.dut, [], SIZE.read_latency
        widths = {name: ram.width for name, ram in rams(SIZE).items()}
        lows = dict(zip(widths, [0, *accumulate(widths.values())], strict=False))
        for name, rows in rows_of(memories).items():
            rows = rows[: used.get(name)]
            dut.host__memory.value = NAMES.index(name)
            for row in range(len(rows) + late):
                if row >= late:
                    value = as_int(dut.host__rows) >> lows[name] & (1 << widths[name]) - 1
                    self.known[name][row - late] = value
                    if value != rows[row - late]:
                        found.append((name, row - late, hex(value), hex(rows[row - late])))
                dut.host__addr.value = min(row, len(rows) - 1)
                await FallingEdge(dut.clk)
        return found

    async def run(self, row, memories, limit=0xFF_FFFF):
        """Run the list from a row on; return cycles and status."""
        dut = self.dut
        dut.first.value, dut.limit.value, dut.start.value = row, limit, 1
        dut.label.value, dut.margin.value = memories.label, memories.margin
        dut.active_samples.value = memories.count
        await FallingEdge(dut.clk)
        dut.start.value = 0
        await FallingEdge(dut.busy)
        await FallingEdge(dut.clk)
        return as_int(dut.cycles), Status(as_int(dut.status))

    async def compare(self, machine, name, used):
        """Compare rows of all memories behind a list; see ``differences``."""
        found = await self.differences(machine.memories, used)
        assert not found, (name, len(found), found[:4], str(machine.memory.network))

    async def check(self, machine, name):
        """Run a list on both and compare."""
        memories = machine.memories
        expected = sum(cycles(machine.lists[name], SIZE)), Status.ENDED
        found = await self.run(machine.program.starts[name], memories, 2 * expected[0])
        assert found == expected, name
        machine.run(name)
        await self.compare(machine, name, used_rows(machine))
        if name == FORWARD and machine.memory.is_trained:
            assert bool(self.dut.active.value) == memories.active


async def begin(dut):
    await start(dut, start=0, host__write=0, host__addr=0, host__memory=0, host__keep=0)
    return Engine(dut)


async def load(engine, machine, generator):
    """Load a machine with a random sample."""
    memories = machine.memories
    bits, memories.label = sample(machine, generator)
    row, words = images.sample_rows(machine.memory, bits)
    memories.write_pairs(row, words, np.zeros_like(words))
    if not len(memories.scores):
        memories.scores = np.zeros(score_rows(machine.memory.network), np.int32)
    await engine.load(memories)


async def again(engine, memories):
    """Load all rows, whatever the engine has."""
    engine.known = {name: [] for name in NAMES}
    await engine.load(memories)


async def train(engine, machine, generator, samples=SAMPLES):
    """Run all lists of a machine on samples, as its ``train`` does."""
    memories = machine.memories
    for _ in range(samples):
        await load(engine, machine, generator)
        await engine.check(machine, FORWARD)
        if memories.active:
            await engine.check(machine, BACKWARD)
            memories.count += 1
            if memories.count == machine.batch:
                await engine.check(machine, UPDATE)
                memories.count = 0
    await engine.compare(machine, "any", {})


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def random_networks(dut):
    """All lists of networks of dense and convolutional layers, skips, strides and dilation."""
    engine, generator = await begin(dut), np.random.default_rng(1)
    found = machines(
        SIZE, cocotb.RANDOM_SEED, MOST_CYCLES, lambda each: Window not in kinds_of(each)
    )
    for _ in range(GIVEN["networks"]):
        await train(engine, next(found), generator)


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def images_through_windows(dut):
    """Networks whose first layer reads patches that the window unit makes."""
    engine, generator = await begin(dut), np.random.default_rng(2)
    found = machines(
        SIZE, cocotb.RANDOM_SEED, MOST_CYCLES, lambda each: Window in kinds_of(each, [FORWARD])
    )
    for _ in range(GIVEN["networks"]):
        await train(engine, next(found), generator)


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def scores_of_all_places(dut):
    """Networks of heads that have no loss, in several groups and with several words of a place."""
    engine, generator = await begin(dut), np.random.default_rng(5)
    for head in ("pixels", "residuals"):
        found = machines(SIZE, cocotb.RANDOM_SEED, MOST_CYCLES, head=head)
        for _ in range(GIVEN["networks"] // 4):
            machine = next(found)
            for _ in range(SAMPLES - 1):
                await load(engine, machine, generator)
                await engine.check(machine, FORWARD)
            await engine.compare(machine, "any", {})


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def lists_that_do_not_end(dut):
    """A kind that there is none of, an op of no rows, a limit; the next list runs as it should."""
    engine = await begin(dut)
    machine = next(machines(SIZE, 5, MOST_CYCLES))
    memories, row = machine.memories, machine.program.starts[FORWARD]
    await engine.load(memories)
    for bad in (0xF1F, 0x10, 0x0):
        await engine.write("data", 0, [bad])
        assert (await engine.run(0, memories))[1] == Status.BAD_OP
    expected = sum(cycles(machine.lists[FORWARD], SIZE))
    for limit in (1, 5, 30, expected - 1):
        assert await engine.run(row, memories, limit) == (limit + 1, Status.TOO_LONG)
    assert await engine.run(row, memories, expected) == (expected, Status.ENDED)
    await again(engine, memories)
    await train(engine, machine, np.random.default_rng(3), 1)


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def lists_that_are_ended_anywhere(dut):
    """A list that is ended in any of its cycles leaves nothing behind in the units.

    The forward list that begins at once takes as long as ever. It makes the rows of a rested
    engine, but for counters; behind the other two lists, which change other rows, it does once the
    memories are loaded again.
    """
    engine, generator = await begin(dut), np.random.default_rng(6)
    for machine in islice(machines(SIZE, 7, MOST_CYCLES), 3):
        memories, starts = machine.memories, machine.program.starts
        used = used_rows(machine) | {"counter": 0}
        forward = sum(cycles(machine.lists[FORWARD], SIZE)), Status.ENDED
        for name in (each for each in (FORWARD, BACKWARD, UPDATE) if machine.lists[each]):
            takes = sum(cycles(machine.lists[name], SIZE))
            for limit in generator.integers(1, takes, size=ENDED).tolist():
                await load(engine, machine, generator)
                ended = await engine.run(starts[name], memories, limit)
                assert ended == (limit + 1, Status.TOO_LONG)
                assert await engine.run(starts[FORWARD], memories) == forward
                if name != FORWARD:
                    await again(engine, memories)
                    assert await engine.run(starts[FORWARD], memories) == forward
                machine.run(FORWARD)
                await engine.compare(machine, f"{name} ended in cycle {limit}", used)
                await again(engine, memories)
        await train(engine, machine, generator, 1)


def _has_many_sums(machine):
    """Return whether some of them are likely to be one above their threshold.

    Of the networks that a serial array runs in few cycles, one in ten has as many.
    """
    return sum(op.rows * op.columns for op in machine.lists[FORWARD] if isinstance(op, Mac)) > 20


@cocotb.test(timeout_time=100, timeout_unit="ms")
async def planted_fault_is_found(dut):
    """A threshold that is one too high in the golden model does not go unseen.

    It is found in every network in which it changes a bit, and in no other.
    """
    engine, generator = await begin(dut), np.random.default_rng(4)
    bits, changes = mac._bits, []

    def planted(memories, op, sums):
        bits(memories, op, sums)
        right = memories.data.copy()
        bits(memories, op, sums - 1)
        changes.append(not np.array_equal(memories.data, right))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mac, "_bits", planted)
        for machine in islice(machines(SIZE, 6, MOST_CYCLES, _has_many_sums), 8):
            changes.clear()
            found = None
            try:
                await train(engine, machine, generator)
            except AssertionError as error:
                found = str(error)
            assert (found is not None) == any(changes), str(machine.memory.network)
            if found is not None:
                break
        else:
            raise AssertionError("no network has a sum that is at its threshold")
    assert "forward" in found
    await cycle(dut)
