"""A user of a memory of words, and its own record of them."""

from support.streams import Sink, cycle, generator, now, parameters

ADDRESS_BITS, RCD = parameters()["address_bits"], parameters().get("rcd")
SIZE = 1 << ADDRESS_BITS


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
