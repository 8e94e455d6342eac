"""Bench of Records: the bench is the memory, and takes the operand words."""

import cocotb
from support.memory_model import Memory, Plan
from support.streams import Sink, as_int, cycle, parameters, start
from support.unit_config import config_of

CONFIG = config_of(parameters()["config"])


async def begin(dut, max_delay=0, max_pause=0):
    dut.memory__words__payload.value = 0
    memory = Memory(dut, CONFIG, max_delay)
    sink = Sink(dut, "o", max_pause)
    await start(dut, start=0, count=0, stride=0, last=0, samples=1, taps=1, state=0, state_write=0)
    cocotb.start_soon(memory.serve())
    return memory, sink


async def begin_order(dut, plan):
    dut.stride.value, dut.last.value = plan.shift, plan.size - 1
    dut.samples.value, dut.taps.value = plan.order.samples, plan.order.taps
    dut.state.value, dut.state_write.value = plan.order.state, 1
    await cycle(dut)
    dut.state_write.value = 0


async def fetch(dut, count):
    dut.start.value, dut.count.value = 1, count
    await cycle(dut)
    dut.start.value = 0


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(pauses=[(0, 0), (9, 0), (0, 40), (5, 9)])
async def words_of_records_come_in_order(dut, pauses):
    """Records of several lengths, in runs of several lengths, whatever stalls."""
    memory, sink = await begin(dut, *pauses)
    for words, samples in ((1, 5), (2, 100), (3, 300)):
        plan = Plan(CONFIG, memory, words, samples, samples)
        await begin_order(dut, plan)
        for count in (1, 40, 2):
            await fetch(dut, count)
            for record in plan.take(count):
                assert await sink.get_all(len(record)) == record
        await cycle(dut, 500)
        assert not as_int(dut.o__valid)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def one_record_is_queued_and_no_more_is_lost(dut):
    """While nobody takes words, as many are read as the queue holds; then the memory waits."""
    memory, sink = await begin(dut)
    plan = Plan(CONFIG, memory, 2, 50, 1)
    await begin_order(dut, plan)
    await fetch(dut, 60)
    await cycle(dut, 1500)
    longest = CONFIG.queue_words + 1
    assert len(memory.bursts) <= longest // 3 + 2
    for record in plan.take(60):
        assert await sink.get_all(len(record)) == record


# Operand words of a sample; with op lists records may be longer than a burst, here of just one, of
# one and a bit, and of two and a bit.
LENGTHS = (3, 127, 128, 300) if CONFIG.runs_ops else (3,)


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(words=LENGTHS)
async def each_record_is_as_few_bursts_as_it_can_be(dut, words):
    """They begin where the record does and are as long."""
    memory, sink = await begin(dut)
    plan = Plan(CONFIG, memory, words, 20, 4)
    await begin_order(dut, plan)
    await fetch(dut, 20)
    order = plan.order.copy()
    for record in plan.take(20):
        assert await sink.get_all(len(record)) == record
    wanted = [
        (((n + 1) << plan.shift) + first, min(plan.size - first, 256))
        for n in order.take(20).tolist()
        for first in range(0, plan.size, 256)
    ]
    assert memory.bursts == wanted
