"""The broadcast operand: sign and mask words for the array, from the data or delta memory."""

from amaranth.hdl import Module, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import register_copy


class Source(enum.IntFlag, shape=4):
    """Meaning of the word at the memory outputs; one bit for each part of it, for little logic.

    A word of inputs in Boolean coding is a sign word that counts everywhere (EVERY_MASK), one in
    {0,T} coding a mask word whose signs are T (EVERY_SIGN). A mask word of signals comes one cycle
    after its sign word, which KEEP_SIGN holds.
    """

    EVERY_SIGN = 1
    EVERY_MASK = 2
    KEEP_SIGN = 4
    COLUMNS = 8  # take the row of the delta memory instead


class Operand(wiring.Component):
    """Register the broadcast operand of the array, of inputs or of signals.

    Inputs in Boolean coding are signs that count everywhere, those in {0,T} coding masks whose
    signs are T. Signals of the data memory take two words, sign word first, which is kept for the
    mask word that follows. Those of the delta memory come as one row of both.

    Parameters
    ----------
    config : EngineConfig
        Gives ``lanes``, ``batch``, ``regions`` and ``training``.

    Members
    -------
    source : In(Source)
        Meaning of the word at the inputs.
    word : In(config.lanes)
        Word from the data memory.
    signs : In(config.batch)
        Signs from the delta memory, one a gathered sample; only in an engine that trains.
    masks : In(config.batch)
        Masks of the same signals; only in an engine that trains.
    sign : Out(config.lanes), registered
        Signs for the array, 1 for T.
    mask : Out(config.lanes), registered
        Lanes that count.

    Latency
    -------
    1 cycle, one word per cycle. Signals of the data memory::

        cycle     0            1            2
        word      signs        masks
        source    0            KEEP_SIGN
        sign                   signs        signs
        mask                   (not used)   masks
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
        sign, mask = Signal(self.config.lanes), Signal(self.config.lanes)
        m.d.comb += [sign.eq(self.word), mask.eq(self.word)]
        if self.config.training:
            with m.If(self.source & Source.COLUMNS):
                m.d.comb += [sign.eq(self.signs), mask.eq(self.masks)]
        # The operands of several regions are the same.
        held_sign, held_mask = (
            register_copy(self.config.lanes, self.config.regions) for _ in range(2)
        )
        m.d.comb += [self.sign.eq(held_sign), self.mask.eq(held_mask)]
        every_sign = (self.source & Source.EVERY_SIGN).any().replicate(self.config.lanes)
        every_mask = (self.source & Source.EVERY_MASK).any().replicate(self.config.lanes)
        with m.If(~(self.source & Source.KEEP_SIGN).any()):
            m.d.sync += held_sign.eq(sign | every_sign)
        m.d.sync += held_mask.eq(mask | every_mask)
        return m
