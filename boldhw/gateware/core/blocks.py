"""Moves of weight blocks between the weight memory, the transposer and the host."""

from amaranth.hdl import Cat, Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from boldhw.gateware.delay import copies, delay
from boldhw.gateware.memory.transposer import TransposerPort
from boldhw.gateware.memory.weight_memory import WeightMemoryPort
from boldhw.gateware.passes.pass_port import BlockMove
from boldhw.gateware.ports import BlockPort


class Blocks(wiring.Component):
    """Move blocks of P x P weights for the update pass or for the host.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` (P), ``subwords``, ``weight_rows``, ``weight_blocks``, ``training``,
        ``dual_port`` and ``regions``.

    Members
    -------
    host : In(BlockPort(config))
        Requests of the host, while ``taken`` is low; ``word`` is registered.
    taken : In(1)
        The memories belong to the passes, not to the host.
    weight_row : In(range(config.weight_rows))
        Row that a pass reads in the next cycle.
    move : In(BlockMove(config))
        Requests of the update pass; only in an engine that trains, as are the next two.
    columns : In(config.elements)
        Word that the transposer takes with ``move.column_shift``; without it the transposer rotates
        its own words.
    flips : In(config.elements)
        Bits to invert in the word that it rotates.
    transposer : Out(TransposerPort(config)), combinational
        Requests to the transposer.
    weights : Out(WeightMemoryPort(config)), combinational
        Requests to the weight memory. ``row`` is not used here; the array reads it.

    Latency
    -------
    None from ``move``; 1 cycle from ``weight_row`` to ``weights.read_row``. For the host 1 cycle
    from ``load`` to the transposer without ``dual_port``, from ``word_in`` to the transposer with
    it, and from the number of a block to ``weights.read_block`` unless the engine has ``dual_port``
    and trains; else none.
    """

    def __init__(self, config):
        self.config = config
        members = {
            "host": In(BlockPort(config)),
            "taken": In(1),
            "weight_row": In(range(config.weight_rows)),
            "transposer": Out(TransposerPort(config)),
            "weights": Out(WeightMemoryPort(config)),
        }
        if config.training:
            members |= {
                "move": In(BlockMove(config)),
                "columns": In(config.elements),
                "flips": In(config.elements),
            }
        super().__init__(members)

    def elaborate(self, platform):
        m = Module()
        host, transposer, weights = self.host, self.transposer, self.weights
        dual = self.config.dual_port
        part_bits = self.config.subwords.bit_length() - 1
        part, row = host.addr[:part_bits], host.addr[part_bits:]
        m.d.comb += [
            transposer.load.eq(delay(m, host.load, 0 if dual else 1)),
            transposer.block_in.eq(weights.block),
            transposer.shift.eq(host.shift),
            transposer.word_in.eq(delay(m, host.word_in, 1 if dual else 0)),
            transposer.flips.eq(0),
            host.word.eq(transposer.word),
            weights.read_row.eq(Mux(self.taken, delay(m, self.weight_row, 1), row)),
            weights.read_block.eq(delay(m, part, 1)),
            weights.write.eq(host.store),
            weights.write_row.eq(row),
            weights.write_block.eq(part),
            weights.write_data.eq(transposer.block),
        ]
        if self.config.training:
            self._move(m)
            if dual:
                m.d.comb += weights.read_block.eq(Mux(self.taken, self.move.load_part, part))
                m.d.comb += weights.write_data.eq(self._chosen_words(m))
            else:
                with m.If(self.move.transposed):
                    m.d.comb += weights.write_data.eq(transposer.transposed)
        return m

    def _move(self, m):
        """Carry out the requests of the update pass."""
        move, transposer, weights = self.move, self.transposer, self.weights
        with m.If(self.taken):
            m.d.comb += [
                transposer.load.eq(move.load),
                transposer.shift.eq(move.shift),
                transposer.word_in.eq(Mux(move.column_shift, self.columns, transposer.word)),
                transposer.flips.eq(Mux(move.column_shift, 0, self.flips)),
                weights.read_block.eq(move.column_part),
                weights.write.eq(move.store),
                weights.write_row.eq(move.store_row),
                weights.write_block.eq(move.store_part),
            ]

    def _chosen_words(self, m):
        """Return the words of the transposer, straight or transposed, chosen in each region."""
        p, region_of = self.config.elements, self.config.region_of
        transposed = copies(m, self.move.transposed, self.config.regions)
        blocks = self.transposer.transposed, self.transposer.block
        return Cat(
            Mux(transposed[region_of(j)], *(block.word_select(j, p) for block in blocks))
            for j in range(p)
        )
