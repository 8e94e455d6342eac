"""A memory of samples in Python, behind the ``memory`` port of a unit under test."""

from support.streams import as_int, cycle, generator, settled

from boldhw.spec.order import Order


class Memory:
    """Answers requests with words that are made up from their addresses, unless written before.

    Reading begins up to ``max_delay`` cycles after a request was taken, and up to as many lie
    between two words.
    """

    def __init__(self, dut, config, max_delay=0):
        self.dut, self.max_delay = dut, max_delay
        self.width, self.bits = config.store_width, config.store_address_bits
        self.written, self.bursts = {}, []
        self.random = generator("memory")
        dut.memory__request__ready.value = 0
        dut.memory__words__valid.value = 0

    def word(self, addr):
        addr %= 1 << self.bits
        return self.written.get(addr, (addr * 40503 ^ addr >> 7) & (1 << self.width) - 1)

    async def serve(self):
        """Take one request after the other, for ever."""
        while True:
            await self.pause()
            self.dut.memory__request__ready.value = 1
            await settled(self.dut)
            taken = as_int(self.dut.memory__request__valid)
            payload = as_int(self.dut.memory__request__payload) if taken else 0
            await cycle(self.dut)
            self.dut.memory__request__ready.value = 0
            if taken:
                await self.answer(payload)

    async def answer(self, payload):
        addr, payload = payload % (1 << self.bits), payload >> self.bits
        last, write, data = payload & 0xFF, payload >> 8 & 1, payload >> 9
        if write:
            self.written[addr] = data
            return
        self.bursts.append((addr, last + 1))
        for word in range(addr, addr + last + 1):
            await self.pause()
            self.dut.memory__words__valid.value = 1
            self.dut.memory__words__payload.value = self.word(word)
            await settled(self.dut)
            while not as_int(self.dut.memory__words__ready):
                await cycle(self.dut)
                await settled(self.dut)
            await cycle(self.dut)
            self.dut.memory__words__valid.value = 0

    async def pause(self):
        await cycle(self.dut, self.random.randint(0, self.max_delay))


class Plan:
    """Records of so many operand words in a memory, and the order in which they come."""

    def __init__(self, config, memory, words, samples, seed):
        self.config, self.memory = config, memory
        self.parts, self.words = config.store_parts, words
        self.size = (1 + words) * self.parts
        self.shift = (self.size - 1).bit_length()
        self.order = Order(samples, seed)

    def operand(self, number, place):
        """Return operand word ``place`` of record ``number``; word 0 holds the label."""
        first = (number << self.shift) + place * self.parts
        word = sum(
            self.memory.word(first + part) << part * self.config.store_width
            for part in range(self.parts)
        )
        return word & (1 << self.config.lanes) - 1

    def take(self, count):
        """Return the next records, each as a list of its operand words."""
        numbers = (self.order.take(count) + 1).tolist()
        return [[self.operand(n, place) for place in range(self.words + 1)] for n in numbers]
