"""Bench of Store: the bench is the command unit, the core and the memory."""

import cocotb
from support.memory_model import Memory, Plan
from support.streams import as_int, cycle, generator, now, parameters, settled, start
from support.unit_config import config_of

from boldhw.gateware.ports import Operation
from boldhw.spec.protocol import Register
from boldhw.spec.store import PAGE_BITS

CONFIG = config_of(parameters()["config"])
OPS = CONFIG.runs_ops
WIDTH = CONFIG.store_width
INPUTS = (
    "command__start", "command__count", "command__sample_words", "command__clear",
    "command__register_write", "command__register", "command__value", "command__addr",
    "command__read", "command__write", "data__addr", "data__write", "data__write_data",
    "control__start", "control__operation", "control__label", "control__registers",
    "control__clear", "control__score_ready",
    "control__counter_addr", "core_control__busy", "core_control__hit",
    "core_control__active", "core_control__updated", "core_control__flushed",
    "core_control__slot", "core_control__score", "core_control__score_valid",
    "core_control__counter", "core_data__read_data", "memory__words__payload",
)  # fmt: skip
OF_KIND = ("core_control__failed",) if OPS else (
    "control__noise_write", "control__noise_data", "core_control__passing",
)  # fmt: skip
FAILURE = 9


class Core:
    """Works for some cycles whenever it is started, and keeps what its data memory holds then."""

    def __init__(self, dut, longest):
        self.dut, self.longest = dut, longest
        self.random = generator("core")
        self.rows, self.runs, self.idle, self.waits = {}, [], now(), []
        self.passing, self.counting, self.slot = 0, 0, 16
        self.failed = 0
        self.fails_at = None  # number of a run that is ended before it is through

    async def serve(self):
        dut = self.dut
        while True:
            if OPS:
                dut.core_control__failed.value = self.failed
            else:
                dut.core_control__passing.value = int(self.passing > 0)
            dut.core_control__busy.value = int(self.passing + self.counting > 0)
            dut.core_control__slot.value = self.slot
            await settled(dut)
            if as_int(dut.core_data__write):
                assert not self.passing + OPS * self.counting
                row = as_int(dut.core_data__addr)
                self.rows[row] = as_int(dut.core_data__write_data)
            started = as_int(dut.core_control__start)
            if self.passing:
                self.passing -= 1
                self.idle = now() + 1
            elif self.counting:
                self.counting -= 1
            if started:
                assert not self.passing + self.counting
                self.begin()
            await cycle(dut)

    def begin(self):
        dut = self.dut
        assert as_int(dut.core_control__operation) == Operation.TRAIN.value
        self.waits.append(now() - self.idle)
        words = [self.rows.pop(row) for row in sorted(self.rows)]
        self.runs.append([as_int(dut.core_control__label), *words])
        self.passing = self.random.randint(1, self.longest)
        self.counting = self.random.choice([0, 13])
        self.slot = self.random.randrange(128) if OPS else self.random.randrange(8) * 16
        self.failed = FAILURE * (len(self.runs) == self.fails_at)


class Host:
    """The command unit."""

    def __init__(self, dut):
        self.dut = dut

    async def set(self, register, value):
        self.dut.command__register.value, self.dut.command__value.value = register, value
        self.dut.command__register_write.value = 1
        await cycle(self.dut)
        self.dut.command__register_write.value = 0

    async def begin_order(self, plan):
        record = plan.shift << 12 | plan.words if OPS else plan.shift << 8 | plan.size - 1
        await self.set(Register.RECORD, record)
        await self.set(Register.ORDER_SAMPLES, plan.order.samples)
        await self.set(Register.ORDER_TAPS, plan.order.taps)
        await self.set(Register.ORDER_STATE, plan.order.state)

    async def train(self, count, words):
        self.dut.command__sample_words.value, self.dut.command__count.value = words, count
        await settled(self.dut)
        assert as_int(self.dut.command__configured)
        await cycle(self.dut)
        self.dut.command__start.value = 1
        await cycle(self.dut)
        self.dut.command__start.value = 0
        await self.until(self.dut.command__running, 0)
        assert not as_int(self.dut.core_control__busy)
        await cycle(self.dut)

    async def read(self, page, addr):
        await self.set(Register.STORE_PAGE, page)
        self.dut.command__addr.value, self.dut.command__read.value = addr, 1
        await cycle(self.dut)
        self.dut.command__read.value = 0
        await self.until(self.dut.command__valid, 1)
        word = as_int(self.dut.command__word)
        await cycle(self.dut)
        return word

    async def write(self, page, addr, value):
        await self.set(Register.STORE_PAGE, page)
        self.dut.command__addr.value, self.dut.command__value.value = addr, value
        self.dut.command__write.value = 1
        await self.until(self.dut.command__written, 1)
        await cycle(self.dut)
        self.dut.command__write.value = 0

    async def until(self, signal, value):
        await settled(self.dut)
        while as_int(signal) != value:
            await cycle(self.dut)
            await settled(self.dut)


