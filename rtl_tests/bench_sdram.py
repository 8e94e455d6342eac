"""Bench of SdramController with the model of a chip: the bench is the user of the memory."""

import cocotb
from streams import Sink, cycle, generator, now, parameters, start

ADDRESS_BITS, RCD = parameters()["address_bits"], parameters().get("rcd")
SIZE = 1 << ADDRESS_BITS
BOOT_CYCLES = 25_000


class User:
    """Asks for words, and remembers what is written."""

    def __init__(self, dut, max_pause=0):
        self.dut = dut
        self.words = {}
        self.sink = Sink(dut, "memory__words", max_pause)
        self.random = generator("user")

    async def request(self, addr, last=0, write=0, data=0):
        """Have a request taken; return in the cycle behind that."""
        payload = addr | last << ADDRESS_BITS | write << ADDRESS_BITS + 8
        self.dut.memory__request__payload.value = payload | data << ADDRESS_BITS + 9
        self.dut.memory__request__valid.value = 1
        await self.sink.until(self.dut.memory__request__ready)
        await cycle(self.dut)
        self.dut.memory__request__valid.value = 0

    async def write(self, addr):
        self.words[addr] = self.random.getrandbits(16)
        await self.request(addr, write=1, data=self.words[addr])

    async def read(self, addr, count):
        """Ask for words and take them; return the cycles from the request to the first."""
        await self.request(addr, last=count - 1)
        since = now()
        words = [await self.sink.get()]
        waited = now() - since
        words += await self.sink.get_all(count - 1)
        assert words == [self.words.get((addr + i) % SIZE, words[i]) for i in range(count)]
        return waited


async def begin(dut, max_pause=0):
    await start(dut, memory__request__valid=0, memory__request__payload=0)
    return User(dut, max_pause)


async def finish(dut):
    await cycle(dut, 20)
    assert int(dut.violation.value) == 0


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
