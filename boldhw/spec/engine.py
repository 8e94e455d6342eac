"""What a user chooses of an engine; :mod:`boldhw.spec.geometry` has what follows from it."""

import hashlib
import json
from dataclasses import asdict, dataclass

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range, check_types
from boldhw.spec.geometry import Geometry
from boldhw.spec.store import check_store

LICENSE = "BSD-2-Clause"  # of everything generated, as SPDX names it
PROTOCOL_VERSION = 4
MAX_PAYLOAD = 246  # bytes of a frame of the link
MOST_ITEMS = (1 << 16) - 1  # of a memory bank: what a frame can address and count
TABLE_ROWS = 16  # data-memory rows that one layer-table entry takes
SLOT_ROWS = 256  # data-memory rows that one gathered sample takes at most
NOISE_BITS = 8  # random bits that one lane draws at a time
MAX_ROUNDING = 3  # bits of a vote that stochastic rounding drops, at most
ORDER_STEPS = 16  # of the register that orders stored samples, from one number to the next


@dataclass(frozen=True, kw_only=True)
class EngineConfig(Geometry):
    """Size of one generated engine. The network is not part of it.

    Parameters
    ----------
    elements : int
        P, processing elements: outputs computed together, and flip lanes. 2..40.
    lanes : int
        S, bits per operand word of one processing element. P times 2, 4, 8 and so on.
    batch : int
        K, the most active samples that one update can gather. 1..S.
    accumulator_bits : int
        A, bits of one saturating accumulator. 2..16.
    weight_rows : int
        Rows of P*S bits in the weight memory. The vote pass keeps columns of inputs in the last.
    data_rows : int
        Rows of the data memory: layer table, accumulators, gathered samples.
    signal_rows : int
        Rows of 2 K bits in the delta memory: one per output of every layer, padded to P.
    max_layers : int
        Entries of the layer table. 1..16.
    max_fan_in : int
        Largest padded fan-in, ``ceil(fan_in / S) * S``. Sets the width of the sums.
    popcount_registers : int
        Registers between the levels of each popcount tree. 0..3.
    dsp_sums : bool
        True keeps the sums in multipliers with accumulators, one an element, which an iCE40UP5K
        has eight of. That takes fewer LUT4 and one more cycle per group of outputs.
    training : bool
        False leaves out every unit that only training needs.
    stochastic : bool
        True adds the noise generator for stochastic ternarisation and rounding.
    decay : bool
        True adds one multiplier per flip lane for the beta decay of eq. 9.
    dual_port : bool
        True for a data memory that reads and writes in the same cycle, as block RAM does and the
        single-port RAM of an iCE40UP5K does not: backward passes stream, and an update takes one
        cycle per output.
    store : str
        Memory beside the engine that holds samples to train on: none, sdram, or flash, which the
        engine only reads.
    store_bytes : int
        Its size, a power of two: 128 Ki to 32 Mi, 16 Mi of a flash; 0 without one.
    """

    elements: int
    lanes: int
    batch: int
    accumulator_bits: int
    weight_rows: int
    data_rows: int
    signal_rows: int
    max_layers: int = 4
    max_fan_in: int = 1023
    popcount_registers: int = 0
    dsp_sums: bool = False
    training: bool = True
    stochastic: bool = False
    decay: bool = False
    dual_port: bool = False
    store: str = "none"
    store_bytes: int = 0

    def __post_init__(self) -> None:
        check_types(self)
        check_store(self.store, self.store_bytes, self.training)
        check_range("elements", self.elements, 2, 40)
        check_range("lanes", self.lanes, 2 * self.elements, 512)
        if self.lanes % self.elements or self.subwords.bit_count() != 1:
            near = self.elements << (self.subwords.bit_length() - 1)
            raise ConfigError(
                f"lanes={self.lanes} is not elements={self.elements} times a power of two; "
                f"the nearest smaller choice is lanes={near}"
            )
        check_range("batch", self.batch, 1, self.lanes)
        check_range("accumulator_bits", self.accumulator_bits, 2, 16)
        check_range("weight_rows", self.weight_rows, 2, 1 << 14)
        check_range("data_rows", self.data_rows, TABLE_ROWS * self.max_layers + 1, 1 << 16)
        check_range("signal_rows", self.signal_rows, self.elements, 1 << 14)
        check_range("max_layers", self.max_layers, 1, 16)
        check_range("max_fan_in", self.max_fan_in, self.lanes, self.largest_fan_in)
        check_range("popcount_registers", self.popcount_registers, 0, 3)
        if self.dual_port and self.dsp_sums:
            raise ConfigError(
                "dual_port=True is not for an engine with dsp_sums=True, which an iCE40UP5K has; "
                "leave out one of them"
            )

    def digest(self) -> bytes:
        """Return eight bytes that name this design; HELLO reports them."""
        text = json.dumps([PROTOCOL_VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).digest()[:8]
