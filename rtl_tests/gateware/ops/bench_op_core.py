"""Bench of OpCore against the golden machine: memories, operations, outcomes and counters."""

import itertools

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly
from support.graph_driver import make_graph
from support.streams import as_int, cycle, generator, parameters, start

from boldhw.gateware.ops.link_ports import OpRegisterLayout
from boldhw.gateware.ports import Operation
from boldhw.golden.ops.machine import Machine
from boldhw.spec.ops import images, packing
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.link import LIMIT_CYCLES, LinkedArray
from boldhw.spec.ops.program import BACKWARD, FORWARD, UPDATE
from boldhw.spec.ops.protocol import ListStatus, OpBank
from boldhw.spec.protocol import COUNTERS

SIZE = ArraySize(**parameters()["size"])
NETWORK = parameters().get("network", "4x4x4-4k3-6")
CONFIG = LinkedArray(SIZE)
INPUTS = (
    "data__addr", "data__write", "data__write_data", "blocks__used", "blocks__bank",
    "blocks__addr", "blocks__load", "blocks__shift", "blocks__write", "blocks__word_in",
    "control__start", "control__operation", "control__label", "control__registers",
    "control__clear", "control__score_ready", "control__counter_addr",
)  # fmt: skip


class Driver:
    """Drives the ports of a core as the command unit does, beside a golden machine."""

    def __init__(self, dut, text):
        self.dut, self.random = dut, generator("driver")
        graph = make_graph(text, size=SIZE, batch=2)
        self.machine = Machine(
            graph.spec, SIZE, graph.settings, [layer.weights for layer in graph.layers]
        )
        self.counts = dict.fromkeys(COUNTERS, 0)

    async def start(self, limit=None):
        """Reset the core, and load the network."""
        dut, memory, machine = self.dut, self.machine.memory, self.machine
        await start(dut, **dict.fromkeys(INPUTS, 0))
        while as_int(dut.control__busy):
            await cycle(dut)
        await self.write_rows(machine.program.row, packing.pack_lists(machine.program))
        first, end = packing.accumulator_span(memory)
        await self.write_rows(first, bytes((end - first) * CONFIG.data_bytes))
        await self.write_words(OpBank.WEIGHTS, packing.pack_weights(memory, machine.weights()))
        await self.write_words(OpBank.UNITS, packing.pack_units(machine.memories.units))
        await self.write_words(OpBank.COUNTERS, bytes(SIZE.counter_rows * CONFIG.unit_bytes))
        starts, loss = machine.program.starts, machine.classes
        longest = -(-machine.watchdog // LIMIT_CYCLES)
        values = {
            "forward": starts[FORWARD], "backward": starts[BACKWARD], "update": starts[UPDATE],
            "batch": machine.batch, "margin": machine.memories.margin, "classes": loss,
            "outputs_per_class": memory.network.output.outputs // loss,
            "sample_row": packing.sample_row(memory),
            "limit": longest if limit is None else limit,
        }  # fmt: skip
        dut.control__registers.value = OpRegisterLayout(CONFIG).const(values).as_bits()

    async def write_rows(self, first, data):
        """Write rows of the data memory."""
        self.dut.data__write.value = 1
        for offset in range(0, len(data), CONFIG.data_bytes):
            row = data[offset : offset + CONFIG.data_bytes]
            self.dut.data__addr.value = first + offset // CONFIG.data_bytes
            self.dut.data__write_data.value = int.from_bytes(row, "little")
            await cycle(self.dut)
        self.dut.data__write.value = 0

    async def read_rows(self, first, count):
        """Return rows of the data memory."""
        found = []
        for row in range(first, first + count):
            self.dut.data__addr.value = row
            await cycle(self.dut, SIZE.read_latency)
            await ReadOnly()
            found.append(as_int(self.dut.data__read_data).to_bytes(CONFIG.data_bytes, "little"))
            await cycle(self.dut)
        return b"".join(found)

    def _item(self, bank):
        """Return the bytes of an item, and those of a word of it."""
        item = CONFIG.block_bytes if bank == OpBank.WEIGHTS else CONFIG.unit_bytes
        return item, item // SIZE.elements

    async def write_words(self, bank, data):
        """Write items of another memory, word by word."""
        dut, (item, word) = self.dut, self._item(bank)
        dut.blocks__used.value, dut.blocks__bank.value = 1, int(bank)
        for start_of in range(0, len(data), item):
            dut.blocks__addr.value = start_of // item
            dut.blocks__load.value = 1
            await cycle(dut)
            dut.blocks__load.value = 0
            for offset in range(start_of, start_of + item, word):
                value = int.from_bytes(data[offset : offset + word], "little")
                dut.blocks__word_in.value = value
                dut.blocks__write.value = dut.blocks__shift.value = 1
                await cycle(dut)
                dut.blocks__write.value = dut.blocks__shift.value = 0
                await cycle(dut, self.random.randrange(2))
        dut.blocks__used.value = 0

    async def read_words(self, bank, count):
        """Return items of another memory."""
        dut, (_, word), found = self.dut, self._item(bank), []
        bits = SIZE.elements if bank == OpBank.WEIGHTS else 8 * word
        dut.blocks__used.value, dut.blocks__bank.value = 1, int(bank)
        for number in range(count):
            dut.blocks__addr.value = number
            await cycle(dut, 2)
            dut.blocks__load.value = 1
            await cycle(dut)
            dut.blocks__load.value, dut.blocks__addr.value = 0, number + 1
            await cycle(dut, 1 + SIZE.dual_port)
            for _ in range(SIZE.elements):
                if SIZE.dual_port:  # the word is from a register
                    await cycle(dut)
                await ReadOnly()
                value = as_int(dut.blocks__word) & (1 << bits) - 1
                found.append(value.to_bytes(word, "little"))
                await cycle(dut)
                dut.blocks__shift.value = 1
                await cycle(dut)
                dut.blocks__shift.value = 0
        dut.blocks__used.value = 0
        return b"".join(found)

    async def run(self, operation, label=0):
        """Run an operation; return its scores."""
        dut, scores = self.dut, []
        dut.control__operation.value, dut.control__label.value = operation.value, label
        dut.control__start.value = 1
        await cycle(dut)
        dut.control__start.value = 0
        while True:
            dut.control__score_ready.value = ready = self.random.randrange(2)
            await ReadOnly()
            busy, valid = as_int(dut.control__busy), as_int(dut.control__score_valid)
            if ready and valid:
                scores.append(as_int(dut.control__score))
            await cycle(dut)
            if not busy:
                dut.control__score_ready.value = 0
                return [score - (score >> 15 << 16) for score in scores]

    async def write_sample(self, bits):
        """Write a sample where its words belong."""
        row, words = images.sample_rows(self.machine.memory, bits)
        assert as_int(self.dut.control__slot) == row
        await self.write_rows(row, packing.pack_rows(SIZE, words))

    async def train(self, bits, label):
        """Train both on a sample; compare what comes of it."""
        machine, control = self.machine, self.dut
        await self.write_sample(bits)
        await self.run(Operation.TRAIN, label)
        counted = machine.memories.count
        active, updates = machine.train(bits[None], np.array([label]))
        hit = int(np.argmax(machine.memories.scores) == label)
        found = [
            as_int(getattr(control, f"control__{name}"))
            for name in ("hit", "active", "updated", "failed")
        ]
        assert found == [hit, active, updates, 0], counted
        self.add(samples=1, active=active, hits=hit, updates=updates)

    async def infer(self, bits):
        """Infer a sample on both."""
        await self.write_sample(bits)
        scores = await self.run(Operation.INFER)
        sums = self.machine.infer(bits)
        assert scores == sums.reshape(self.machine.classes, -1).sum(axis=1).tolist()
        self.counts["cycles_forward"] += self.cost(FORWARD)

    async def flush(self):
        """Update both with what waits."""
        waiting = self.machine.memories.count
        await self.run(Operation.FLUSH)
        assert as_int(self.dut.control__flushed) == waiting
        self.add(updates=self.machine.flush())

    def cost(self, name):
        """Return the cycles of a list."""
        return sum(cycles(self.machine.lists[name], SIZE))

    def add(self, **grown):
        """Add to the counters that are expected."""
        for name, count in grown.items():
            self.counts[name] += count
        for name, of in ((FORWARD, "samples"), (BACKWARD, "active"), (UPDATE, "updates")):
            self.counts[f"cycles_{name}"] += self.cost(name) * grown.get(of, 0)

    async def compare(self):
        """Compare all that a host can read: used rows of memories, and the counters of STAT."""
        memory, memories = self.machine.memory, self.machine.memories
        used = memory.used("weight")
        weights = packing.pack_blocks(SIZE, memories.weights[:used])
        assert await self.read_words(OpBank.WEIGHTS, used * SIZE.granules) == weights
        used = memory.used("data")
        rows = packing.pack_rows(SIZE, memories.data[:used])
        assert await self.read_rows(0, used) == rows
        used = memory.used("unit")
        units = packing.pack_units(memories.units[:used])
        assert await self.read_words(OpBank.UNITS, used) == units
        used = memory.used("counter")
        counters = (memories.counters[:used] & 0xFFFFFFFF).astype("<u4").tobytes()
        assert await self.read_words(OpBank.COUNTERS, used) == counters
        assert await self.stat() == self.counts

    async def stat(self):
        """Return the counters of STAT by name."""
        halves = []
        for addr in range(2 * len(COUNTERS)):
            self.dut.control__counter_addr.value = addr
            await cycle(self.dut, 2)
            halves.append(as_int(self.dut.control__counter))
        words = [low | high << 16 for low, high in zip(halves[::2], halves[1::2], strict=True)]
        return dict(zip(COUNTERS, words, strict=True))


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def it_trains_as_the_machine(dut):
    """TRAIN, INFER with scores that wait, FLUSH with votes and without; all state is equal.

    Up to five updates, and 14 samples at least.
    """
    driver = Driver(dut, NETWORK)
    await driver.start()
    await driver.compare()
    memory = driver.machine.memory
    for number in itertools.count():
        if number >= 14 and driver.counts["updates"] >= 5:
            break
        bits = np.array([driver.random.random() < 0.4 for _ in range(memory.network.inputs)])
        if number % 3 == 2:
            await driver.infer(bits)
        await driver.train(bits, driver.random.randrange(driver.machine.classes))
        if number % 5 == 4:
            await driver.flush()
            await driver.flush()
            await driver.compare()
    await driver.compare()
    dut.control__clear.value = 1
    await cycle(dut)
    dut.control__clear.value = 0
    while as_int(dut.control__busy):
        await cycle(dut)
    assert set((await driver.stat()).values()) == {0}


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def a_list_that_was_ended_is_told(dut):
    """Its status stays until the next start; the operation ends."""
    driver = Driver(dut, NETWORK)
    await driver.start(limit=0)
    for operation in (Operation.TRAIN, Operation.INFER):
        assert await driver.run(operation) == []
        assert as_int(dut.control__failed) == ListStatus.TOO_LONG
    row = b"\x1f\x01".ljust(CONFIG.data_bytes, b"\0")
    await driver.start()
    await driver.write_rows(driver.machine.program.starts[FORWARD], row)
    assert await driver.run(Operation.INFER) == []
    assert as_int(dut.control__failed) == ListStatus.BAD_OP
    await driver.run(Operation.FLUSH)
    assert as_int(dut.control__failed) == 0
