"""Signatures between the command unit, which drives them, and a core that runs op lists."""

from amaranth.lib import data
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.ports import Operation
from boldhw.spec.counters import address_bits
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.link import COUNTER_BYTES
from boldhw.spec.ops.protocol import OP_READABLE, STATUS_BITS, OpRegister, register_bits

ITEM_BITS = 8 * COUNTER_BYTES  # of a threshold with its window, and of a counter
BATCH_BITS = 11  # of active samples of a batch
BANK_BITS = 3  # of the number of a bank
# All but SAMPLE_WORDS, which is the command unit's own, and those of the store.
STEERING = [register for register in OP_READABLE if register != OpRegister.SAMPLE_WORDS]


def word_bits(config):
    """Return the bits of the widest word of a row that is read and written word by word."""
    return max(config.elements, ITEM_BITS)


class WordPort(Signature):
    """Access to memories of P words a row, while no operation runs. Members: the command unit's.

    They are weights, by blocks of P words of P bits, thresholds with windows, and counters.

    Parameters
    ----------
    config : LinkedArray

    Members
    -------
    used : Out(1)
        The memories belong to this port, not to the data port.
    bank : Out(BANK_BITS)
        Number of an :class:`boldhw.spec.ops.protocol.OpBank`, not DATA.
    addr : Out(FIELD_BITS)
        Block or row.
    load : Out(1)
        Go to the first word of ``addr``; it is in ``word`` two cycles later, with two ports three.
    shift : Out(1)
        Go on to the next word: seen in the next cycle.
    write : Out(1)
        Write ``word_in`` as the word at hand, of block or row ``addr``, which is still that of the
        load. Comes with ``shift``.
    word_in : Out(word_bits(config))
        Its lowest bits are written.
    word : In(word_bits(config)), combinational
        The word at hand, its lowest bits; the others are not defined.
    """

    def __init__(self, config):
        super().__init__({
            "used": Out(1),
            "bank": Out(BANK_BITS),
            "addr": Out(FIELD_BITS),
            "load": Out(1),
            "shift": Out(1),
            "write": Out(1),
            "word_in": Out(word_bits(config)),
            "word": In(word_bits(config)),
        })  # fmt: skip


class OpRegisterLayout(data.StructLayout):
    """Registers that steer the core; constant while it is busy.

    Parameters
    ----------
    config : LinkedArray
        Gives rows of memories and the batch: registers are as wide as they need.

    Fields
    ------
    forward, backward, update : bits of a data row
        First data row of each list.
    batch : bits of a batch
        Active samples that an update gathers.
    margin : 16 bits
        Of the loss.
    classes, outputs_per_class : bits of a number of scores, 8 at most
        Of the last layer.
    sample_row : bits of a data row
        Data row of a sample's first word.
    limit : 16 bits
        Cycles after which a list is ended, in steps of LIMIT_CYCLES.
    """

    def __init__(self, config):
        bits = register_bits(config)
        super().__init__({register.name.lower(): bits[register] for register in STEERING})


class OpControlPort(Signature):
    """Start of an operation, its outcome and the counters. Members are those of the command unit.

    Parameters
    ----------
    config : LinkedArray

    Members
    -------
    start : Out(1)
        Start ``operation``; one cycle while ``busy`` is low.
    operation : Out(Operation)
    label : Out(8)
        Of the sample, constant during the operation, like ``registers``.
    registers : Out(OpRegisterLayout(config))
    clear : Out(1)
        Forget votes and counters of STAT.
    busy : In(1), combinational from registers
        From the cycle after ``start`` until the operation is over and counted, and while counters
        are cleared.
    hit, active : In(1), registered
        TRAIN: the prediction is the label; the sample must be learnt. These two and the next three
        are valid from the end of the operation until the next start.
    updated : In(1), registered
        TRAIN: an update followed.
    flushed : In(BATCH_BITS), registered
        FLUSH: the active samples that took part.
    failed : In(STATUS_BITS), registered
        0, or the :class:`boldhw.spec.ops.protocol.ListStatus` of a list that was ended.
    slot : In(FIELD_BITS)
        Data row where the operand words of the next sample belong.
    score : In(16), registered
        INFER: the score of a class, signed; one a class, in order.
    score_valid : In(1), combinational
        A score is there. The next ones wait until it is taken.
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
            "registers": Out(OpRegisterLayout(config)),
            "clear": Out(1),
            "busy": In(1),
            "hit": In(1),
            "active": In(1),
            "updated": In(1),
            "flushed": In(BATCH_BITS),
            "failed": In(STATUS_BITS),
            "slot": In(FIELD_BITS),
            "score": In(FIELD_BITS),
            "score_valid": In(1),
            "score_ready": Out(1),
            "counter_addr": Out(address_bits(config)),
            "counter": In(16),
        })  # fmt: skip
