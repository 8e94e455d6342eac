"""Bench of FlashReader with the model of a chip: the bench is the user of the memory."""

import cocotb
from support.sdram_user import User
from support.streams import as_int, cycle, now, parameters, start

CONTENTS = parameters()["contents"]


async def begin(dut, max_pause=0):
    await start(dut, memory__request__valid=0, memory__request__payload=0)
    user = User(dut, max_pause)
    user.words = dict(enumerate(CONTENTS))
    return user


async def finish(dut):
    await cycle(dut, 20)
    assert as_int(dut.violation) == 0


@cocotb.test(timeout_time=10, timeout_unit="ms")
@cocotb.parametrize(max_pause=[0, 9])
async def bytes_are_those_of_the_chip(dut, max_pause):
    """Single bytes and bursts, taken at once and with pauses; a write changes nothing."""
    user = await begin(dut, max_pause)
    for _ in range(40):
        count = user.random.randrange(1, 100)
        await user.read(user.random.randrange(len(CONTENTS) - count), count)
    await user.request(5, write=1, data=~CONTENTS[5] & 0xFF)
    await user.read(5, 1)
    await finish(dut)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_byte_takes_four_cycles(dut):
    """A burst takes the cycles that the reader's docstring says."""
    user = await begin(dut)
    await user.read(0, 1)
    times = []
    for count in (1, 2, 50, 100):
        await cycle(dut, 20)
        since = now() + 1  # the request is taken
        await user.request(7, last=count - 1)
        await user.sink.get_all(count)
        await user.sink.until(dut.memory__request__ready)
        times.append(now() - since - 4 * count)
        await cycle(dut)
    assert times == [84] * 4
    await finish(dut)
