"""Frames that COBS must carry."""

from support.streams import generator

EDGES = [
    b"", b"\0", b"\0\0", b"a", b"a\0", b"\0a", bytes(254), b"x" * 253, b"x" * 254,
    b"x" * 253 + b"\0", b"\0" + b"x" * 253, b"ab\0cd", b"\xff" * 254, b"\x01" * 10,
]  # fmt: skip


def random_frames(count):
    """Frames of 0..254 bytes, many of them zeros or 0xFF."""
    rng = generator("frames")
    choices = [0, 1, 0xFF, *range(256)]
    return [bytes(rng.choices(choices, k=rng.randint(0, 254))) for _ in range(count)]
