"""The register in which bytes of the link become words of the memories, and back."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Shifter(wiring.Component):
    """Hold one data-memory row; take it whole or byte by byte, give its lowest byte away.

    A push moves all bytes down by one. After ``data_bytes`` of them the row is full, first byte
    lowest. With ``as_word``, the new byte enters at the end of an operand word instead: after
    ``word_bytes`` pushes the word is complete.

    Parameters
    ----------
    config : EngineConfig
        Gives ``data_width``, ``data_bytes`` and ``word_bytes``.

    Members
    -------
    clear : In(1)
        Make the row zero; wins over ``load``.
    load : In(1)
        Replace the row by ``row_in``; wins over ``push``.
    row_in : In(config.data_width)
        Row to load.
    push : In(1)
        Shift ``byte_in`` in.
    byte_in : In(8)
        Byte of the link.
    as_word : In(1)
        ``byte_in`` enters at the end of an operand word, not of the row.
    row : Out(config.data_width), registered
        The row.

    Latency
    -------
    1 cycle, one operation per cycle. A row of three bytes that is loaded, then pushed::

        cycle       0         1         2         3
        load        1         0         0
        push        0         1         1
        row_in      c b a
        byte_in               d         e
        row                   c b a     d c b     e d c
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "clear": In(1),
            "load": In(1),
            "row_in": In(config.data_width),
            "push": In(1),
            "byte_in": In(8),
            "as_word": In(1),
            "row": Out(config.data_width),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        row, end = self.row, 8 * self.config.word_bytes
        whole = Cat(row[8:], self.byte_in)
        word = Cat(row[8:end], self.byte_in, row[end + 8 :])
        with m.If(self.clear):
            m.d.sync += row.eq(0)
        with m.Elif(self.load):
            m.d.sync += row.eq(self.row_in)
        with m.Elif(self.push):
            m.d.sync += row.eq(Mux(self.as_word, word, whole))
        return m
