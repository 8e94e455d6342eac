"""Bench of SdramController with the model of a chip: the bench is the user of the memory."""

import cocotb
from support.sdram_user import RCD, SIZE, User
from support.streams import as_int, cycle, now, start

BOOT_CYCLES = 25_000


async def begin(dut, max_pause=0):
    await start(dut, memory__request__valid=0, memory__request__payload=0)
    return User(dut, max_pause)


async def finish(dut):
    await cycle(dut, 20)
    assert as_int(dut.violation) == 0


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def words_are_kept(dut):
    """Words everywhere, some written twice, read one by one and in bursts, taken with pauses."""
    user = await begin(dut, 3)
    addresses = [user.random.randrange(SIZE) for _ in range(100)]
    for addr in [*range(SIZE), *addresses]:
        await user.write(addr)
    for addr in addresses:
        await user.read(addr, 1)
    for _ in range(60):
        await user.read(user.random.randrange(SIZE), user.random.randrange(1, 100))
    await finish(dut)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_burst_takes_a_word_a_cycle(dut):
    """Latency and length of a burst that no refresh and no end of a row interrupts."""
    user = await begin(dut)
    await cycle(dut, BOOT_CYCLES)
    waits, lengths = [], []
    for _ in range(20):
        await cycle(dut, 20)
        since = now() + 1  # the request is taken
        waits.append(await user.read(32, 16))
        lengths.append(now() - since)
    assert min(waits) == RCD + 8
    assert min(lengths) == RCD + 8 + 15
    await finish(dut)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def a_stalled_burst_loses_nothing(dut):
    """Nobody takes words while several refreshes pass."""
    user = await begin(dut)
    for addr in range(64, 164):
        await user.write(addr)
    for _ in range(3):
        await user.request(64, last=99)
        await cycle(dut, 3000)
        assert await user.sink.get_all(100) == [user.words[a] for a in range(64, 164)]
    await finish(dut)
