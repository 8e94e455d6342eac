"""What the link sees of an array that runs op lists: sizes of its memories, and its digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from boldhw.errors import ConfigError
from boldhw.spec.engine import MOST_ITEMS, PROTOCOL_VERSION
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.store import StoreGeometry, check_store

COUNTER_BYTES = 4  # of a counter, and of a threshold with its window
LIMIT_CYCLES = 1 << 10  # of a step of the watchdog's register
STORE_NAMES = ("store", "store_bytes")
QUEUE_WORDS = 63  # operand words in the queue of a store, less one; those of small pictures


@dataclass(frozen=True)
class LinkedArray(StoreGeometry):
    """An array of op lists, in the terms of the command unit and of the driver.

    Raises ConfigError for a store that an engine cannot have.

    Parameters
    ----------
    size : ArraySize
        Raises ConfigError when its weights are more blocks than a frame can address.
    store, store_bytes : str, int
        Memory of samples beside the engine, as :class:`boldhw.spec.engine.EngineConfig` has it.
    """

    size: ArraySize
    store: str = "none"
    store_bytes: int = 0

    # What options of an EngineConfig are here.
    runs_ops = True
    max_layers = 0  # flips are in the memory of the counters

    def __post_init__(self) -> None:
        check_store(self.store, self.store_bytes, self.training)
        if self.weight_blocks > MOST_ITEMS + 1:
            most = (MOST_ITEMS + 1) // self.size.granules
            raise ConfigError(
                f"weight_rows={self.size.weight_rows} are {self.weight_blocks} blocks, and a frame "
                f"addresses {MOST_ITEMS + 1}; the most that work are weight_rows={most}"
            )

    @property
    def training(self) -> bool:
        """Whether the array trains."""
        return not self.size.inference

    @property
    def elements(self) -> int:
        """P: words of a block, thresholds of a row, counters of a row."""
        return self.size.elements

    @property
    def lanes(self) -> int:  # type: ignore[override]
        """S, bits of an operand word."""
        return self.size.lanes

    @property
    def batch(self) -> int:
        """K, the most active samples that an update can gather."""
        return self.size.batch

    @property
    def dual_port(self) -> bool:
        """Whether the data memory reads and writes in the same cycle."""
        return self.size.dual_port

    @property
    def data_rows(self) -> int:
        """Rows of the data memory."""
        return self.size.data_rows

    @property
    def unit_rows(self) -> int:
        """Rows of thresholds and windows."""
        return self.size.unit_rows

    @property
    def counter_rows(self) -> int:
        """Rows of counters."""
        return self.size.counter_rows

    @property
    def score_items(self) -> int:
        """Items of P scores."""
        return ceil_div(self.size.score_rows, self.elements)

    @property
    def data_bytes(self) -> int:
        """Bytes of a row of the data memory on the link."""
        return ceil_div(self.size.data_width, 8)

    @property
    def data_width(self) -> int:
        """Bits of such a row on the link."""
        return 8 * self.data_bytes

    @property
    def word_bytes(self) -> int:
        """Bytes of an operand word of a sample on the link."""
        return ceil_div(self.lanes, 8)

    @property
    def block_bytes(self) -> int:
        """Bytes of a block of P x P weights on the link: P words, each padded to bytes."""
        return self.elements * ceil_div(self.elements, 8)

    @property
    def weight_blocks(self) -> int:
        """Blocks of the weight memory."""
        return self.size.weight_rows * self.size.granules

    @property
    def unit_bytes(self) -> int:
        """Bytes of a row of thresholds and windows, of counters, or of scores, on the link."""
        return self.elements * COUNTER_BYTES

    @property
    def queue_words(self) -> int:
        """Operand words in the queue of a store, less one."""
        return QUEUE_WORDS

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the array by name, and those of the store if there is one."""
        return asdict(self.size) | self.store_parameters

    @classmethod
    def of_parameters(cls, values: Mapping[str, Any]) -> "LinkedArray":
        """Return the design with these :meth:`parameters`. Raises TypeError for unknown names."""
        size = {name: value for name, value in values.items() if name not in STORE_NAMES}
        store = {name: value for name, value in values.items() if name in STORE_NAMES}
        return cls(ArraySize(**size), **store)

    def digest(self) -> bytes:
        """Return eight bytes that name this design; HELLO reports them."""
        values = self.parameters()
        for name in ("fixed", "uncounted"):  # which few arrays have
            if not values[name]:
                del values[name]
        text = json.dumps([PROTOCOL_VERSION, "op lists", values], sort_keys=True)
        return hashlib.sha256(text.encode()).digest()[:8]
