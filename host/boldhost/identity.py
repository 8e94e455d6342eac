"""What a device says of itself, and whether this driver can work with it."""

from dataclasses import asdict
from functools import partial
from typing import Any

from boldhw.errors import ConfigError, DeviceError
from boldhw.spec.engine import PROTOCOL_VERSION, EngineConfig
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.link import LinkedArray
from boldhw.spec.ops.protocol import (
    OP_IDENTITY,
    OpIdentity,
    parse_op_identity,
    runs_op_lists,
)
from boldhw.spec.protocol import FRAME_WINDOW, IDENTITY, MAGIC, Identity, parse_identity

REBUILD = "build and flash a bitstream with this version: boldhw build, then boldhw flash"


def check_identity(payload: bytes, config: EngineConfig | None = None) -> Identity:
    """Return the Identity in a HELLO payload.

    ``config`` is the expected EngineConfig, None accepts every design. Raises DeviceError that
    says what the device is, what was expected and what to do.
    """
    _check_version(payload)
    if runs_op_lists(payload):
        raise DeviceError(
            "the device runs op lists of a graph of layers; open it as "
            "boldhost.graph_device.GraphDevice, or flash a design that trains chains"
        )
    identity: Identity = _parsed(parse_identity, payload, IDENTITY.size)
    if config is not None and identity.config != config:
        raise _other_design(identity.config, config)
    return identity


def check_op_identity(
    payload: bytes, expected: ArraySize | LinkedArray | None = None
) -> OpIdentity:
    """Return the OpIdentity in a HELLO payload, as :func:`check_identity` does for other designs.

    ``expected`` is the design, an ArraySize one without a store; None accepts every one that takes
    all programs. The digest says whether the device is made for the same program.
    """
    _check_version(payload)
    if not runs_op_lists(payload):
        raise DeviceError(
            "the device trains chains of dense layers, it runs no op lists; open it as "
            "boldhost.Device, or flash a design that runs op lists"
        )
    if isinstance(expected, ArraySize):
        expected = LinkedArray(expected)
    fixed = expected.size.fixed if expected is not None else ""
    identity: OpIdentity = _parsed(
        partial(parse_op_identity, fixed=fixed), payload, OP_IDENTITY.size
    )
    if expected is not None and identity.config != expected:
        raise _other_design(identity.config, expected)
    return identity


def _check_version(payload: bytes) -> None:
    """Raise DeviceError unless a HELLO payload is that of a design of this version."""
    if payload[:4] != MAGIC:
        raise DeviceError(
            f"the device greets with {payload[:8].hex() or 'nothing'}, a boldhw design greets "
            f"with {MAGIC.hex()}; choose another port or flash the board: boldhw flash"
        )
    version = payload[4] if len(payload) > 4 else 0
    if version != PROTOCOL_VERSION:
        raise DeviceError(
            f"the device speaks protocol version {version}, this driver version "
            f"{PROTOCOL_VERSION}; {REBUILD}"
        )


def _parsed(parse: Any, payload: bytes, size: int) -> Any:
    """Return what ``parse`` makes of a HELLO payload. Raises DeviceError if that is no identity."""
    try:
        identity = parse(payload)
    except ConfigError as error:
        raise DeviceError(f"the device reports an impossible design: {error}; {REBUILD}") from error
    if identity is None or not 1 <= identity.frame_window <= FRAME_WINDOW:
        raise DeviceError(
            f"the device's greeting of {len(payload)} bytes is not that of protocol version "
            f"{PROTOCOL_VERSION}, which has {size} and a window of at most "
            f"{FRAME_WINDOW}; {REBUILD}"
        )
    if identity.config.digest() != identity.digest:
        raise DeviceError(
            f"the device has design {identity.digest.hex()}, its parameters make design "
            f"{identity.config.digest().hex()} here: it comes from another version; {REBUILD}"
        )
    return identity


def _other_design(found: Any, expected: Any) -> DeviceError:
    values, wanted = (
        asdict(each) if isinstance(each, EngineConfig) else asdict(each.size) | vars(each)
        for each in (found, expected)
    )
    differences = ", ".join(
        f"{name}={value} instead of {wanted[name]}"
        for name, value in values.items()
        if value != wanted[name] and name != "size"
    )
    return DeviceError(
        f"the device has another design than expected: {differences}; open it without config=, or "
        f"{REBUILD}"
    )
