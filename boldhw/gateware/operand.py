"""The broadcast operand: sign and mask words for the array, from the data or signal memory."""

from amaranth.hdl import Module
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out


class Source(enum.IntEnum, shape=3):
    """What the word that stands at the memory outputs is."""

    BOOLEAN = 0  # inputs in Boolean coding: sign, all lanes count
    ZERO_TRUE = 1  # inputs in {0,T} coding: mask, all signs are T
    SIGNS = 2  # sign word of signals
    MASKS = 3  # mask word of signals; the sign word before it is kept
    COLUMNS = 4  # row of the signal memory


class Operand(wiring.Component):
    """Register the broadcast operand. Latency 1 cycle, one word per cycle.

    Members
    -------
    source : meaning of the word at the inputs.
    word : S bits from the data memory.
    signs, masks : K bits each from the signal memory (only in an engine that trains).
    sign, mask : S bits each for the array.
    """

    def __init__(self, config):
        self.config = config
        s, k = config.lanes, config.batch
        members = {"source": In(Source), "word": In(s), "sign": Out(s), "mask": Out(s)}
        if config.training:
            members |= {"signs": In(k), "masks": In(k)}
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        every = (1 << self.config.lanes) - 1
        with m.Switch(self.source):
            with m.Case(Source.BOOLEAN):
                m.d.sync += [self.sign.eq(self.word), self.mask.eq(every)]
            with m.Case(Source.ZERO_TRUE):
                m.d.sync += [self.sign.eq(every), self.mask.eq(self.word)]
            if self.config.training:
                with m.Case(Source.SIGNS):
                    m.d.sync += self.sign.eq(self.word)
                with m.Case(Source.MASKS):
                    m.d.sync += self.mask.eq(self.word)
                with m.Case(Source.COLUMNS):
                    m.d.sync += [self.sign.eq(self.signs), self.mask.eq(self.masks)]
        return m
