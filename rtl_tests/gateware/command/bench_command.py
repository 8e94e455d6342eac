"""Bench of CommandUnit behind Link: the bench is the host on one side and the core on the other."""

import struct
import zlib

import cocotb
from support.frame_host import Host
from support.streams import as_int, cycle, generator, now, parameters, settled, start

from boldhw.spec.counters import address_bits
from boldhw.spec.engine import EngineConfig
from boldhw.spec.protocol import (
    MAX_PAYLOAD,
    READABLE,
    Bank,
    Command,
    Register,
    Status,
    banks_of,
    identity_bytes,
    registers_of,
)

CONFIG = EngineConfig(**parameters()["config"])
IDENTITY = identity_bytes(CONFIG, 24_000_000)
BANKS, REGISTERS = banks_of(CONFIG), registers_of(CONFIG)
INFER, TRAIN, FLUSH = range(3)
BITS = {
    Register.LAYERS: 5, Register.BATCH: 10, Register.ROUNDING: 2, Register.CLASSES: 8,
    Register.OUTPUTS_PER_CLASS: 8, Register.SAMPLE_WORDS: 8,
}  # fmt: skip
ITEM_BYTES = {
    Bank.DATA: CONFIG.data_bytes,
    Bank.WEIGHTS: CONFIG.block_bytes,
    Bank.STORE: CONFIG.store_width // 8,
}
STORED = 100  # words of a store's page that are looked at
ITEMS = {Bank.DATA: CONFIG.data_rows, Bank.WEIGHTS: CONFIG.weight_blocks, Bank.STORE: STORED}
WRITABLE = [bank for bank in BANKS if bank != Bank.STORE or CONFIG.store == "sdram"]
STROBES = parameters()["strobes"]
LANE_BYTES = CONFIG.block_bytes // CONFIG.elements


class Store:
    """Behaves on its ports as StorePort says."""

    def __init__(self, core):
        self.core, self.random = core, core.random
        self.words = [self.random.getrandbits(CONFIG.store_width) for _ in range(STORED)]
        self.registers, self.trained, self.clears = [], [], 0
        self.reading, self.waiting, self.remaining = None, None, 0
        core.outputs |= {
            "store__running": 0, "store__valid": 0, "store__word": 0, "store__written": 0,
            "store__configured": 1,
        }  # fmt: skip

    def serve(self, asked):
        outputs, value, addr = self.core.outputs, self.core.value, self.core.value("store__addr")
        assert not (outputs["store__running"] and asked)
        self.clears += "store.clear" in asked
        if "store.register_write" in asked:
            self.registers.append((value("store__register"), value("store__value")))
        if "store.start" in asked:
            self.trained.append((value("store__count"), value("store__sample_words")))
            self.remaining = self.random.randrange(1, 30)
        if outputs["store__written"]:
            assert "store.write" in asked
            self.words[addr], self.waiting = value("store__value"), None
        elif "store.write" in asked:
            self.waiting = self.waiting or self.random.randrange(1, 6)
        if self.waiting:
            self.waiting -= 1
        if "store.read" in asked:
            self.reading, self.wait = addr, self.random.randrange(8)
            outputs |= {"store__valid": 0, "store__word": self.random.getrandbits(8)}
        elif self.reading is not None:
            self.wait -= 1
        if self.reading is not None and self.wait <= 0:
            outputs |= {"store__valid": 1, "store__word": self.words[self.reading]}
            self.reading = None
        outputs["store__written"] = int(self.waiting == 0)
        outputs["store__running"] = int(self.remaining > 0)
        self.remaining = max(0, self.remaining - 1)


