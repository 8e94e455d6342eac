"""Size of an array that runs op lists."""

from dataclasses import dataclass

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range, check_types
from boldhw.spec.geometry import FIELD_BITS, Latencies

MOST_ROWS = 1 << 16  # of a memory: a field of a descriptor addresses so many
FIELDS = 4  # of a row of the data memory
PLANES = (1, 2, 4, 8)
PLANES_STRIDE = 2  # largest stride of places that several planes read together
MOST_SEGMENTS = 512  # of a sum


@dataclass(frozen=True, kw_only=True)
class ArraySize(Latencies):
    """What a user chooses of an array that runs op lists.

    Parameters
    ----------
    elements : int
        P, outputs computed together, and weights that flip together. 2..40.
    lanes : int
        S, bits of one operand word. P times 2, 4 or 8.
    planes : int
        D, places of a map computed together with one row of weights: 1, 2, 4 or 8.
    batch : int
        K, the most active samples that one update can gather. 1..1024.
    accumulator_bits : int
        A, bits of one saturating accumulator. 2..16.
    data_rows, weight_rows, delta_rows, unit_rows, counter_rows : int
        Rows of the memories: of maps, accumulators and op lists; of P x S weights; of deltas by
        output; of thresholds and windows; of counters.
    score_rows : int
        The most outputs of the last layer.
    segments : int
        The most segments of one sum: taps of a layer, of all its readers, or places of a head that
        sums them up. 1..512.
    transposers : int
        P x P blocks of inputs that are transposed together, 1 or S / P.
    dual_port : bool
        True for a data memory that reads and writes in the same cycle.
    dsp_sums : bool
        True keeps the sums in multipliers with accumulators.
    popcount_registers : int
        Registers between the levels of each popcount tree. 0..3.
    """

    elements: int
    lanes: int
    planes: int = 1
    batch: int = 32
    accumulator_bits: int = 8
    data_rows: int = MOST_ROWS
    weight_rows: int = MOST_ROWS
    delta_rows: int = MOST_ROWS
    unit_rows: int = MOST_ROWS
    counter_rows: int = MOST_ROWS
    score_rows: int = MOST_ROWS
    segments: int = 8
    transposers: int = 1
    dual_port: bool = False
    dsp_sums: bool = False
    popcount_registers: int = 0

    def __post_init__(self) -> None:
        check_types(self)
        check_range("elements", self.elements, 2, 40)
        if self.lanes not in (2 * self.elements, 4 * self.elements, 8 * self.elements):
            raise ConfigError(
                f"lanes={self.lanes} must be 2, 4 or 8 times elements={self.elements}; try "
                f"lanes={4 * self.elements}"
            )
        if self.planes not in PLANES:
            raise ConfigError(f"planes={self.planes} must be one of {PLANES}; try planes=1")
        if self.transposers not in (1, self.granules):
            raise ConfigError(
                f"transposers={self.transposers} must be 1 or lanes / elements = {self.granules}"
            )
        check_range("batch", self.batch, 1, 1024)
        check_range("accumulator_bits", self.accumulator_bits, 2, 16)
        for memory in ("data", "weight", "delta", "unit", "counter", "score"):
            name = f"{memory}_rows"
            check_range(name, getattr(self, name), 1, MOST_ROWS)
        check_range("segments", self.segments, 1, MOST_SEGMENTS)
        check_range("popcount_registers", self.popcount_registers, 0, 3)

    @property
    def granules(self) -> int:
        """Granules of P bits in an operand word, S / P."""
        return self.lanes // self.elements

    @property
    def data_width(self) -> int:
        """Bits of a row of the data memory: a pair of words, P accumulators, four fields."""
        accumulators = self.elements * self.accumulator_bits
        return max(2 * self.lanes, accumulators, FIELDS * FIELD_BITS)

    @property
    def access(self) -> int:
        """Cycles to read a row of accumulators and to write it: 1 with two ports."""
        return 1 if self.dual_port else 2
