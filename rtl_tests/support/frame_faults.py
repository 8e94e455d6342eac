"""What a line may do to a frame."""

from boldhw.spec.protocol import decode, encode


def drop(frame):
    """Lose the frame."""
    return b""


def corrupt(frame):
    """Damage one byte, not the delimiter."""
    return frame[:3] + bytes((frame[3] % 255 + 1,)) + frame[4:]


def truncate(frame):
    """Lose the end of the frame and its delimiter."""
    return frame[: len(frame) // 2]


def duplicate(frame):
    """Deliver the frame twice."""
    return frame + frame


def prefix_noise(frame):
    """Put noise and a stale frame in front of the frame."""
    message = decode(frame.strip(b"\0"))
    stale = encode(0x83, (message[1] - 5) & 0xFF, 0, b"ab") if message else b""
    return b"\x12\x34\0" + stale + frame


FAULTS = [drop, corrupt, truncate, duplicate, prefix_noise]
