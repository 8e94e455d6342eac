"""Signatures of the passes: what each of them has, and what some of them have beside."""

from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.passes.issue import IssuePort, RowPort
from boldhw.gateware.passes.table import TablePort


class RunPort(Signature):
    """Start and end of a pass. Members are those of the sequencer's side.

    Parameters
    ----------
    config : EngineConfig
        Gives ``max_layers``.

    Members
    -------
    start : Out(1), combinational
        One cycle, while the pass is idle.
    layers : Out(range(config.max_layers + 1))
        Layers of the network, constant while the pass runs.
    done : In(1), combinational
        One cycle, at the end of the pass. From registers only.
    """

    def __init__(self, config):
        super().__init__({
            "start": Out(1),
            "layers": Out(range(config.max_layers + 1)),
            "done": In(1),
        })  # fmt: skip


class SlotPort(Signature):
    """Selection of the slots of gathered samples. Members are those of the update pass.

    Members
    -------
    first : Out(1), combinational
        From the next cycle on the slot is that of the first gathered sample.
    next : Out(1), combinational
        From the next cycle on the slot is that of the next gathered sample.
    """

    def __init__(self):
        super().__init__({"first": Out(1), "next": Out(1)})


class ScanPort(Signature):
    """Scan of the sums of a group of the last layer. Members are those of the forward pass.

    Parameters
    ----------
    config : EngineConfig
        Gives ``elements`` and ``dual_port``.

    Members
    -------
    valid : Out(1), combinational
        A sum is requested. From registers only.
    lane : Out(range(config.elements + config.dual_port)), registered
        Its number; with ``dual_port`` one cycle before ``valid``.
    stall : In(1), combinational
        Hold ``valid`` and ``lane``.
    """

    def __init__(self, config):
        super().__init__({
            "valid": Out(1),
            "lane": Out(range(config.elements + config.dual_port)),
            "stall": In(1),
        })  # fmt: skip


class BlockMove(Signature):
    """Moves between transposer and weight memory. Members are those of the update pass.

    With ``dual_port`` ``load``, ``shift`` and what describes a store come one cycle before the
    data. All are driven from registers only.

    Parameters
    ----------
    config : EngineConfig
        Gives ``subwords``, ``weight_rows`` and ``dual_port``.

    Members
    -------
    load : Out(1), combinational
        Load the transposer.
    shift : Out(1), combinational
        Shift the words of the transposer.
    column_shift : Out(1), registered
        The word that is shifted in is part ``column_part`` of the row that was read from the data
        memory, otherwise the word that is shifted out, with flips.
    column_part : Out(range(config.subwords)), registered
        Without ``dual_port`` also the block to load from the row of the weight memory.
    load_part : Out(range(config.subwords)), combinational
        Block to load in the next cycle; only with ``dual_port``.
    store : Out(1), combinational
        Write the transposer's block.
    store_row : Out(range(config.weight_rows)), combinational
        Row of the weight memory to write.
    store_part : Out(range(config.subwords)), combinational
        Block of this row to write.
    transposed : Out(1), combinational
        Write the block with its words and columns exchanged.
    """

    def __init__(self, config):
        members = {
            "load": Out(1),
            "shift": Out(1),
            "column_shift": Out(1),
            "column_part": Out(range(config.subwords)),
            "store": Out(1),
            "store_row": Out(range(config.weight_rows)),
            "store_part": Out(range(config.subwords)),
            "transposed": Out(1),
        }
        if config.dual_port:
            members |= {"load_part": Out(range(config.subwords))}
        super().__init__(members)


class PassPort(Signature):
    """The ports that all passes have. Members are those of the pass.

    Parameters
    ----------
    config : EngineConfig
        Gives what its members take.
    which : int
        FORWARD, BACKWARD or UPDATE of :mod:`boldhw.gateware.passes.table`.

    Members
    -------
    run : In(RunPort(config))
        Start and end of the pass.
    layer : Out(range(config.max_layers + 1)), registered
        Layer that is being processed.
    rows : Out(RowPort(config)), combinational
        Requests to the data memory.
    issue : Out(IssuePort(config)), combinational
        Requests to the other memories and to the array.
    table : Out(TablePort(config, which))
        Fields of the layer.
    """

    def __init__(self, config, which):
        super().__init__({
            "run": In(RunPort(config)),
            "layer": Out(range(config.max_layers + 1)),
            "rows": Out(RowPort(config)),
            "issue": Out(IssuePort(config)),
            "table": Out(TablePort(config, which)),
        })  # fmt: skip


def open_layer(m, table, layer=None):
    """Have the fields of a layer read, and go to the state LOAD, which waits for ``table.done``.

    Call it in a state of the pass.

    Parameters
    ----------
    m : Module
        Its ``table.open`` and ``table.layer`` are driven for this cycle.
    table : TablePort
        Of the pass.
    layer : Value, optional
        Layer to open; without it what drives ``table.layer`` elsewhere, else layer 0.
    """
    m.d.comb += table.open.eq(1)
    if layer is not None:
        m.d.comb += table.layer.eq(layer)
    m.next = "LOAD"
