"""Addresses of a map that is read or written pixel by pixel, all words of a pixel together."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.geometry import FIELD_BITS


class MapWalk(wiring.Component):
    """Go through a map: words of a pixel are ``pitch`` rows apart, pixels of a map row one.

    Parameters
    ----------
    bits : int
        Bits of an address.

    Members
    -------
    start : In(1)
        The next word is that of the pixel at ``row``, the first one of a map row.
    row : In(bits)
        Where the walk starts.
    pitch : In(bits)
        Rows from one word of a map row to the next.
    step : In(bits)
        With ``pixel`` or ``skip``: pixels that the word is for; at the end of a map row all that
        are left of it.
    skip : In(1)
        The next word is ``step`` rows further, still in front of the map.
    word : In(1)
        The word is done.
    pixel : In(1)
        With ``word``: it was the last one of its pixel.
    line : In(1)
        With ``pixel``: it was the last one of its map row.
    addr : Out(bits), registered
        Row of the word.

    Latency
    -------
    1 cycle, one word per cycle. Two pixels of two words, with a pitch of 3, and the next map row::

        cycle      0     1     2     3     4     5
        start      1
        word             1     1     1     1     1
        pixel                  1           1
        line                               1
        step                   1           2
        addr             0     3     1     4     6
    """

    def __init__(self, bits=FIELD_BITS):
        super().__init__({
            "start": In(1),
            "row": In(bits),
            "pitch": In(bits),
            "step": In(bits),
            "skip": In(1),
            "word": In(1),
            "pixel": In(1),
            "line": In(1),
            "addr": Out(bits),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        pixel, following = Signal.like(self.addr), Signal.like(self.addr)
        # The last word of the last pixel is right in front of the next map row.
        m.d.comb += following.eq(Mux(self.line | self.skip, self.addr, pixel) + self.step)
        moves = self.start | self.skip | (self.word & self.pixel)
        with m.If(moves | self.word):
            within = self.addr + self.pitch
            place = Mux(self.skip | self.pixel, following, within)
            m.d.sync += self.addr.eq(Mux(self.start, self.row, place))
        with m.If(moves):
            m.d.sync += pixel.eq(Mux(self.start, self.row, following))
        return m