class Core:
    """Behaves on its ports as ports.py says; what it computes is made up from what it is given."""

    def __init__(self, dut):
        self.dut = dut
        self.random = generator("core")
        self.rows = [0] * CONFIG.data_rows
        self.blocks = [[0] * CONFIG.elements for _ in range(CONFIG.weight_blocks)]
        self.words, self.loading = [0] * CONFIG.elements, None
        self.runs, self.noise, self.clears = [], [], 0
        self.sample_words = self.remaining = 0
        self.scores = []
        self.counters = words(self.random.randbytes(4 * (7 + CONFIG.max_layers)))
        self.counters |= words(IDENTITY, 1 << address_bits(CONFIG) - 1)
        self.outputs = {
            "data__read_data": 0, "blocks__word": 0, "control__busy": 0, "control__hit": 0,
            "control__active": 0, "control__updated": 0, "control__flushed": 0,
            "control__slot": 0, "control__score": 0, "control__score_valid": 0,
            "control__counter": 0,
        }  # fmt: skip
        self.next_slot()
        self.store = Store(self) if CONFIG.has_store else None

    def next_slot(self):
        self.outputs["control__slot"] = self.random.randrange(CONFIG.data_rows - 20)

    async def serve(self):
        driven = dict(self.outputs)
        while True:
            for name, value in self.outputs.items():
                if value != driven[name]:
                    getattr(self.dut, name).value = value
            driven = dict(self.outputs)
            await settled(self.dut)
            busy, strobes = self.outputs["control__busy"], as_int(self.dut.strobes)
            asked = {name for i, name in enumerate(STROBES) if strobes >> i & 1}
            assert not (busy and asked & {"data.write", "blocks.store", "control.start"})
            self.serve_data(asked)
            self.serve_blocks(asked)
            self.serve_control(asked, busy)
            if self.store:
                self.store.serve({name for name in asked if name.startswith("store.")})
            await cycle(self.dut)

    def value(self, name):
        return as_int(getattr(self.dut, name))

    def serve_data(self, asked):
        addr = self.value("data__addr")
        if "data.write" in asked:
            self.rows[addr] = self.value("data__write_data")
        stray = self.random.getrandbits(CONFIG.data_width)
        self.outputs["data__read_data"] = self.rows[addr] if addr < CONFIG.data_rows else stray

    def serve_blocks(self, asked):
        if "blocks.store" in asked:
            self.blocks[self.value("blocks__addr")] = list(self.words)
        if self.loading is not None:
            self.words = list(self.blocks[self.loading])
        elif "blocks.shift" in asked:
            self.words = [*self.words[1:], self.value("blocks__word_in")]
        self.loading = self.value("blocks__addr") if "blocks.load" in asked else None
        self.outputs["blocks__word"] = self.words[0]

    def serve_control(self, asked, busy):
        addr = self.value("control__counter_addr")
        self.outputs["control__counter"] = self.counters.get(addr, 0xEEEE)
        if "control.noise_write" in asked:
            self.noise.append(self.value("control__noise_data"))
        if "control.clear" in asked:
            self.clears += 1
            self.remaining = self.random.randrange(20)
            self.outputs["control__busy"] = 1
        if "control.start" in asked:
            self.begin()
        if busy:
            self.proceed("control.score_ready" in asked)

    def begin(self):
        slot = self.outputs["control__slot"]
        operation = self.value("control__operation")
        words = self.rows[slot : slot + self.sample_words] if operation != FLUSH else []
        run = (operation, self.value("control__label"), slot, words)
        self.runs.append(run)
        self.remaining = self.random.randrange(20)
        self.scores = scores(run, self.classes) if operation == INFER else []
        outcome = result(run)
        self.outputs |= {
            "control__busy": 1,
            "control__hit": outcome & 1,
            "control__active": outcome >> 1 & 1,
            "control__updated": outcome >> 2 & 1,
            "control__flushed": len(self.runs) % (CONFIG.batch + 1),
        }

    def proceed(self, score_ready):
        if self.outputs["control__score_valid"] and score_ready:
            self.scores.pop(0)
            self.outputs["control__score_valid"] = 0
        if self.scores:
            self.outputs["control__score_valid"] |= self.random.randrange(2)
            self.outputs["control__score"] = self.scores[0]
        elif self.remaining:
            self.remaining -= 1
        else:
            self.outputs["control__busy"] = 0
            self.next_slot()


def words(content, first=0):
    """Return {address: word} of the memory of the counters."""
    return dict(enumerate(struct.unpack(f"<{len(content) // 2}H", content), first))


def result(run):
    return (run[1] + sum(run[3])) % 8


