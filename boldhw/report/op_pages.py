"""Tables of the protocol of engines that run op lists: heads and rows, made from the code."""

from collections.abc import Callable, Sequence

from boldhw.spec.engine import MAX_PAYLOAD
from boldhw.spec.ops.protocol import (
    LIST_REASONS,
    OP_FLAGS,
    OP_IDENTITY,
    OP_IDENTITY_VALUES,
    OP_LISTS,
    ListStatus,
    OpBank,
    OpRegister,
)
from boldhw.spec.registermap import identity_rows

Table = tuple[Sequence[str], list[tuple[object, ...]]]  # heads and rows
MEANINGS = {
    "magic": "BOLD",
    "version": "of the protocol",
    "flags": "see below",
    "digest": "names the design",
    "elements": "P",
    "lanes": "S",
    "batch": "K",
    "accumulator_bits": "A",
    "popcount_registers": "registers in a popcount tree; of no use to a client",
    "planes": "D",
    "window": "commands that may wait for their replies",
    "max_payload": f"longest payload, at most {MAX_PAYLOAD}",
    "segments": "segments of a sum at most",
    "sum_bits": "bits of a signed sum",
    "side_bits": "bits of rows, columns, groups, outputs and pitches",
    "window_kernels": "a byte for each kernel of the window unit: side, 16 times its planes, 64 "
    "times its stride; all 0: every one that fits",
    "transposers": "blocks transposed together; says cycles only",
    "last_data_row": "last row of the data memory",
    "last_weight_row": "last row of the weight memory",
    "last_delta_row": "last row of the delta memory",
    "last_unit_row": "last row of thresholds and windows",
    "last_counter_row": "last row of counters",
    "last_score_row": "outputs of the last layer at most, less 1",
    "clock_hz": "clock of the engine",
    "store_bits": "bit length of the bytes of the store, 0 without one",
    "reserved": "0",
}
FLAG_MEANINGS = {
    "dsp_sums": "sums are in multipliers; says cycles only",
    "dual_port": "its data memory has two ports; says cycles only",
    "serial": "accumulators change one after the other; says cycles only",
    "plain": "ops are restricted to plain values; a list with others is refused before it is sent",
    "inference": "it runs forward lists of MACs only; the driver refuses to train",
    "flash": "the store is a flash, which the engine only reads",
    "uncounted": "counters of T's and of gated outputs stay 0; lists have no COUNT",
}
ITEMS = {
    OpBank.DATA: ("data_bytes", "a row of the data memory"),
    OpBank.WEIGHTS: ("block_bytes", "a block of P x P weights"),
    OpBank.STORE: ("2 or 1", "a word of the store, of SDRAM or flash, in page STORE_PAGE"),
    OpBank.UNITS: ("4 P", "a row of P times threshold i16, window u16"),
    OpBank.COUNTERS: ("4 P", "a row of P counters u32"),
    OpBank.SCORES: ("4 P", "P sums of the last layer, each in the lower half of a u32"),
}


def _identity() -> Table:
    rows: list[tuple[object, ...]] = [
        (each["offset"], each["name"], each["format"], MEANINGS[each["name"]])
        for each in identity_rows(OP_IDENTITY_VALUES)
    ]
    rows.append((OP_IDENTITY.size, "", "", "the end: the payload has so many bytes"))
    return ("offset", "name", "format", "meaning"), rows


def _flags() -> Table:
    rows: list[tuple[object, ...]] = [
        (bit, name, FLAG_MEANINGS[name]) for bit, name in enumerate(OP_FLAGS)
    ]
    rows.append((OP_LISTS.bit_length() - 1, "", "it runs op lists: always"))
    return ("bit", "name", "if it is set"), rows


def _registers() -> Table:
    rows: list[tuple[object, ...]] = [(each.value, each.name, each.doc) for each in OpRegister]
    return ("addr", "name", "meaning"), rows


def _banks() -> Table:
    rows: list[tuple[object, ...]] = [(each.value, each.name, *ITEMS[each]) for each in OpBank]
    return ("bank", "name", "bytes of an item", "an item is"), rows


def _status() -> Table:
    rows: list[tuple[object, ...]] = [
        (each.value, each.name, LIST_REASONS[each]) for each in ListStatus
    ]
    return ("status", "name", "meaning"), rows


OP_TABLES: dict[str, Callable[[], Table]] = {
    "op identity": _identity,
    "op flags": _flags,
    "op registers": _registers,
    "op banks": _banks,
    "op status": _status,
}
