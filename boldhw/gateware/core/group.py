"""The group of P bits that a pass takes of an operand word."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.passes.pass_port import BlockMove


class Group(wiring.Component):
    """Choose a group of the word that was read: gate bits, or a row of columns. No latency.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains.

    Members
    -------
    word : In(lanes)
        Operand word in the data memory's row.
    move : In(BlockMove(config))
        The update pass takes group ``column_part`` with ``column_shift``.
    gate_word : In(range(subwords))
        Group that the backward pass takes otherwise.
    filled : In(1)
        The slot of the row holds a sample; a cycle before ``word``, only used with ``dual_port``.
    gate : Out(elements), combinational
        The group.
    columns : Out(elements), combinational
        The group, with ``dual_port`` 0 if the slot holds no sample: it may hold signals of an
        earlier update.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "word": In(config.lanes),
                "move": In(BlockMove(config)),
                "gate_word": In(range(config.subwords)),
                "filled": In(1),
                "gate": Out(config.elements),
                "columns": Out(config.elements),
            }
        )

    def elaborate(self, platform):
        m = Module()
        move = self.move
        part = Mux(move.column_shift, move.column_part, self.gate_word)
        columns = bits = self.word.word_select(part, self.config.elements)
        if self.config.dual_port:
            columns = bits & delay(m, self.filled, 1).replicate(len(bits))
        m.d.comb += [self.gate.eq(bits), self.columns.eq(columns)]
        return m
