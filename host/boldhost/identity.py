"""What a device says of itself, and whether this driver can work with it."""

from dataclasses import asdict

from boldhw.errors import ConfigError, DeviceError
from boldhw.spec.engine import PROTOCOL_VERSION, EngineConfig
from boldhw.spec.protocol import FRAME_WINDOW, IDENTITY, MAGIC, Identity, parse_identity

REBUILD = "build and flash a bitstream with this version: boldhw build, then boldhw flash"


def check_identity(payload: bytes, config: EngineConfig | None = None) -> Identity:
    """Return the Identity in a HELLO payload.

    ``config`` is the expected EngineConfig, None accepts every design. Raises DeviceError that
    says what the device is, what was expected and what to do.
    """
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
    identity = _parse(payload)
    if identity is None or not 1 <= identity.frame_window <= FRAME_WINDOW:
        raise DeviceError(
            f"the device's greeting of {len(payload)} bytes is not that of protocol version "
            f"{PROTOCOL_VERSION}, which has {IDENTITY.size} and a window of at most "
            f"{FRAME_WINDOW}; {REBUILD}"
        )
    if identity.config.digest() != identity.digest:
        raise DeviceError(
            f"the device has design {identity.digest.hex()}, its parameters make design "
            f"{identity.config.digest().hex()} here: it comes from another version; {REBUILD}"
        )
    if config is not None and identity.config != config:
        raise DeviceError(
            f"the device has another design than expected: {_differences(identity.config, config)};"
            f" open it without config=, or {REBUILD}"
        )
    return identity


def _parse(payload: bytes) -> Identity | None:
    try:
        return parse_identity(payload)
    except ConfigError as error:
        raise DeviceError(f"the device reports an impossible design: {error}; {REBUILD}") from error


def _differences(found: EngineConfig, expected: EngineConfig) -> str:
    wanted = asdict(expected)
    return ", ".join(
        f"{name}={value} instead of {wanted[name]}"
        for name, value in asdict(found).items()
        if value != wanted[name]
    )
