"""Bench of Operand against the meaning of its source bits."""

from itertools import product

import cocotb
from support.lockstep import compare
from support.streams import generator, parameters, start
from support.unit_config import CONFIG

EVERY_SIGN, EVERY_MASK, KEEP_SIGN, COLUMNS = 1, 2, 4, 8
ALL = (1 << CONFIG.lanes) - 1
WIDTHS = {"word": CONFIG.lanes}
if parameters()["training"]:
    WIDTHS |= {"signs": CONFIG.batch, "masks": CONFIG.batch}
SOURCES = range(16 if parameters()["training"] else 8)
IDLE = dict.fromkeys(["source", *WIDTHS], 0)


class Reference:
    """Sign and mask word of the last cycle's inputs."""

    def __init__(self):
        self.sign = self.mask = 0

    def __call__(self, source, word, signs=0, masks=0):
        expected = {"sign": self.sign, "mask": self.mask}
        sign, mask = (signs, masks) if source & COLUMNS else (word, word)
        self.mask = ALL if source & EVERY_MASK else mask
        if not source & KEEP_SIGN:
            self.sign = ALL if source & EVERY_SIGN else sign
        return expected


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def random_words(dut):
    """Any source and any words, a new one every cycle or the same source for a while."""
    rng = generator("words")
    await start(dut, **IDLE)
    reference = Reference()
    for hold in (1, 5):
        vectors = []
        for _ in range(11_000 // hold):
            source = rng.choice(SOURCES)
            for _ in range(hold):
                words = {name: rng.getrandbits(width) for name, width in WIDTHS.items()}
                vectors.append({"source": source} | words)
        await compare(dut, reference, vectors)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def words_of_zeros_and_ones(dut):
    """Every source with every input all zeros, all ones, or its first or last lane only."""
    await start(dut, **IDLE)
    edges = [[0, (1 << width) - 1, 1, 1 << width - 1] for width in WIDTHS.values()]
    vectors = [
        {"source": source} | dict(zip(WIDTHS, words, strict=True))
        for source in SOURCES
        for words in product(*edges)
    ]
    await compare(dut, Reference(), [*vectors, IDLE])
