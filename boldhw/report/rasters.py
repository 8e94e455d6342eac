"""Pictures of a report as PNG files: grey or coloured pixels, several beside each other."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # shape (height, width, 3), or (height, width) for grey
GAP, WHITE = 2, 255


def png(pixels: Pixels) -> bytes:
    """Return a PNG file of a coloured picture, uint8, shape (height, width, 3)."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, three colours
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def text(pixels: Pixels) -> str:
    """Return pixels, uint8 of any shape, as text that JSON holds."""
    return b64encode(pixels.tobytes()).decode()


def pixels(text: str, shape: Sequence[int]) -> Pixels:
    """Return the pixels of a :func:`text`, with their shape."""
    return np.frombuffer(b64decode(text), np.uint8).reshape(shape)


def sheet(rows: Sequence[Sequence[Pixels]], scale: int) -> Pixels:
    """Return pictures in rows and columns, each pixel ``scale`` wide and high, on white.

    All pictures have one size; a grey one has two dimensions.
    """
    height, width = rows[0][0].shape[:2]
    down, right = (size * scale + GAP for size in (height, width))
    found = np.full((len(rows) * down - GAP, len(rows[0]) * right - GAP, 3), WHITE, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            colours = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
            large = colours.repeat(scale, axis=0).repeat(scale, axis=1)
            found[y * down : y * down + len(large), x * right : x * right + large.shape[1]] = large
    return found
