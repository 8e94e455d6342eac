"""A store of samples, which engines of chains and of op lists have alike.

A record is a word for the label and the operand words of a sample, each padded to whole words of
the store. Records lie a power of two of words apart; there is none at word 0.
"""

from typing import Any, Protocol

import numpy as np

from boldhw.errors import ConfigError
from boldhw.spec.arrays import Bytes, Labels
from boldhw.spec.checks import check_range
from boldhw.spec.numbers import ceil_div

PAGE_BITS = 16  # of the address of a store's word, in a page
STORES = {"none": 0, "sdram": 16, "flash": 8}  # kinds of stores, bits of a word
STORE_BYTES_MAX = {"sdram": 1 << 25, "flash": 1 << 24}  # a flash has addresses of three bytes


class StoreGeometry:
    """What follows from the parameters of a store; base of an engine's configuration."""

    lanes: int  # bits of an operand word
    store: str
    store_bytes: int

    @property
    def has_store(self) -> bool:
        """Whether there is a memory of samples."""
        return self.store != "none"

    @property
    def store_parameters(self) -> dict[str, Any]:
        """The parameters of the store by name; none without one."""
        return {"store": self.store, "store_bytes": self.store_bytes} if self.has_store else {}

    @property
    def store_width(self) -> int:
        """Bits of one word of the store."""
        return STORES[self.store]

    @property
    def store_address_bits(self) -> int:
        """Bits of the address of one word of the store."""
        return (self.store_bytes * 8 // self.store_width).bit_length() - 1

    @property
    def store_parts(self) -> int:
        """Words of the store that one operand word takes."""
        return ceil_div(self.lanes, self.store_width)


def check_store(store: str, store_bytes: int, training: bool) -> None:
    """Raise ConfigError unless an engine can have a store of this kind and size."""
    if store not in STORES:
        raise ConfigError(f"store={store!r} is not known; choose {', '.join(STORES)}")
    if store == "none":
        check_range("store_bytes", store_bytes, 0, 0)
        return
    check_range("store_bytes", store_bytes, 2 << PAGE_BITS, STORE_BYTES_MAX[store])
    if store_bytes.bit_count() != 1:
        near = 1 << store_bytes.bit_length() - 1
        raise ConfigError(
            f"store_bytes={store_bytes} is no power of two; the nearest smaller choice is "
            f"store_bytes={near}"
        )
    if not training:
        raise ConfigError(
            f"store={store!r} holds samples to train on; generate with training=True, or "
            f"with store='none'"
        )


class StoredConfig(Protocol):
    """What packing needs of an engine with a store."""

    @property
    def word_bytes(self) -> int:
        """Bytes of an operand word on the link."""

    @property
    def store_width(self) -> int:
        """Bits of one word of the store."""

    @property
    def store_parts(self) -> int:
        """Words of the store that one operand word takes."""


def record_words(config: StoredConfig, sample_words: int) -> int:
    """Return the words of the store that a sample of so many operand words takes."""
    return (1 + sample_words) * config.store_parts


def record_stride(config: StoredConfig, sample_words: int) -> int:
    """Return the words from one record to the next, a power of two."""
    return 1 << (record_words(config, sample_words) - 1).bit_length()


def pack_store(config: StoredConfig, samples: Bytes, labels: Labels) -> bytes:
    """Return the bytes of a store with these samples, from its first word on.

    samples: uint8, shape (samples, bytes), operand words as the link has them.  labels: integers,
    shape (samples,), 0..255.
    """
    count, size = len(samples), config.store_parts * config.store_width // 8
    items = samples.shape[1] // config.word_bytes
    stride = record_stride(config, items) * config.store_width // 8
    image = np.zeros((count + 1, stride), np.uint8)
    records = image[1:, : (1 + items) * size].reshape(count, 1 + items, size)
    records[:, 0, 0] = labels
    records[:, 1:, : config.word_bytes] = samples.reshape(count, items, config.word_bytes)
    image[1:, : (1 + items) * size] = records.reshape(count, -1)
    return image.tobytes()
