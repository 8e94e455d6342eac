"""The counter of the bytes of a word and of the words of an item."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

LIMIT_BITS = 8  # an item has 256 words at most


class WordCounter(wiring.Component):
    """Count bytes and words; mark the last byte of a word and the last word of an item.

    An item is what a command goes through: the words of a weight block, the operand words of a
    sample, the scores of its classes. After the last word counting goes on; ``begin`` starts the
    next item.

    Parameters
    ----------
    config : EngineConfig
        A word has at most ``data_bytes`` bytes.

    Members
    -------
    size : In(range(config.data_bytes))
        Bytes of the word, less one.
    limit : In(LIMIT_BITS)
        Words of the item; 0 means 256.
    begin : In(1)
        Count from zero; wins over ``step``.
    step : In(1)
        The current byte is finished.
    bytes : Out(range(config.data_bytes)), registered
        Bytes of the word before the current one.
    bytes_end : Out(1), combinational
        The current byte is the last of its word; from ``bytes`` and ``size``.
    words_end : Out(1), combinational
        The current word is the last of its item; from the count and ``limit``.

    Latency
    -------
    Counts change one cycle after ``step`` and ``begin``. An item of two words of two bytes::

        cycle         0    1    2    3    4    5
        begin         1    0    0    0    0
        step          0    1    1    1    1
        bytes              0    1    0    1    0
        bytes_end          0    1    0    1
        words_end          0    0    1    1
    """

    def __init__(self, config):
        super().__init__({
            "size": In(range(config.data_bytes)),
            "limit": In(LIMIT_BITS),
            "begin": In(1),
            "step": In(1),
            "bytes": Out(range(config.data_bytes)),
            "bytes_end": Out(1),
            "words_end": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        words = Signal(LIMIT_BITS)  # of the item before the current one
        following = Signal(LIMIT_BITS)
        m.d.comb += [
            following.eq(words + 1),
            self.bytes_end.eq(self.bytes == self.size),
            self.words_end.eq(following == self.limit),
        ]
        with m.If(self.begin):
            m.d.sync += [self.bytes.eq(0), words.eq(0)]
        with m.Elif(self.step):
            m.d.sync += self.bytes.eq(self.bytes + 1)
            with m.If(self.bytes_end):
                m.d.sync += [self.bytes.eq(0), words.eq(following)]
        return m
