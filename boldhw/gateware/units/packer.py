"""Collect groups of P bits into operand words."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Packer(wiring.Component):
    """Collect pairs of P-bit groups into a pair of S-bit words. One group per cycle.

    The first group of a word sets all groups behind it to 0, so that a word that ends early is
    padded. ``full`` and the words hold from the cycle after a group until the next group.

    Members
    -------
    push, first_bits, second_bits : one group of both words.
    restart : the next group starts a word; with one port of the data memory the words become 0.
    first_word, second_word : S bits each.
    filling, full : the next group will complete the words; the last one that came did.
    """

    def __init__(self, config):
        self.config = config
        p, s = config.elements, config.lanes
        super().__init__(
            {
                "push": In(1),
                "restart": In(1),
                "first_bits": In(p),
                "second_bits": In(p),
                "first_word": Out(s),
                "second_word": Out(s),
                "filling": Out(1),
                "full": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        p, groups = self.config.elements, self.config.subwords
        place = Signal(range(groups))
        m.d.comb += self.filling.eq(place == groups - 1)
        with m.If(self.push):
            m.d.sync += [place.eq(place + 1), self.full.eq(self.filling)]
            with m.If(self.filling):
                m.d.sync += place.eq(0)
            with m.If(place == 0):
                m.d.sync += [self.first_word.eq(0), self.second_word.eq(0)]
            m.d.sync += [
                self.first_word.word_select(place, p).eq(self.first_bits),
                self.second_word.word_select(place, p).eq(self.second_bits),
            ]
        with m.If(self.restart):
            m.d.sync += [place.eq(0), self.full.eq(0)]
            if not self.config.dual_port:
                m.d.sync += [self.first_word.eq(0), self.second_word.eq(0)]
        return m
