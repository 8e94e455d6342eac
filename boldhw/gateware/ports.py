"""Signatures between the command unit, which drives them, and the core."""

from amaranth.lib import data, enum
from amaranth.lib.wiring import In, Out, Signature

from boldhw.gateware.core.counters import address_bits
from boldhw.spec.engine import FIELD_BITS


class Operation(enum.Enum, shape=2):
    """What the core does when it is started."""

    INFER = 0
    TRAIN = 1
    FLUSH = 2


class DataPort(Signature):
    """Access to the data memory while the core is idle.

    Read data comes one cycle after addr, with ``dual_port`` three cycles.
    """

    def __init__(self, config):
        super().__init__({
            "addr": Out(range(config.data_rows)),
            "write": Out(1),
            "write_data": Out(config.data_width),
            "read_data": In(config.data_width),
        })  # fmt: skip


class BlockPort(Signature):
    """Access to the weight memory, a block of P words of P bits at a time, while the core is idle.

    ``load`` fetches block ``addr``: its words stand in the transposer two cycles later, the first
    one at ``word``. ``shift`` moves the words on by one and takes ``word_in`` as the last one.
    ``store`` writes the transposer's words to block ``addr``. With ``dual_port`` ``addr`` must have
    stood for two cycles before a load, and what a shift does is seen two cycles later.
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
    """Registers that steer the core; constant while it is busy."""

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
    """Start of an operation, its outcome and the counters.

    ``start`` is one cycle while ``busy`` is low; ``busy`` rises in the next cycle and falls when
    the operation is over. ``hit``, ``active``, ``updated`` (TRAIN) and ``flushed`` (FLUSH: the
    gathered samples that took part) then hold until the next start. ``slot`` is the data row where
    the operand words of the next sample belong. ``clear`` forgets gathered samples and counters.
    ``noise_write`` shifts ``noise_data`` into the noise generator. Scores (INFER: one a class, in
    order) stall the core while they are not taken. ``counter`` is the 16-bit word at
    ``counter_addr`` one cycle later, while ``busy`` is low; see
    :class:`boldhw.gateware.core.counters.Counters`. ``busy`` is also high while counters are
    cleared. ``passing`` is high while a pass runs: behind it memories may be used, though counters
    count.
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