def scores(run, classes):
    return [(sum(run[3]) * (c + 1) - 77) & 0xFFFF for c in range(classes)]


class Bench:
    """Host, core and a model of the device's state."""

    async def begin(self, dut, max_pause=0):
        self.dut = dut
        self.core, self.host = Core(dut), Host(dut, max_pause)
        for name, value in self.core.outputs.items():
            getattr(dut, name).value = value
        await start(dut)
        cocotb.start_soon(self.core.serve())
        self.rows, self.blocks = list(self.core.rows), [list(b) for b in self.core.blocks]
        self.stored = list(self.core.store.words) if self.core.store else []
        self.registers = dict.fromkeys(Register, 0)
        self.seq = 0
        assert (await self.call(Command.HELLO))[0] == Status.OK
        return self

    async def call(self, kind, addr=0, payload=b""):
        """Send a command with the next sequence number; return status and payload."""
        self.seq = (self.seq + 1) % 256
        return await self.host.exchange(kind, self.seq, payload, addr)

    async def set(self, register, value):
        assert await self.call(Command.REG_WRITE, register, struct.pack("<H", value)) == OK
        self.registers[register] = value & (1 << BITS.get(register, 16)) - 1
        self.core.sample_words = self.registers[Register.SAMPLE_WORDS]
        self.core.classes = self.registers[Register.CLASSES]

    async def configure(self, classes, sample_words):
        for register in REGISTERS:
            await self.set(register, 0xA5A5 + register)
        await self.set(Register.CLASSES, classes)
        await self.set(Register.SAMPLE_WORDS, sample_words)

    async def write(self, bank, first, items):
        """Write items of a bank, given as bytes each."""
        payload = bytes([bank]) + b"".join(items)
        assert await self.call(Command.MEM_WRITE, first, payload) == OK
        for index, item in enumerate(items, start=first):
            self.store(bank, index, item)

    def store(self, bank, index, item):
        if bank == Bank.STORE:
            self.stored[index] = int.from_bytes(item, "little")
        elif bank == Bank.DATA:
            self.rows[index] = int.from_bytes(item, "little")
        else:
            lanes = (item[i : i + LANE_BYTES] for i in range(0, len(item), LANE_BYTES))
            self.blocks[index] = [int.from_bytes(lane, "little") for lane in lanes]

    def content(self, bank, first, count):
        """Return what a bank must hold, as bytes."""
        if bank == Bank.STORE:
            size = ITEM_BYTES[bank]
            return b"".join(word.to_bytes(size, "little") for word in self.stored[first:][:count])
        if bank == Bank.DATA:
            rows = self.rows[first : first + count]
            return b"".join(row.to_bytes(CONFIG.data_bytes, "little") for row in rows)
        blocks = self.blocks[first : first + count]
        return b"".join(w.to_bytes(LANE_BYTES, "little") for block in blocks for w in block)

    def unchanged(self):
        """Tell whether the core holds what the model holds."""
        stored = self.core.store.words if self.core.store else []
        kept = (self.core.rows, self.core.blocks, stored)
        return kept == (self.rows, self.blocks, self.stored)


OK = (Status.OK, b"")


def item(rng, bank):
    """Return a random item; bits behind the last lane are zero."""
    if bank != Bank.WEIGHTS:
        return rng.randbytes(ITEM_BYTES[bank])
    words = (rng.getrandbits(CONFIG.elements) for _ in range(CONFIG.elements))
    return b"".join(word.to_bytes(LANE_BYTES, "little") for word in words)


def samples(rng, count, words):
    """Return samples as lists of operand words."""
    return [[rng.getrandbits(CONFIG.lanes) for _ in range(words)] for _ in range(count)]


