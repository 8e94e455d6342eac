"""Shapes of the memories of an engine, which the gateware builds and the estimate counts.

A memory on a device with block RAM of 18 kbit (ECP5, Gowin), ``large_blocks``, is cut differently
from one on an iCE40, whose block RAM holds 4 kbit and writes single bits. On an iCE40UP5K
single-port RAM primitives take the place of the data memory with one port.
"""

from typing import NamedTuple

from boldhw.spec.counters import WORD_BITS, address_bits, identity_words
from boldhw.spec.engine import EngineConfig
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.protocol import FRAME_WINDOW

FRAME_SLOT_BYTES = 256  # bytes of a memory that hold one frame

# Block RAM of ECP5 and Gowin: 512 rows of 36 bits, 1,024 of 18 or 2,048 of 9. Deeper shapes leave
# every ninth bit unused.
SHALLOWEST, DEEPEST = 512, 2048
WIDEST = 36
WEIGHT_BITS = 8 * WIDEST  # of a memory of weights, at most: those of eight block RAMs
SPRAM_WIDTH, SPRAM_ROWS = 16, 1 << 14  # of a single-port RAM of an iCE40UP5K


class Memory(NamedTuple):
    """One memory.

    name           of its submodule, unique in its unit
    width          bits of a row
    rows           rows
    ports          addresses: 2 if a row is read at one and written at another, 1 if they are one
    first_row      of the rows of its unit, the one that is row 0 here
    first_bit      of the bits of the word that it stores a part of, the one that is bit 0 here
    """

    name: str
    width: int
    rows: int
    ports: int = 2
    first_row: int = 0
    first_bit: int = 0


def memories(config: EngineConfig, large_blocks: bool = False) -> list[Memory]:
    """Return all memories of an engine: those of its units, one after the other."""
    shared = [*frames(), counters(config), *deltas(config), *records(config)]
    return [*shared, *weights(config, large_blocks), *data(config, large_blocks)]


def frames() -> list[Memory]:
    """Return the memories of received frames and of replies, bytes; each one block RAM."""
    rows = FRAME_WINDOW * FRAME_SLOT_BYTES
    return [Memory("frames", 8, rows), Memory("replies", 8, rows)]


def counters(config: EngineConfig | LinkedArray) -> Memory:
    """Return the memory of the counters, and in its other half of the identity."""
    return Memory("words", WORD_BITS, (1 << address_bits(config) - 1) + identity_words(config))


def weights(config: EngineConfig, large_blocks: bool = False) -> list[Memory]:
    """Return the memories of the weights, whose row has P banks of S bits.

    One memory that writes P bits of each bank and keeps the others. With ``large_blocks``, which
    mask writes by 9 bits, one for each block of P x P bits of a row, cut after ``WEIGHT_BITS``;
    those of a block follow each other.
    """
    block, rows = config.elements**2, config.weight_rows
    if not large_blocks:
        return [Memory("rows", block * config.subwords, rows)]
    lows = range(0, block, WEIGHT_BITS)
    return [
        Memory(f"block{t}_{index}", min(WEIGHT_BITS, block - low), rows, first_bit=low)
        for t in range(config.subwords)
        for index, low in enumerate(lows)
    ]


def data(config: EngineConfig, large_blocks: bool = False) -> list[Memory]:
    """Return the memories of the layer table, the accumulators and the gathered samples.

    One for each slice of the columns; with ``large_blocks`` a stack of them, see :func:`stack`.
    Those of a slice follow each other.
    """
    parts = stack(config.data_rows) if large_blocks else [(0, config.data_rows)]
    # All slices but the last one have the columns of whole block RAMs, of any shape.
    wide = WIDEST * max(1, config.data_width // config.data_slices // WIDEST)
    lows = [index * wide for index in range(config.data_slices)]
    widths = [high - low for low, high in zip(lows, [*lows[1:], config.data_width], strict=True)]
    return [
        Memory(f"rows{row}_{index}", width, depth, 1 + config.dual_port, row, low)
        for index, (low, width) in enumerate(zip(lows, widths, strict=True))
        for row, depth in parts
    ]


def stack(rows: int) -> list[tuple[int, int]]:
    """Return (first row, rows) of the memories that make up one of ``rows`` rows.

    Each is as deep as a block RAM can be without losing bits, the last ones as shallow as their
    rows allow: rows after the last multiple of 2,048 then cost no more than they hold.
    """
    deep, rest = divmod(rows, DEEPEST)
    quarters = ceil_div(rest, SHALLOWEST)
    depths = [DEEPEST] * deep + {0: [], 1: [512], 2: [1024], 3: [1024, 512], 4: [2048]}[quarters]
    return [(sum(depths[:index]), depth) for index, depth in enumerate(depths)]


def deltas(config: EngineConfig) -> list[Memory]:
    """Return the memories of the deltas, whose row has a sign and a mask of each of K samples.

    With ``dual_port`` one for the signs of each P samples, then as many for their masks. An engine
    that does not train has none.
    """
    p, k, rows = config.elements, config.batch, config.signal_rows
    if not config.training:
        return []
    if not config.dual_port:
        return [Memory("rows", 2 * k, rows)]
    widths = 2 * [min(p, k - first) for first in range(0, k, p)]
    return [Memory(f"part{part}", width, rows) for part, width in enumerate(widths)]


def records(config: EngineConfig | LinkedArray) -> list[Memory]:
    """Return the memory of the queue of a store, in operand words.

    The queue has a register for one word more. An engine without a store has none.
    """
    return [Memory("storage", config.lanes, config.queue_words)] * config.has_store