async def begin(dut, max_delay=0, longest=100):
    memory = Memory(dut, CONFIG, max_delay)
    await start(dut, **dict.fromkeys(INPUTS + OF_KIND, 0))
    core = Core(dut, longest)
    cocotb.start_soon(memory.serve())
    cocotb.start_soon(core.serve())
    return memory, core, Host(dut)


def expected(plan, count):
    """Return the runs of the core for the next records."""
    return [[label & 0xFF, *words] for label, *words in plan.take(count)]


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(timing=[(0, 5), (0, 300), (11, 60)])
async def each_sample_is_trained_once(dut, timing):
    """Words at the slot and labels, for fast and slow memories and cores, in several commands."""
    memory, core, host = await begin(dut, *timing)
    for words, samples in ((1, 3), (3, 50)):
        plan = Plan(CONFIG, memory, words, samples, 7)
        await host.begin_order(plan)
        for count in (1, 2, 40):
            core.runs.clear()
            await host.train(count, words)
            assert core.runs == expected(plan, count)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def records_must_be_as_long_as_samples(dut):
    """Every pair of lengths is told apart, also where the register of one cannot hold it."""
    _, _, host = await begin(dut)
    if OPS:
        for words in (1, 255, 0, 256, 4095):
            await host.set(Register.RECORD, 7 << 12 | words)
            await settled(dut)
            assert as_int(dut.command__configured) == (words > 0)
            await cycle(dut)
        return
    parts = CONFIG.store_parts
    for words in (1, 2, 3, 50, 84, 255):
        dut.command__sample_words.value = words
        size = (words + 1) * parts
        for last in {0, size % 256, (size - 1) % 256, (size - 2) % 256, 255}:
            await host.set(Register.RECORD, 7 << 8 | last)
            await settled(dut)
            assert as_int(dut.command__configured) == (last + 1 == size)
            await cycle(dut)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def the_next_sample_follows_at_once(dut):
    """Behind a pass: one cycle for the label, one for each word, and one to start."""
    memory, core, host = await begin(dut)
    core.random.choice = lambda counts: 0
    core.random.randint = lambda low, high: 200
    for words in range(1, min(4, CONFIG.queue_words + 1)):
        plan = Plan(CONFIG, memory, words, 9, 2)
        await host.begin_order(plan)
        core.waits.clear()
        await host.train(20, words)
        assert core.waits[1:] == [words + 1] * 19
        core.runs.clear()


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def words_are_read_and_written_between_commands(dut):
    """Single words and runs of them in every page, with training in between."""
    memory, core, host = await begin(dut, 3, 20)
    rng = generator("host")
    plan = Plan(CONFIG, memory, 2, 50, 1)
    await host.begin_order(plan)
    pages = 1 << CONFIG.store_address_bits - PAGE_BITS
    for _ in range(60):
        page, addr = rng.randrange(pages), rng.choice([0, 0xFFF0, rng.randrange(0xFFF0)])
        for word in range(addr, addr + rng.randrange(1, 16)):
            if rng.random() < 0.3:
                value = rng.getrandbits(WIDTH)
                await host.write(page, word, value)
                await cycle(dut)  # in which the memory takes it
                assert memory.written[page << PAGE_BITS | word] == value
            assert await host.read(page, word) == memory.word(page << PAGE_BITS | word)
        if rng.random() < 0.5:
            core.runs.clear()
            wanted = expected(plan, 3)
            await host.train(3, 2)
            assert core.runs == wanted


if OPS:

    @cocotb.test(timeout_time=10, timeout_unit="ms")
    async def no_sample_follows_a_list_that_was_ended(dut):
        """The command ends, the records that are left are passed over, and the next one trains."""
        memory, core, host = await begin(dut, 2, 30)
        plan = Plan(CONFIG, memory, 3, 50, 7)
        await host.begin_order(plan)
        for fails_at in (1, 4, 9):
            core.runs.clear()
            core.fails_at = fails_at
            wanted = expected(plan, 9)
            await host.train(9, 3)
            assert core.runs == wanted[:fails_at]
        core.runs.clear()
        core.fails_at = None
        wanted = expected(plan, 9)
        await host.train(9, 3)
        assert core.runs == wanted

    @cocotb.test(timeout_time=10, timeout_unit="ms")
    async def samples_are_longer_than_a_burst_and_than_the_queue(dut):
        memory, core, host = await begin(dut)
        for words in (127, 128, 140):
            plan = Plan(CONFIG, memory, words, 9, 2)
            await host.begin_order(plan)
            core.runs.clear()
            wanted = expected(plan, 3)
            await host.train(3, words)
            assert core.runs == wanted
