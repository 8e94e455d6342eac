"""The weight memory: rows of P operand words, written in blocks of P x P bits."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.delay import copies, delay
from boldhw.gateware.memory.memories import WRITTEN_FIRST, new_memory
from boldhw.gateware.platforms import has_large_blocks
from boldhw.spec import memories
from boldhw.spec.memories import WEIGHT_BITS


def choose(words, index):
    """Return the word with an index, of a number of words that is a power of two.

    Four of them are chosen from by two LUT4 a bit: the first one passes a word of the lower pair,
    or which word of the upper pair the second one is to take.
    """
    if len(words) == 1:
        return words[0]
    high, half = index[-1], len(words) // 2
    if len(words) == 4:
        first = Mux(high, index[0].replicate(len(words[0])), Mux(index[0], words[1], words[0]))
        bits = zip(first, words[2], words[3], strict=True)
        return Cat(Mux(high, Mux(bit, upper, lower), bit) for bit, lower, upper in bits)
    lower, upper = (choose(part, index[:-1]) for part in (words[:half], words[half:]))
    return Mux(high, upper, lower)


class WeightMemoryPort(Signature):
    """Access to a weight memory. Members are those of its user; P is ``elements``, S ``lanes``.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements``, ``lanes``, ``subwords`` and ``weight_rows``.

    Members
    -------
    read_row : Out(range(config.weight_rows))
        Row to read.
    row : In(config.elements * config.lanes), registered
        The row's P * S bits, bank 0 lowest.
    read_block : Out(range(config.subwords))
        Which block of ``row`` is at ``block``.
    block : In(config.elements**2)
        P words of P bits; combinational from ``row``, registered with ``dual_port``.
    write : Out(1)
        Store ``write_data``.
    write_row : Out(range(config.weight_rows))
        Row to write.
    write_block : Out(range(config.subwords))
        Which block of it.
    write_data : Out(config.elements**2)
        P words of P bits.
    """

    def __init__(self, config):
        p, s = config.elements, config.lanes
        super().__init__({
            "read_row": Out(range(config.weight_rows)),
            "row": In(p * s),
            "read_block": Out(range(config.subwords)),
            "block": In(p * p),
            "write": Out(1),
            "write_row": Out(range(config.weight_rows)),
            "write_block": Out(range(config.subwords)),
            "write_data": Out(p * p),
        })  # fmt: skip


class WeightMemory(wiring.Component):
    """Hold weight planes and transposed planes; read a whole row, write one block.

    A row has P banks of S bits. Block t of a row is bits ``t * P .. t * P + P - 1`` of every bank.
    The memory is zero after configuration. With ``dual_port`` it is spread over a whole device,
    with registers on all its sides.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` (P), ``lanes`` (S), ``subwords``, ``weight_rows`` and ``dual_port``.

    Members
    -------
    Those of :class:`WeightMemoryPort`, flipped.

    Latency
    -------
    1 cycle from ``read_row`` to ``row``, with ``dual_port`` 2; a read and a write per cycle.
    Reading a row in the cycle in which it is written is not defined: the schedule never does. A
    read of block t of row r, and a write::

        cycle                            0      1      2
        read_row                         r
        read_block                              t
        row                                     r
        block                                   r t
        write, write_row, write_data     w
        stored                                  w

    With ``dual_port`` ``write_data`` comes one cycle after the place where it is written, and is
    stored three cycles later::

        cycle                            0      1      2      3      4
        read_row                         r
        read_block                              t
        row                                            r
        block                                                 r t
        write, write_row, write_block    w
        write_data                              w
        stored                                                       w
    """

    def __init__(self, config):
        self.config = config
        super().__init__({**WeightMemoryPort(config).flip().members})

    def elaborate(self, platform):
        m = Module()
        self._read_rows = self._registered(m, self.read_row)
        self._write_rows = self._registered(m, self.write_row, 2)
        if has_large_blocks(platform):
            self._memory_per_block(m)
        else:
            self._masked_memory(m)
        p, s = self.config.elements, self.config.lanes
        banks = [self.row.word_select(bank, s) for bank in range(p)]
        candidates = [Cat(bank.word_select(t, p) for bank in banks) for t in self._blocks]
        parts = self._registered(m, self.read_block)
        block = Cat(
            choose([each[low : low + WEIGHT_BITS] for each in candidates], part)
            for low, part in zip(self._slices, parts, strict=True)
        )
        m.d.comb += self.block.eq(delay(m, block, 1 if self.config.dual_port else 0))
        return m

    @property
    def _slices(self):
        """First bits of the parts of a block that have registers of their own."""
        return range(0, self.config.elements**2, WEIGHT_BITS)

    def _registered(self, m, value, ahead=0):
        """Return the value for each slice of a block, with ``dual_port`` from a register of it."""
        if not self.config.dual_port:
            return [value] * len(self._slices)
        return copies(m, delay(m, value, ahead), len(self._slices))

    @property
    def _blocks(self):
        return range(self.config.subwords)

    def _masked_memory(self, m):
        """Use one memory that writes P bits of each bank and keeps the others."""
        p = self.config.elements
        (shape,) = memories.weights(self.config)
        read, write = self._memory(m, shape, 0, granularity=p)
        write_data = delay(m, self.write_data, 2 if self.config.dual_port else 0)
        words = [write_data.word_select(bank, p) for bank in range(p)]
        choice = self.write << self.write_block
        m.d.comb += [
            self.row.eq(read.data),
            write.data.eq(Cat(word.replicate(len(self._blocks)) for word in words)),
            write.en.eq(self._registered(m, choice[: len(self._blocks)], 2)[0].replicate(p)),
        ]

    def _memory_per_block(self, m):
        """Use one memory for block t of all rows, each written as a whole.

        Block RAM of 18 kbit masks writes by 9 bits, which P need not be a multiple of.
        """
        p = self.config.elements
        write_data = delay(m, self.write_data, 2 if self.config.dual_port else 0)
        shapes, count = memories.weights(self.config, large_blocks=True), len(self._slices)
        blocks = []
        for t in self._blocks:
            enables = self._registered(m, self.write & (self.write_block == t), 2)
            slices = []
            for index, shape in enumerate(shapes[t * count :][:count]):
                bits = write_data[shape.first_bit :][: shape.width]
                read, write = self._memory(m, shape, index)
                m.d.comb += [write.data.eq(bits), write.en.eq(enables[index])]
                slices.append(read.data)
            blocks.append(Cat(slices))
        banks = [Cat(block.word_select(bank, p) for block in blocks) for bank in range(p)]
        m.d.comb += self.row.eq(Cat(banks))

    def _memory(self, m, shape, index, **options):
        """Return (read port, write port) of a new memory of all rows, addresses connected."""
        m.submodules[shape.name] = rows = new_memory(shape, WRITTEN_FIRST)
        read, write = rows.read_port(), rows.write_port(**options)
        m.d.comb += [
            read.addr.eq(self._read_rows[index]),
            write.addr.eq(self._write_rows[index]),
        ]
        return read, write
