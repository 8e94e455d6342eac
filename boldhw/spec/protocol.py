"""Wire format of the link: commands, registers, frames and the identity of a design.

A frame is :data:`FRAME`. A reply repeats the type with bit 7 set and the sequence number, and
carries the status in the place of the address. HELLO tells how many frames may wait for their
replies (the window) and how long payloads may be.

A device takes frames in order: only the next sequence number, or HELLO with any, which makes its
number the current one. It executes such a frame and keeps the replies to the last ``FRAME_WINDOW``
frames, each in the place that its number modulo ``FRAME_WINDOW`` gives. For any other number the
reply in its place is sent again: an earlier frame is answered once more, a later one gets a reply
that nobody waits for. A damaged frame, or one that has no reply in its place, gets an empty frame,
a lone 0x00. So each frame that arrives has one response, and a host that has seen them all knows
what was lost; sending a frame again is always safe. Nothing but HELLO is executed before the first
HELLO. A host greets ``FRAME_WINDOW`` times with consecutive numbers: no reply of an earlier session
is left then.
"""

import struct
import zlib
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

from cobs import cobs

from boldhw.spec.engine import MAX_PAYLOAD, PROTOCOL_VERSION, EngineConfig

CRC_BYTES = 4
FRAME = (
    f"COBS(type:1 | seq:1 | addr:2 | payload:0..{MAX_PAYLOAD} | CRC-32/ISO-HDLC:{CRC_BYTES}) 0x00, "
    f"little-endian"
)
FRAME_WINDOW = 2  # frames that may wait for their replies
REPLY = 0x80
MAGIC = b"BOLD"
HEADER = struct.Struct("<BBH")


class Documented(IntEnum):
    """Numbers of the protocol, each with ``doc``, what the register map says of it."""

    doc: str

    def __new__(cls, value: int, doc: str) -> Self:
        member = int.__new__(cls, value)
        member._value_, member.doc = value, doc
        return member


class Command(Documented):
    """Type byte of a frame. Payloads are given as request -> reply."""

    HELLO = 0x01, "empty -> IDENTITY"
    RESET = 0x02, "empty -> empty; forgets gathered samples, clears counters and registers"
    REG_READ = 0x03, "addr = register; empty -> u16"
    REG_WRITE = 0x04, "addr = register; u16 -> empty"
    MEM_READ = 0x05, "addr = first item; bank u8, count u8 -> items"
    MEM_WRITE = 0x06, "addr = first item; bank u8, items -> empty"
    INFER = 0x07, "addr = samples; operand words -> i16 score per sample and class"
    TRAIN = 0x08, "addr = samples; (label u8, operand words) each -> result u8 each"
    FLUSH = 0x09, "empty -> u8, the gathered samples that took part in the update"
    STAT = 0x0A, "empty -> u32 counters, see COUNTERS"
    STATE_CRC = 0x0B, "addr = first item; bank u8, count u16 -> CRC-32 u32"
    TRAIN_STORE = 0x0C, "addr = samples; empty -> empty; trains on samples of the store, in order"


class Status(IntEnum):
    """What a device says of a command; anything but OK means that nothing was changed."""

    OK = 0
    UNKNOWN_COMMAND = 1
    BAD_ADDRESS = 2
    BAD_LENGTH = 3
    BAD_LABEL = 4
    NO_STORE = 5
    NO_TRAINING = 6
    NOT_CONFIGURED = 7


REASONS: dict[int, str] = {
    Status.UNKNOWN_COMMAND: "it does not know this command; the bitstream is older than the driver",
    Status.BAD_ADDRESS: "the address lies outside the bank",
    Status.BAD_LENGTH: "the payload has the wrong length",
    Status.BAD_LABEL: "a label is not below the number of classes",
    Status.NO_STORE: "the design was generated without a store of samples",
    Status.NO_TRAINING: "the design was generated without training units",
    Status.NOT_CONFIGURED: "no network is loaded",
}


class Bank(IntEnum):
    """Memories that MEM_READ, MEM_WRITE and STATE_CRC reach.

    An item of DATA is one row of ``data_bytes``. An item of WEIGHTS is one block of P x P weights,
    ``block_bytes``: P words of P bits, one for each bank, each padded to whole bytes; block
    ``row * S / P + t`` holds bits ``t * P .. t * P + P - 1`` of every bank of weight row ``row``.
    An item of STORE is one word of the store, in the page that register STORE_PAGE names: two bytes
    of SDRAM, one of flash, which cannot be written.
    """

    DATA = 0
    WEIGHTS = 1
    STORE = 2  # only in an engine with a store


class Register(Documented):
    """16-bit registers, cleared by RESET."""

    LAYERS = 0, "layers in the table; 0 = no network"
    BATCH = 1, "active samples per update, 1..K"
    MARGIN = 2, "margin of the loss"
    ROUNDING = 3, "r of stochastic rounding, 0..3; 0 = exact"
    CLASSES = 4, "classes of the network, 2..255"
    OUTPUTS_PER_CLASS = 5, "outputs of the last layer whose sums add up to one score"
    SLOT_ROW = 6, "data row of the first gathered sample"
    SLOT_STRIDE = 7, "data rows of one gathered sample"
    SAMPLE_WORDS = 8, "operand words of one sample"
    NOISE = 9, "write only: shifts 16 bits into the noise generator, oldest bits fall out"
    # Of the store, write only. Sample n of 1..ORDER_SAMPLES is the record at word n * stride.
    STORE_PAGE = 10, "page of 65,536 words that bank STORE shows"
    RECORD = 11, "words of a record less one; from bit 8 on the binary logarithm of the stride"
    ORDER_SAMPLES = 12, "stored samples"
    ORDER_TAPS = 13, "taps of the register that orders them, see boldhw.spec.order"
    ORDER_STATE = 14, "state of that register; writing it begins the order"


