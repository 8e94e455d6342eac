"""Numbers that follow from the parameters of an engine."""

from boldhw.spec.network import MAX_TERMS
from boldhw.spec.store import StoreGeometry

FIELD_BITS = 16  # width of one layer-table field and of one register
DSP_SUM_BITS = 13  # of a signed sum in a DSP block: twice the weight of a lane is an operand of 16
REGIONS, LARGEST_REGION = 4, 16  # parts of a large device, elements of one that is not


class Latencies:
    """Cycles that follow from the parameters of an array and its data memory."""

    dual_port: bool
    popcount_registers: int
    dsp_sums: bool

    @property
    def read_latency(self) -> int:
        """Cycles from the address of a data-memory row to the row."""
        return 2 if self.dual_port else 1

    @property
    def latency(self) -> int:
        """Cycles from an operand's address to its sums."""
        return 5 + self.read_latency + self.popcount_registers - self.dsp_sums


class Geometry(Latencies, StoreGeometry):
    """Base of :class:`boldhw.spec.engine.EngineConfig`: what follows from its parameters.

    P elements, S lanes and K samples of a batch are ``elements``, ``lanes`` and ``batch`` there.
    """

    elements: int
    lanes: int
    batch: int
    accumulator_bits: int
    weight_rows: int
    max_fan_in: int
    training: bool

    @property
    def runs_ops(self) -> bool:
        """Whether the engine runs op lists; see :class:`boldhw.spec.ops.link.LinkedArray`."""
        return False

    # Words and rows.

    @property
    def subwords(self) -> int:
        """Blocks of P bits in one operand word, S / P."""
        return self.lanes // self.elements

    @property
    def data_width(self) -> int:
        """Bits of one data-memory row: four table fields, P accumulators or one operand word."""
        bits = max(4 * FIELD_BITS, self.lanes)
        if self.training:
            bits = max(bits, self.elements * self.accumulator_bits)
        return -(-bits // 8) * 8

    @property
    def data_bytes(self) -> int:
        """Bytes of one data-memory row on the link."""
        return self.data_width // 8

    @property
    def word_bytes(self) -> int:
        """Bytes of one S-bit operand word on the link."""
        return -(-self.lanes // 8)

    @property
    def block_bytes(self) -> int:
        """Bytes of one weight block on the link: P words of P bits, each padded to bytes."""
        return self.elements * -(-self.elements // 8)

    @property
    def weight_blocks(self) -> int:
        """Blocks of P x P weight bits in the weight memory."""
        return self.weight_rows * self.subwords

    # Sums.

    @property
    def sum_bits(self) -> int:
        """Bits of one signed sum: fan-in and threshold both ways, or twice a vote of K samples."""
        return (2 * self.max_fan_in).bit_length() + 1

    @property
    def high_lanes(self) -> int:
        """Lanes whose count a DSP block takes above the sum; the others it takes below.

        Half of them and one: counts of odd numbers of lanes take the fewest LUT4.
        """
        return min(self.lanes // 2 + 1, (1 << 16 - self.sum_bits) - 1)

    @property
    def largest_fan_in(self) -> int:
        """The most that ``max_fan_in`` can be: in a DSP block sum and count share 16 bits."""
        return (1 << DSP_SUM_BITS - 2) - 1 if self.dsp_sums else MAX_TERMS

    @property
    def clears_sums(self) -> bool:
        """Whether sums begin again by the reset of their registers, and hold until the next ones.

        It saves a LUT4 a bit; in a large engine, which is short of wires, sums begin with a word.
        """
        return self.regions == 1

    # Parts of a large device.

    @property
    def regions(self) -> int:
        """Parts of the device with registers of their own for what all elements share."""
        return REGIONS if self.dual_port and self.elements > LARGEST_REGION else 1

    def region_of(self, element: int) -> int:
        """Return the part of the device that an element belongs to."""
        return element * self.regions // self.elements

    @property
    def data_slices(self) -> int:
        """Parts of the data memory, side by side, with addresses of their own."""
        return min(2, self.regions)

    @property
    def queue_words(self) -> int:
        """Operand words in the queue of a store, less one: those of the longest sample."""
        return self.max_fan_in // self.lanes
