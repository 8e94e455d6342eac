"""Signatures between the command unit, which drives them, and the core."""

from amaranth.lib import data, enum
from amaranth.lib.wiring import In, Out, Signature

from boldhw.spec.counters import address_bits
from boldhw.spec.geometry import FIELD_BITS


class Operation(enum.Enum, shape=2):
    """What the core does when it is started."""

    INFER = 0
    TRAIN = 1
    FLUSH = 2


class DataPort(Signature):
    """Access to the data memory while no operation runs. Members are those of the command unit.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    addr : Out(range(data_rows))
        Row to read or to write.
    write : Out(1)
        Write ``write_data``, in this cycle.
    write_data : Out(data_width)
    read_data : In(data_width)
        One cycle after ``addr``, with ``dual_port`` three cycles.
    """

    def __init__(self, config):
        super().__init__({
            "addr": Out(range(config.data_rows)),
            "write": Out(1),
            "write_data": Out(config.data_width),
            "read_data": In(config.data_width),
        })  # fmt: skip


class BlockPort(Signature):
    """Access to the weight memory while no operation runs. Members are those of the command unit.

    A block of P words of P bits at a time goes through the transposer; P is ``elements``.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    addr : Out(range(weight_blocks))
        With ``dual_port`` it must hold for two cycles before a load.
    load : Out(1)
        Fetch block ``addr``: its words are in the transposer two cycles later.
    shift : Out(1)
        Move the words on by one and take ``word_in`` as the last one: seen in the next cycle, with
        ``dual_port`` two cycles later.
    store : Out(1)
        Write the transposer's words to block ``addr``.
    word_in : Out(P)
    word : In(P), registered
        The transposer's first word.
    """

    def __init__(self, config):
        super().__init__({
            "addr": Out(range(config.weight_blocks)),
            "load": Out(1),
            "shift": Out(1),
            "store": Out(1),
            "word_in": Out(config.elements),
            "word": In(config.elements),
        })  # fmt: skip


class RegisterLayout(data.StructLayout):
    """Registers that steer the core; constant while it is busy.

    Fields
    ------
    layers : 5 bits
        Layers of the network.
    batch : 10 bits
        Active samples that an update gathers.
    margin : 16 bits
        Of the loss.
    rounding : 2 bits
        Bits of a vote that stochastic rounding drops.
    classes, outputs_per_class : 8 bits each
        Of the last layer.
    slot_row, slot_stride : 16 bits each
        Data row of the first slot, and rows from one slot to the next.
    """

    def __init__(self):
        super().__init__({
            "layers": 5,
            "batch": 10,
            "margin": FIELD_BITS,
            "rounding": 2,
            "classes": 8,
            "outputs_per_class": 8,
            "slot_row": FIELD_BITS,
            "slot_stride": FIELD_BITS,
        })  # fmt: skip


class ControlPort(Signature):
    """Start of an operation, its outcome and the counters. Members are those of the command unit.

    Parameters
    ----------
    config : EngineConfig

    Members
    -------
    start : Out(1)
        Start ``operation``; one cycle while ``busy`` is low.
    operation : Out(Operation)
    label : Out(8)
        Of the sample, constant during the operation, like ``registers``.
    registers : Out(RegisterLayout())
    clear : Out(1)
        Forget gathered samples and counters.
    noise_write, noise_data : Out(1), Out(16)
        Shift 16 bits into the noise generator.
    busy : In(1), combinational from registers
        From the cycle after ``start`` until the operation is over and counted, and while counters
        are cleared.
    passing : In(1), combinational from registers
        A pass runs. When it falls memories may be used, though counters count.
    hit, active : In(1), registered
        TRAIN: the prediction is the label; the sample must be learnt. These two and the next two
        are valid from the end of the operation until the next start.
    updated : In(1), registered
        TRAIN: an update followed.
    flushed : In(range(batch + 1)), registered
        FLUSH: the gathered samples that took part.
    slot : In(range(data_rows))
        Data row where the operand words of the next sample belong.
    score : In(16), combinational
        INFER: the score of a class, signed; one a class, in order.
    score_valid : In(1), combinational
        A score is there. It stalls the core while it is not taken.
    score_ready : Out(1)
        Take the score.
    counter_addr : Out(address_bits(config))
        Word of :class:`boldhw.gateware.core.counters.Counters` to read.
    counter : In(16), registered
        That word one cycle later, while ``busy`` is low.
    """

    def __init__(self, config):
        super().__init__({
            "start": Out(1),
            "operation": Out(Operation),
            "label": Out(8),
            "registers": Out(RegisterLayout()),
            "clear": Out(1),
            "noise_write": Out(1),
            "noise_data": Out(16),
            "busy": In(1),
            "passing": In(1),
            "hit": In(1),
            "active": In(1),
            "updated": In(1),
            "flushed": In(range(config.batch + 1)),
            "slot": In(range(config.data_rows)),
            "score": In(FIELD_BITS),
            "score_valid": In(1),
            "score_ready": Out(1),
            "counter_addr": Out(address_bits(config)),
            "counter": In(16),
        })  # fmt: skip
