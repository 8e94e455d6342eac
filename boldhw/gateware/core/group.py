"""The group of P bits that a pass takes of an operand word."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import delay
from boldhw.gateware.passes.pass_port import BlockMove


class Group(wiring.Component):
    """Select a group of the word that was read: gate bits, or a row of columns.

    Parameters
    ----------
    config : EngineConfig
        Of an engine that trains; gives ``elements``, ``lanes``, ``subwords`` and ``dual_port``.

    Members
    -------
    word : In(config.lanes)
        Operand word in the row of the data memory.
    move : In(BlockMove(config))
        The update pass selects group ``column_part`` with ``column_shift``; the rest is not used.
    gate_word : In(range(config.subwords))
        Group that the backward pass selects, without ``column_shift``.
    filled : In(1)
        The slot of the row holds a sample; one cycle before ``word``. Only used with ``dual_port``.
    gate : Out(config.elements), combinational
        The group.
    columns : Out(config.elements), combinational
        The group. With ``dual_port`` it is 0 if the slot holds no sample: the slot may hold signals
        of an earlier update.

    Latency
    -------
    None; ``filled`` is registered once.
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
