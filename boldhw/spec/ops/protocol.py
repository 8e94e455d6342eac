"""Wire format of an array that runs op lists, where it differs from :mod:`boldhw.spec.protocol`.

Frames, commands and the counters of STAT are the same. A sample is trained by the forward list, an
active one by the backward list too, a batch by the update list. Lists, samples and weights are
written with MEM_WRITE, and where lists begin is written to registers.
"""

import struct
from dataclasses import dataclass, fields
from enum import IntEnum

from boldhw.spec.engine import MAX_PAYLOAD, PROTOCOL_VERSION
from boldhw.spec.geometry import FIELD_BITS
from boldhw.spec.ops.array import ArraySize, WindowKernel
from boldhw.spec.ops.link import LIMIT_CYCLES, LinkedArray
from boldhw.spec.protocol import FRAME_WINDOW, MAGIC, REASONS, Documented, Status
from boldhw.spec.store import PAGE_BITS

OP_LISTS = 1 << 7  # of the flags of an identity: the design runs op lists
RECORD_BITS = 12  # of the operand words of a stored sample


class OpRegister(Documented):
    """16-bit registers of an array that runs op lists, cleared by RESET."""

    FORWARD = 0, "data row of the forward list; 0 = no network"
    BATCH = 1, "active samples per update, 1..K"
    MARGIN = 2, "margin of the loss"
    BACKWARD = 3, "data row of the backward list"
    CLASSES = 4, "classes of the network, 2..255"
    OUTPUTS_PER_CLASS = 5, "outputs of the last layer whose sums add up to one score"
    SAMPLE_ROW = 6, "data row of the first word of a sample"
    UPDATE = 7, "data row of the update list"
    SAMPLE_WORDS = 8, "operand words of a sample in INFER and TRAIN; 0 = it is in the memory"
    LIMIT = 9, f"cycles after which a list is ended, in steps of {LIMIT_CYCLES}"
    # Of the store, write only. Sample n of 1..ORDER_SAMPLES is the record at word n * stride.
    STORE_PAGE = 10, "page of 65,536 words that bank STORE shows"
    RECORD = 11, f"operand words of a stored sample; from bit {RECORD_BITS} on log2 of the stride"
    ORDER_SAMPLES = 12, "stored samples"
    ORDER_TAPS = 13, "taps of the register that orders them, see boldhw.spec.order"
    ORDER_STATE = 14, "state of that register; writing it begins the order"


OP_STORE_REGISTERS = tuple(each for each in OpRegister if each >= OpRegister.STORE_PAGE)
OP_READABLE = tuple(each for each in OpRegister if each < OpRegister.STORE_PAGE)


def op_registers_of(config: LinkedArray) -> tuple[OpRegister, ...]:
    """Return the registers that an engine has."""
    return tuple(OpRegister) if config.has_store else OP_READABLE


def register_bits(config: LinkedArray) -> dict[OpRegister, int]:
    """Return the bits that each register has, as many as its values need; others are dropped."""
    row = max(1, (config.data_rows - 1).bit_length())
    scores = min(8, config.size.score_rows.bit_length())
    rows = dict.fromkeys(
        (OpRegister.FORWARD, OpRegister.BACKWARD, OpRegister.UPDATE, OpRegister.SAMPLE_ROW), row
    )
    return (
        dict.fromkeys(OpRegister, FIELD_BITS)
        | rows
        | {
            OpRegister.BATCH: config.batch.bit_length(),
            OpRegister.CLASSES: scores,
            OpRegister.OUTPUTS_PER_CLASS: scores,
            OpRegister.SAMPLE_WORDS: 8,  # a sample has to fit into a frame
        }
    )


class OpBank(IntEnum):
    """Memories that MEM_READ, MEM_WRITE and STATE_CRC reach.

    Items of DATA and WEIGHTS are those of :class:`boldhw.spec.protocol.Bank`: a row, and a block of
    P x P weights. An item of UNITS is a row of P times threshold i16 and window u16; one of
    COUNTERS is a row of P counters u32. One of SCORES is P sums of the last layer, in the order of
    places and then of outputs, each in the lower half of a u32.
    """

    DATA = 0
    WEIGHTS = 1
    STORE = 2  # only in an engine with a store
    UNITS = 3
    COUNTERS = 4
    SCORES = 5


def op_banks_of(config: LinkedArray) -> tuple[OpBank, ...]:
    """Return the banks that an engine has."""
    return tuple(bank for bank in OpBank if config.has_store or bank != OpBank.STORE)