STORE_REGISTERS = tuple(register for register in Register if register >= Register.STORE_PAGE)
READABLE = tuple(register for register in Register if register < Register.NOISE)


def registers_of(config: EngineConfig) -> tuple[Register, ...]:
    """Return the registers that an engine has."""
    return tuple(
        register for register in Register if config.has_store or register not in STORE_REGISTERS
    )


def banks_of(config: EngineConfig) -> tuple[Bank, ...]:
    """Return the banks that an engine has."""
    return tuple(bank for bank in Bank if config.has_store or bank != Bank.STORE)


# Bits of the result byte of a trained sample.
HIT, ACTIVE, UPDATED = 1, 2, 4

# Counters in the order in which STAT sends them; the flips follow, one counter per table entry.
COUNTERS = (
    "cycles_forward",
    "cycles_backward",
    "cycles_update",
    "samples",
    "active",
    "hits",
    "updates",
)

# The payload of HELLO: name and format code of each value, in order. Names of parameters of
# EngineConfig are these parameters.
IDENTITY_VALUES = (
    ("magic", "4s"),
    ("version", "B"),
    ("flags", "B"),  # bit n: FLAGS[n]
    ("digest", "8s"),
    ("elements", "H"),
    ("lanes", "H"),
    ("batch", "H"),
    ("accumulator_bits", "B"),
    ("popcount_registers", "B"),
    ("max_layers", "B"),
    ("window", "B"),
    ("max_payload", "B"),
    ("max_fan_in", "H"),
    ("weight_rows", "H"),
    ("last_data_row", "H"),  # data_rows - 1, which fits where data_rows does not
    ("signal_rows", "H"),
    ("clock_hz", "I"),
    ("store_bits", "B"),  # bit length of store_bytes
)
IDENTITY = struct.Struct("<" + "".join(code for _, code in IDENTITY_VALUES))
FLAGS = ("training", "stochastic", "decay", "flash", "dsp_sums", "dual_port")


@dataclass(frozen=True)
class Identity:
    """What HELLO says of a design."""

    digest: bytes
    config: EngineConfig
    clock_hz: int
    frame_window: int = FRAME_WINDOW
    max_payload: int = MAX_PAYLOAD


def identity_bytes(config: EngineConfig, clock_hz: int) -> bytes:
    """Return the HELLO payload of a design."""
    options = vars(config) | {"flash": config.store == "flash"}
    values = options | {
        "magic": MAGIC,
        "version": PROTOCOL_VERSION,
        "flags": sum(options[name] << bit for bit, name in enumerate(FLAGS)),
        "digest": config.digest(),
        "window": FRAME_WINDOW,
        "max_payload": MAX_PAYLOAD,
        "last_data_row": config.data_rows - 1,
        "clock_hz": clock_hz,
        "store_bits": config.store_bytes.bit_length(),
    }
    return IDENTITY.pack(*(values[name] for name, _ in IDENTITY_VALUES))


def parse_identity(payload: bytes) -> Identity | None:
    """Return the Identity in a HELLO payload, or None if it is no boldhw device's."""
    if len(payload) != IDENTITY.size:
        return None
    names = [name for name, _ in IDENTITY_VALUES]
    values = dict(zip(names, IDENTITY.unpack(payload), strict=True))
    if (values["magic"], values["version"]) != (MAGIC, PROTOCOL_VERSION):
        return None
    values |= {name: bool(values["flags"] >> bit & 1) for bit, name in enumerate(FLAGS)}
    values["data_rows"] = values["last_data_row"] + 1
    values["store_bytes"] = 1 << values["store_bits"] >> 1
    values["store"] = "none"
    if values["store_bits"]:
        values["store"] = "flash" if values["flash"] else "sdram"
    config = EngineConfig(**{field.name: values[field.name] for field in fields(EngineConfig)})
    return Identity(
        values["digest"], config, values["clock_hz"], values["window"], values["max_payload"]
    )


def encode(kind: int, seq: int, addr: int, payload: bytes = b"") -> bytes:
    """Return one frame, delimiter included. ``payload`` has at most 246 bytes."""
    body = HEADER.pack(kind, seq, addr) + payload
    stuffed: bytes = cobs.encode(body + zlib.crc32(body).to_bytes(CRC_BYTES, "little"))
    return stuffed + b"\0"


def decode(frame: bytes) -> tuple[int, int, int, bytes] | None:
    """Return (type, seq, addr, payload) of a frame without its delimiter, or None if damaged."""
    try:
        body: bytes = cobs.decode(frame)
    except cobs.DecodeError:
        return None
    size = len(body) - CRC_BYTES
    if size < HEADER.size or zlib.crc32(body[:size]) != int.from_bytes(body[size:], "little"):
        return None
    kind, seq, addr = HEADER.unpack_from(body)
    return kind, seq, addr, body[HEADER.size : size]
