"""Addresses of a map that is read or written pixel by pixel, all words of a pixel together."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.spec.geometry import FIELD_BITS


class MapWalk(wiring.Component):
    """Go through a map: words of a pixel are ``pitch`` rows apart, pixels of a map row one.

    Members
    -------
    start : In(1)
        The next word is that of the pixel at ``row``, the first one of a map row.
    row : In(FIELD_BITS)
        Where the walk starts.
    pitch : In(FIELD_BITS)
        Rows from one word of a map row to the next.
    skip : In(1)
        The next word is in the next row, still in front of the map.
    word : In(1)
        The word is done.
    pixel : In(1)
        With ``word``: it was the last one of its pixel.
    line : In(1)
        With ``pixel``: it was the last one of its map row.
    addr : Out(FIELD_BITS), registered
        Row of the word.

    Latency
    -------
    1 cycle, one word per cycle. Two pixels of two words, with a pitch of 3, and the next map row::

        cycle      0     1     2     3     4     5
        start      1
        word             1     1     1     1     1
        pixel                  1           1
        line                               1
        addr             0     3     1     4     6
    """

    start: In(1)
    row: In(FIELD_BITS)
    pitch: In(FIELD_BITS)
    skip: In(1)
    word: In(1)
    pixel: In(1)
    line: In(1)
    addr: Out(FIELD_BITS)

    def elaborate(self, platform):
        m = Module()
        pixel, line = Signal(FIELD_BITS), Signal(FIELD_BITS)  # this one, the next map row
        first, below = Signal(), Signal(FIELD_BITS)
        following = pixel + 1
        m.d.comb += below.eq(self.addr + self.pitch)
        with m.If(self.word & ~self.pixel):
            m.d.sync += self.addr.eq(below)
        with m.If(self.word & self.pixel):
            next_line = Mux(first, below, line)
            place = Mux(self.line, next_line, following)
            m.d.sync += [
                self.addr.eq(place), pixel.eq(place), line.eq(next_line), first.eq(self.line)
            ]  # fmt: skip
        with m.If(self.skip):
            m.d.sync += [self.addr.eq(self.addr + 1), pixel.eq(following)]
        with m.If(self.start):
            m.d.sync += [self.addr.eq(self.row), pixel.eq(self.row), first.eq(1)]
        return m
