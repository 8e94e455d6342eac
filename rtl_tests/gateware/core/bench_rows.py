"""Bench of Rows: runs of passes one after the other, with rows that mean nothing between.

A pass reads rows from the cycle after ``loaded`` on, up to its next ``open`` or its ``done``.
"""

import cocotb
from support.every_cycle import compare
from support.streams import generator, parameters

from boldhw.spec.engine import EngineConfig

CONFIG = EngineConfig(**parameters())
PASSES = ["forward", "backward", "update"][: 3 if CONFIG.training else 1]
ROW_BITS = (CONFIG.data_rows - 1).bit_length()
FLAGS = ("start", "done", "open")
BITS = {
    "slot": ROW_BITS,
    "words__first": CONFIG.lanes,
    "words__second": CONFIG.lanes,
    "host__addr": ROW_BITS,
    "host__write": 1,
    "host__write_data": CONFIG.data_width,
    "memory__read_data": CONFIG.data_width,
}
if CONFIG.training:
    BITS |= {
        "accumulators": CONFIG.elements * CONFIG.accumulator_bits,
        "flipped": 1,
        "store_accumulators": 1,
    }
PORT = {"addr": ROW_BITS, "in_slot": 1, "write": 1, "second": 1}
PORT |= {"write_addr": ROW_BITS} if CONFIG.dual_port else {}


class Record:
    """Columns of inputs, written cycle by cycle, and which pass reads rows in each."""

    def __init__(self, rng):
        self.rng, self.cycles, self.reading = rng, [], []

    def cycle(self, awake=None, reading=False, table=False, **flags):
        """Note a cycle of a pass, with flags of FLAGS, ``loaded``, ``taking`` and ``taken``."""
        inputs = {name: self.rng.getrandbits(bits) for name, bits in BITS.items()}
        inputs |= dict.fromkeys(FLAGS, 0) | {"loaded": 0, "taking": 1, "taken": 1}
        inputs["table_row"] = self.rng.getrandbits(ROW_BITS) if table else 0
        for name in PASSES:
            port = {key: self.rng.getrandbits(bits) for key, bits in PORT.items()}
            if name != awake:  # any row to read, but nothing to write, and always in the slot
                port |= dict.fromkeys(PORT, 0) | {"addr": port["addr"], "in_slot": 1}
            inputs |= {f"{name}__{key}": value for key, value in port.items()}
        for name, value in flags.items():
            inputs[name] = value << PASSES.index(awake) if name in FLAGS else value
        self.cycles.append(inputs)
        self.reading.append(awake if reading else None)

    def run(self, name, layers, lengths, pause=3):
        """Start a pass; ``lengths`` are the cycles in which it reads rows, of each layer."""
        flags = {"start": 1}
        for layer in range(layers):
            last = lengths[layer % len(lengths)] - 1
            if layer == 0:
                self.cycle(name, open=1, **flags)
            for step in range(pause):
                self.cycle(name, table=True, loaded=int(step == pause - 1))
            for step in range(last + 1):
                end = "done" if layer == layers - 1 else "open"
                self.cycle(name, reading=True, **({end: 1} if step == last else {}))

    def idle(self, count):
        """The host has the memory; ``taking`` announces the pass two cycles before it."""
        for left in reversed(range(count)):
            self.cycle(taken=0, taking=int(left < 2))

    async def compare(self, dut):
        inputs = {name: [each[name] for each in self.cycles] for name in self.cycles[0]}
        rows = [self.expected(index) for index in range(len(self.cycles))]
        outputs = {name: [row[name] for row in rows] for name in rows[0]}
        await compare(dut, inputs, outputs)

    def expected(self, index):
        """Return the outputs of a cycle."""
        now, before = self.cycles[index], self.cycles[index - 1] if index else {}
        reading, taken = self.reading[index], now["taken"]
        addr = now["table_row"]
        if reading:
            addr |= now[f"{reading}__addr"] | (before[f"{reading}__in_slot"] and now["slot"])
        if CONFIG.dual_port:
            addr |= 0 if before.get("taking", 0) else before.get("host__addr", 0)
        else:
            addr |= 0 if taken else now["host__addr"]
        word = now["words__second" if self.any("second", now) else "words__first"]
        in_slot = now["slot"]
        if CONFIG.training:
            if not CONFIG.dual_port:
                word |= self.accumulators(index - 1)
            elif now["store_accumulators"]:
                word, in_slot = self.accumulators(index), 0
        result = {
            "memory__addr": sum(addr << i * ROW_BITS for i in range(CONFIG.data_slices)),
            "memory__write": self.any("write", now) if taken else now["host__write"],
            "memory__write_data": word if taken else now["host__write_data"],
            "host__read_data": now["memory__read_data"],
        }
        if CONFIG.dual_port:
            target = self.any("write_addr", now) | in_slot
            result["memory__write_addr"] = target if taken else now["host__addr"]
        return result

    @staticmethod
    def any(name, now):
        """Return the member of the pass that is awake; those of the others are 0."""
        return max(now[f"{each}__{name}"] for each in PASSES)

    def accumulators(self, index):
        """Return those that were flipped in a cycle, with two ports in the last one before it."""
        first, last = (0, index) if CONFIG.dual_port else (max(index, 0), index + 1)
        flipped = (each for each in reversed(self.cycles[first:last]) if each["flipped"])
        return next(flipped, {"accumulators": 0})["accumulators"]


def random_runs(rng, record, count, lengths):
    """Operations of one to three passes; the host has the memory between some of them."""
    while len(record.cycles) < count:
        for _ in range(rng.randint(1, 3)):
            cycles = [rng.choice(lengths) for _ in range(3)]
            record.run(rng.choice(PASSES), rng.randint(1, 3), cycles, rng.randint(2, 5))
            for _ in range(rng.choice([0, 1, 4])):
                record.cycle()
        record.idle(rng.choice([1, 2, 3, 9]))


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(lengths=[[1, 2, 3], [1, 5, 40]])
async def random_operations(dut, lengths):
    """Short and long layers of random passes, often without a pause between them."""
    rng = generator(f"{lengths}")
    record = Record(rng)
    random_runs(rng, record, 10_000, lengths)
    await record.compare(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def every_order_of_passes(dut):
    """Each pass after each other one, and after itself, right after its last cycle."""
    record = Record(generator("order"))
    for first in PASSES:
        for second in PASSES:
            for length in (1, 2):
                record.run(first, 2, [length], pause=2)
                record.run(second, 1, [length], pause=2)
                record.idle(3)
    await record.compare(dut)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def host_alone(dut):
    """No pass runs: rows, writes and data of the host, cycle by cycle."""
    record = Record(generator("host"))
    record.idle(200)
    await record.compare(dut)
