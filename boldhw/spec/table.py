"""The layer table: which 16-bit fields the passes read of a layer, and where each stands.

An entry takes ``TABLE_ROWS`` rows of the data memory. Each pass has PASS_ROWS of them, with up to
FIELDS_PER_ROW fields each, the first one lowest. A field is named here and nowhere else: the packer
takes its value by ``of`` and ``name``, a pass reads it as ``key``.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from boldhw.spec.engine import NOISE_BITS, SLOT_ROWS, EngineConfig
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.layout import LayerLayout
from boldhw.spec.numbers import ceil_div
from boldhw.spec.settings import COLUMNS

PASS_ROWS = 4
FIELDS_PER_ROW = 4

# Whose a field is: of the layer; of the next layer, 0 for the last one; a setting with one value a
# layer; or worked out by the packer, from several of them.
LAYER, ABOVE, SETTINGS, PACKED = "layer", "above", "settings", "packed"
NAMES = {
    LAYER: {field.name for field in fields(LayerLayout)},
    ABOVE: {field.name for field in fields(LayerLayout)},
    SETTINGS: set(COLUMNS),
}


@dataclass(frozen=True)
class Field:
    """One field of the layer table.

    name       what ``of`` calls it: an attribute of LayerLayout or of LayerSettings
    of         LAYER, ABOVE, SETTINGS or PACKED
    width      of an EngineConfig: low bits that the engine keeps of the 16
    doc        what it means, for the register map
    signed     True: in two's complement
    saturates  True: a limit; a value of more than ``width`` bits means the same as the largest one

    Raises ValueError when ``of`` has no such name.
    """

    name: str
    of: str
    width: Callable[[EngineConfig], int]
    doc: str
    signed: bool = False
    saturates: bool = False

    def __post_init__(self) -> None:
        if self.of != PACKED and self.name not in NAMES[self.of]:
            raise ValueError(f"field {self.name!r} is no attribute of what {self.of!r} names")

    @property
    def key(self) -> str:
        """What a pass calls the field; no two fields of a pass have the same."""
        return f"above_{self.name}" if self.of == ABOVE else self.name


def _words(config: EngineConfig) -> int:
    return (config.max_fan_in // config.lanes).bit_length()


def _groups(config: EngineConfig) -> int:
    return ceil_div(config.max_fan_in, config.elements).bit_length()


def _lanes(config: EngineConfig) -> int:
    return config.elements.bit_length()


def _slot_row(config: EngineConfig) -> int:
    return (SLOT_ROWS - 1).bit_length()


def _weight_row(config: EngineConfig) -> int:
    return (config.weight_rows - 1).bit_length()


def _signal_row(config: EngineConfig) -> int:
    return (config.signal_rows - 1).bit_length()


def _origin(config: EngineConfig) -> int:
    return min(config.sum_bits, FIELD_BITS)  # sums of 2^14 inputs have a bit more than a field


def _magnitude(config: EngineConfig) -> int:
    return config.sum_bits - 1


def _accumulator(config: EngineConfig) -> int:
    return config.accumulator_bits


def _fixed(bits: int) -> Callable[[EngineConfig], int]:
    return lambda config: bits


WORDS = Field("words", LAYER, _words, "operand words of one output")
GROUPS = Field("groups", LAYER, _groups, "groups of P outputs")
INPUT_GROUPS = Field("input_groups", LAYER, _groups, "groups of P inputs")
INPUT_LANES = Field("input_lanes", LAYER, _lanes, "lanes in use in the last group of inputs")
OUTPUT_LANES = Field("output_lanes", LAYER, _lanes, "lanes in use in the last group of outputs")
INPUT_ROW = Field("input_row", LAYER, _slot_row, "slot row of the input words")
OUTPUT_ROW = Field("output_row", LAYER, _slot_row, "slot row of the output words")
GATE_ROW = Field("gate_row", LAYER, _slot_row, "slot row of the gate words")
SIGNAL_ROW = Field("signal_row", LAYER, _slot_row, "slot row of the signal words")
COLUMN_ROW = Field("column_row", LAYER, _signal_row, "first row in the delta memory")
WEIGHT_ROW = Field("weight_row", LAYER, _weight_row, "first row in the weight memory")
TRANSPOSED_ROW = Field("transposed_row", LAYER, _weight_row, "first row of the transposed plane")
ABOVE_SIGNAL_WORDS = Field("signal_words", ABOVE, _words, "signal words of the next layer")
ABOVE_SIGNAL_ROW = Field("signal_row", ABOVE, _slot_row, "slot row of its signal words")
ABOVE_TRANSPOSED_ROW = Field("transposed_row", ABOVE, _weight_row, "row of its transposed plane")
ZERO_TRUE = Field("zero_true", SETTINGS, _fixed(1), "1: inputs are {0,T}; 0: inputs are {F,T}")
WINDOW = Field("window", SETTINGS, _magnitude, "gate window: largest |sum - tau|", saturates=True)
DEAD = Field("dead", SETTINGS, _magnitude, "dead zone: largest |g| of no signal", saturates=True)
NOISE = Field("noise", SETTINGS, _fixed(NOISE_BITS), "mask of the random bits added to dead")
DECAY = Field("decay", SETTINGS, _fixed(FIELD_BITS), "share of accumulators that decays, 1/65536")
THETA = Field("theta", SETTINGS, _accumulator, "votes that flip a weight", saturates=True)
# Minus tau, but 0 for the scores of the last layer; and minus the lanes that hold no input, but not
# in {0,T} coding, where they do not count.
ORIGIN = Field("origin", PACKED, _origin, "what sums begin at", signed=True)

TABLE: tuple[tuple[Field, ...], ...] = (
    # forward
    (WORDS, GROUPS, INPUT_ROW, ORIGIN),
    (OUTPUT_LANES, WINDOW, OUTPUT_ROW, ZERO_TRUE),
    (GATE_ROW,),
    (),
    # backward
    (ABOVE_SIGNAL_WORDS, GATE_ROW, ABOVE_SIGNAL_ROW, ABOVE_TRANSPOSED_ROW),
    (SIGNAL_ROW, NOISE, COLUMN_ROW, GROUPS),
    (DEAD,),
    (),
    # update
    (INPUT_GROUPS, GROUPS, INPUT_ROW, WEIGHT_ROW),
    (TRANSPOSED_ROW, SIGNAL_ROW, COLUMN_ROW, WORDS),
    (INPUT_LANES, ZERO_TRUE, DECAY, THETA),
)
FIELDS = {field.key: field for row in TABLE for field in row}