def op_items(config: LinkedArray) -> dict[OpBank, tuple[int, int]]:
    """Return the items of each bank of an engine, of STORE those of a page, and the bytes of one.

    ``{bank: (items, bytes)}``.
    """
    found = {
        OpBank.DATA: (config.data_rows, config.data_bytes),
        OpBank.WEIGHTS: (config.weight_blocks, config.block_bytes),
        OpBank.STORE: (1 << PAGE_BITS, config.store_width // 8),
        OpBank.UNITS: (config.unit_rows, config.unit_bytes),
        OpBank.COUNTERS: (config.counter_rows, config.unit_bytes),
        OpBank.SCORES: (config.score_items, config.unit_bytes),
    }
    return {bank: found[bank] for bank in op_banks_of(config)}


class ListStatus(IntEnum):
    """What else a device says of INFER, TRAIN and FLUSH: the network has to be loaded again."""

    BAD_OP = 8
    TOO_LONG = 9


LIST_REASONS = {
    ListStatus.BAD_OP: "an op list has an op that there is none of; load the network again",
    ListStatus.TOO_LONG: "an op list ran longer than its limit and was ended; load the network "
    "again",
}
ALL_REASONS: dict[int, str] = REASONS | LIST_REASONS
STATUS_BITS = max(*Status, *ListStatus).bit_length()

# The payload of HELLO: as IDENTITY_VALUES of the protocol up to ``lanes``.
OP_IDENTITY_VALUES = (
    ("magic", "4s"),
    ("version", "B"),
    ("flags", "B"),  # bit n: OP_FLAGS[n]; OP_LISTS is set
    ("digest", "8s"),
    ("elements", "H"),
    ("lanes", "H"),
    ("batch", "H"),
    ("accumulator_bits", "B"),
    ("popcount_registers", "B"),
    ("planes", "B"),
    ("window", "B"),
    ("max_payload", "B"),
    ("segments", "B"),
    ("sum_bits", "B"),
    ("side_bits", "B"),
    ("window_kernels", "4s"),  # of each: side, 16 times its planes, 64 times its stride; or 0
    ("transposers", "H"),
    ("last_data_row", "H"),  # rows - 1, which fits where the rows do not
    ("last_weight_row", "H"),
    ("last_delta_row", "H"),
    ("last_unit_row", "H"),
    ("last_counter_row", "H"),
    ("last_score_row", "H"),
    ("clock_hz", "I"),
    ("store_bits", "B"),  # bit length of store_bytes
    ("reserved", "B"),  # 0, for a whole number of words
)
OP_IDENTITY = struct.Struct("<" + "".join(code for _, code in OP_IDENTITY_VALUES))
OP_FLAGS = ("dsp_sums", "dual_port", "serial", "plain", "inference", "uncounted", "flash")
ROWS = ("data", "weight", "delta", "unit", "counter", "score")


@dataclass(frozen=True)
class OpIdentity:
    """What HELLO says of a design that runs op lists."""

    digest: bytes
    config: LinkedArray
    clock_hz: int
    frame_window: int = FRAME_WINDOW
    max_payload: int = MAX_PAYLOAD


def op_identity_bytes(config: LinkedArray, clock_hz: int) -> bytes:
    """Return the HELLO payload of a design."""
    size = config.size
    options = vars(size) | {"flash": config.store == "flash"}
    values = options | {
        "magic": MAGIC,
        "version": PROTOCOL_VERSION,
        "flags": OP_LISTS + sum(options[name] << bit for bit, name in enumerate(OP_FLAGS)),
        "digest": config.digest(),
        "window": FRAME_WINDOW,
        "max_payload": MAX_PAYLOAD,
        "clock_hz": clock_hz,
        "store_bits": config.store_bytes.bit_length(),
        "reserved": 0,
        "window_kernels": bytes(
            kernel.side | kernel.planes << 4 | kernel.stride << 6
            for kernel in size.windows
            if size.window_kernels
        ),
    }
    values |= {f"last_{name}_row": vars(size)[f"{name}_rows"] - 1 for name in ROWS}
    return OP_IDENTITY.pack(*(values[name] for name, _ in OP_IDENTITY_VALUES))


def runs_op_lists(payload: bytes) -> bool:
    """Whether a HELLO payload is that of a design that runs op lists."""
    return payload[:4] == MAGIC and len(payload) > 5 and bool(payload[5] & OP_LISTS)


def parse_op_identity(payload: bytes, fixed: str = "") -> OpIdentity | None:
    """Return the OpIdentity in a HELLO payload, or None if it is no such design's.

    fixed: of the design, which only its digest tells.
    """
    if len(payload) != OP_IDENTITY.size or not runs_op_lists(payload):
        return None
    names = [name for name, _ in OP_IDENTITY_VALUES]
    values = dict(zip(names, OP_IDENTITY.unpack(payload), strict=True))
    if values["version"] != PROTOCOL_VERSION:
        return None
    values |= {name: bool(values["flags"] >> bit & 1) for bit, name in enumerate(OP_FLAGS)}
    values |= {f"{name}_rows": values[f"last_{name}_row"] + 1 for name in ROWS}
    values |= {"window_kernels": _kernels(values["window_kernels"]), "fixed": fixed}
    size = ArraySize(**{each.name: values[each.name] for each in fields(ArraySize)})
    store = "none"
    if values["store_bits"]:
        store = "flash" if values["flash"] else "sdram"
    config = LinkedArray(size, store, 1 << values["store_bits"] >> 1)
    return OpIdentity(
        values["digest"], config, values["clock_hz"], values["window"], values["max_payload"]
    )


def _kernels(values: bytes) -> str:
    """Return the kernels of a window unit as an ArraySize has them."""
    return ",".join(
        str(WindowKernel(each & 15, each >> 4 & 3, each >> 6)) for each in values if each
    )