def packed(words):
    return b"".join(word.to_bytes(CONFIG.word_bytes, "little") for word in words)


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 12])
async def memories_are_written_and_read(dut, max_pause):
    """Every bank at its first and last item and anywhere; STATE_CRC is that of MEM_READ."""
    rng = generator("host")
    bench = await Bench().begin(dut, max_pause)
    for _ in range(3 if max_pause == 0 else 1):
        for bank in BANKS:
            most = min((MAX_PAYLOAD - 1) // ITEM_BYTES[bank], ITEMS[bank])
            count = rng.choice([1, rng.randint(1, most), most])
            first = rng.choice([0, ITEMS[bank] - count, rng.randint(0, ITEMS[bank] - count)])
            if bank in WRITABLE:
                await bench.write(bank, first, [item(rng, bank) for _ in range(count)])
            assert bench.unchanged()
            first = rng.randint(0, ITEMS[bank] - count)
            request = bytes([bank, count])
            wanted = bench.content(bank, first, count)
            assert await bench.call(Command.MEM_READ, first, request) == (Status.OK, wanted)
            request = struct.pack("<BH", bank, ITEMS[bank])
            wanted = zlib.crc32(bench.content(bank, 0, ITEMS[bank])).to_bytes(4, "little")
            assert await bench.call(Command.STATE_CRC, 0, request) == (Status.OK, wanted)
    assert bench.unchanged()


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def registers_are_written_read_and_cleared(dut):
    """Each register keeps its bits; NOISE goes to the generator; RESET clears all but memories."""
    rng = generator("host")
    bench = await Bench().begin(dut)
    await bench.write(Bank.DATA, 3, [item(rng, Bank.DATA)])
    for _ in range(6):
        for register in REGISTERS:
            value = rng.getrandbits(16)
            await bench.set(register, value)
            if register == Register.NOISE:
                assert bench.core.noise.pop() == bench.registers[register]
            if bench.core.store:
                assert bench.core.store.registers[-1] == (register, value)
        assert not bench.core.noise
        for register in READABLE:
            value = bench.registers[register].to_bytes(2, "little")
            assert await bench.call(Command.REG_READ, register) == (Status.OK, value)
    assert (as_int(dut.control__registers) & 31) == bench.registers[Register.LAYERS]
    assert not bench.core.clears
    assert await bench.call(Command.RESET) == OK
    assert bench.core.clears == 1
    assert not bench.core.store or bench.core.store.clears == 1
    for register in READABLE:
        assert await bench.call(Command.REG_READ, register) == (Status.OK, b"\0\0")
    assert bench.unchanged()


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def samples_reach_the_core_and_results_the_host(dut):
    """INFER, TRAIN and FLUSH run once a sample, with its words at the slot, label and result."""
    rng = generator("host")
    bench = await Bench().begin(dut)
    for classes, words in [(2, 1), (3, 2), (10, 3), (255, 12)]:
        await bench.configure(classes, words)
        size = words * CONFIG.word_bytes
        for _ in range(1 + (words < 3)):
            most = min(MAX_PAYLOAD // size, MAX_PAYLOAD // (2 * classes))
            given = samples(rng, most and rng.randint(1, most), words)
            if given:
                payload = b"".join(map(packed, given))
                status, reply = await bench.call(Command.INFER, len(given), payload)
                runs = bench.core.runs[-len(given) :]
                assert [(run[0], run[3]) for run in runs] == [(INFER, word) for word in given]
                wanted = [score for run in runs for score in scores(run, classes)]
                assert (status, reply) == (Status.OK, struct.pack(f"<{len(wanted)}H", *wanted))
            if CONFIG.training:
                await train(bench, rng, samples(rng, rng.randint(1, 245 // (size + 1)), words))


async def train(bench, rng, given):
    labels = [rng.randrange(bench.registers[Register.CLASSES]) for _ in given]
    pairs = list(zip(labels, given, strict=True))
    payload = b"".join(bytes([label]) + packed(words) for label, words in pairs)
    status, reply = await bench.call(Command.TRAIN, len(given), payload)
    runs = bench.core.runs[-len(given) :]
    assert [(run[0], run[1], run[3]) for run in runs] == [(TRAIN, *pair) for pair in pairs]
    assert (status, reply) == (Status.OK, bytes(result(run) for run in runs))
    before = len(bench.core.runs)
    status, reply = await bench.call(Command.FLUSH)
    assert len(bench.core.runs) == before + 1
    assert bench.core.runs[-1][0] == FLUSH
    assert (status, reply) == (Status.OK, bytes([(before + 1) % (CONFIG.batch + 1)]))


def bad_requests(rng):
    """Return (command, addr, payload, status) of commands that must be refused."""
    one, word = rng.randbytes(1), CONFIG.word_bytes
    sample = rng.randbytes(2 * word)
    data = bytes([Bank.DATA])
    row, rows = rng.randbytes(CONFIG.data_bytes), CONFIG.data_rows
    block, blocks = rng.randbytes(CONFIG.block_bytes), CONFIG.weight_blocks
    length, address = Status.BAD_LENGTH, Status.BAD_ADDRESS
    bad = [
        (0, 0, b"", Status.UNKNOWN_COMMAND),
        (max(Command) + 1, 0, b"", Status.UNKNOWN_COMMAND),
        (0x7F, 0, rng.randbytes(9), Status.UNKNOWN_COMMAND),
        *((kind, 0, one, length) for kind in (Command.HELLO, Command.RESET, Command.STAT)),
        (Command.REG_READ, 0, one, length),
        (Command.REG_READ, Register.NOISE, b"", address),
        (Command.REG_READ, 0x100, b"", address),
        (Command.REG_WRITE, max(REGISTERS) + 1, b"ab", address),
        (Command.REG_WRITE, 0x100, b"ab", address),
        *((Command.REG_WRITE, 1, rng.randbytes(size), length) for size in (0, 1, 3)),
        *((Command.MEM_READ, 0, payload, length) for payload in (b"", data, b"\0\1\0", b"\0\0")),
        (Command.MEM_READ, 0, bytes([len(BANKS), 1]), address),
        (Command.MEM_READ, rows, bytes([0, 1]), address),
        (Command.MEM_READ, rows - 1, bytes([0, 2]), address),
        (Command.MEM_READ, blocks, bytes([1, 1]), address),
        (Command.MEM_READ, 0xFFFF, bytes([0, 2]), address),
        (Command.MEM_READ, 0, bytes([0, MAX_PAYLOAD // CONFIG.data_bytes + 1]), length),
        *((Command.MEM_WRITE, 0, payload, length) for payload in (b"", data, data + row + one)),
        (Command.MEM_WRITE, 0, data + row[:-1], length),
        (Command.MEM_WRITE, rows - 1, data + row + row, address),
        (Command.MEM_WRITE, 0, bytes([len(BANKS)]) + row, address),
        (Command.MEM_WRITE, 0, b"\1" + block[:-1], length),
        (Command.MEM_WRITE, blocks - 1, b"\1" + block + block, address),
        *((Command.STATE_CRC, 0, size * b"\0", length) for size in (0, 1, 2, 3, 4)),
        (Command.STATE_CRC, 0, struct.pack("<BH", 0, rows + 1), address),
        (Command.STATE_CRC, 1, struct.pack("<BH", 1, blocks), address),
        (Command.STATE_CRC, 0, bytes([len(BANKS), 1, 0]), address),
        (Command.INFER, 0, b"", length),
        (Command.INFER, 1, sample[:-1], length),
        (Command.INFER, 1, sample + one, length),
        (Command.INFER, 2, sample, length),
        (Command.INFER, 0xFFFF, sample, length),
    ]
    if CONFIG.training:
        bad += [
            (Command.FLUSH, 0, one, length),
            (Command.TRAIN, 0, b"", length),
            (Command.TRAIN, 1, b"\0" + sample[1:], length),
            (Command.TRAIN, 2, b"\0" + sample, length),
            (Command.TRAIN, 1, b"\0" + sample + one, length),
            (Command.TRAIN, 1, b"\3" + sample, Status.BAD_LABEL),
            (Command.TRAIN, 2, b"\0" + sample + b"\xff" + sample, Status.BAD_LABEL),
        ]
    else:
        bad += [(kind, 0, b"", Status.NO_TRAINING) for kind in (Command.TRAIN, Command.FLUSH)]
    if CONFIG.has_store:
        bad += [(Command.TRAIN_STORE, 0, b"", length), (Command.TRAIN_STORE, 5, one, length)]
        bad += [(Command.MEM_READ, 0, bytes([2, 0]), length)]
    else:
        bad += [(Command.TRAIN_STORE, 1, b"", Status.NO_STORE)]
    if CONFIG.store == "sdram":
        bad += [(Command.MEM_WRITE, 0, b"\2" + 3 * one, length)]
    if CONFIG.store == "flash":
        bad += [(Command.MEM_WRITE, 0, b"\2" + one, address)]
    return bad


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def errors_change_nothing(dut):
    """Each bad request is refused with its status and no strobe reaches the core."""
    rng = generator("host")
    bench = await Bench().begin(dut)
    for kind in (Command.INFER, Command.TRAIN, Command.FLUSH) if CONFIG.training else ():
        assert await bench.call(kind, 1, b"\0\0") == (Status.NOT_CONFIGURED, b"")
    if CONFIG.has_store:
        assert await bench.call(Command.TRAIN_STORE, 1) == (Status.NOT_CONFIGURED, b"")
    await bench.configure(3, 2)
    noise = list(bench.core.noise)
    for bank in WRITABLE:
        await bench.write(bank, 0, [item(rng, bank) for _ in range(3)])
    for kind, addr, payload, status in 2 * bad_requests(rng):
        assert await bench.call(kind, addr, payload) == (status, b""), (kind, addr, payload)
    await bench.set(Register.CLASSES, 124)  # scores of one sample need 248 bytes
    sample = packed(samples(rng, 1, 2)[0])
    assert await bench.call(Command.INFER, 1, sample) == (Status.BAD_LENGTH, b"")
    assert bench.unchanged()
    assert (bench.core.runs, bench.core.noise, bench.core.clears) == ([], noise, 0)
    assert not bench.core.store or not bench.core.store.trained
    for register in READABLE:
        value = bench.registers[register].to_bytes(2, "little")
        assert await bench.call(Command.REG_READ, register) == (Status.OK, value)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def the_store_trains_as_often_as_it_is_asked(dut):
    """TRAIN_STORE hands count and size over once and answers when the store is done."""
    rng = generator("host")
    bench = await Bench().begin(dut)
    await bench.configure(3, 2)
    counts = [rng.randrange(1, 1 << 16) for _ in range(20)] if CONFIG.has_store else []
    for count in counts:
        assert await bench.call(Command.TRAIN_STORE, count) == OK
        assert not bench.core.outputs["store__running"]
        assert (await bench.call(Command.STAT))[0] == Status.OK
    assert not bench.core.store or bench.core.store.trained == [(count, 2) for count in counts]
    if bench.core.store:
        bench.core.outputs["store__configured"] = 0
        await cycle(dut, 2)
        assert await bench.call(Command.TRAIN_STORE, 1) == (Status.NOT_CONFIGURED, b"")
        assert len(bench.core.store.trained) == len(counts)
    assert bench.unchanged()


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def identity_counters_and_time_are_as_documented(dut):
    """HELLO and STAT report what they should; STATE_CRC takes the documented cycles."""
    bench = await Bench().begin(dut)
    assert await bench.call(Command.HELLO) == (Status.OK, IDENTITY)
    size = 2 * (7 + CONFIG.max_layers)
    wanted = struct.pack(f"<{size}H", *(bench.core.counters[addr] for addr in range(size)))
    for bank in BANKS:  # what was read before must not be sent again
        assert (await bench.call(Command.MEM_READ, 0, bytes([bank, 1])))[0] == Status.OK
        assert await bench.call(Command.STAT) == (Status.OK, wanted)
    for bank, cycles in {
        Bank.DATA: 2 * CONFIG.data_bytes + 1,
        Bank.WEIGHTS: 2 * CONFIG.block_bytes + 3,
    }.items():
        times = []
        for count in (5, 25):
            begun = now()
            status, _ = await bench.call(Command.STATE_CRC, 0, struct.pack("<BH", bank, count))
            assert status == Status.OK
            times.append(now() - begun)
        # Zeros in the CRC change the length of encoding by a few cycles.
        assert abs(times[1] - times[0] - 20 * cycles) <= 16
