"""Figures of a report as text: line charts in SVG, weights as a PNG in a data URI.

Colours are left to the style sheet: series ``name`` has the class ``series name``.
"""

import base64
import math
import struct
import zlib
from html import escape

import numpy as np

LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 36  # margins that hold labels
GAP = 3  # pixels between tiles
CLEAR, SET, NOTHING = 0, 1, 2  # indices into the palette
PALETTE = bytes.fromhex("1e293b f6c453 000000")
ALPHA = bytes((255, 255, 0))


def line_chart(series, label, width=900, height=280):
    """Return an SVG chart of ``series``: name -> values of epoch 1, 2, ..., all of one length."""
    right, bottom = width - RIGHT, height - BOTTOM
    values = [value for line in series.values() for value in line]
    ticks = nice_ticks(min(values), max(values))
    count = max(map(len, series.values()))

    def x(epoch):
        return LEFT + (epoch - 1) / max(count - 1, 1) * (right - LEFT)

    def y(value):
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return bottom - share * (bottom - TOP)

    parts = [_y_tick(y(tick), tick, right) for tick in ticks]
    parts += [
        f'<text class="tick" x="{x(epoch):.1f}" y="{bottom + 16}" '
        f'text-anchor="middle">{epoch}</text>'
        for epoch in range(1, count + 1, max(1, count // 10))
    ]
    parts.append(
        f'<text class="label" x="{(LEFT + right) / 2:.0f}" y="{height - 4}" '
        f'text-anchor="middle">epoch</text>'
    )
    parts += [_line(name, line, x, y) for name, line in series.items()]
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _y_tick(y, value, right):
    return (
        f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
    )


def _line(name, values, x, y):
    points = [(x(epoch), y(value), epoch, value) for epoch, value in enumerate(values, 1)]
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py, _, _ in points)
    dots = "".join(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3"><title>{escape(name)}, epoch {epoch}: '
        f"{value:,g}</title></circle>"
        for px, py, epoch, value in points
    )
    return f'<g class="series {escape(name)}"><polyline points="{path}"/>{dots}</g>'


def nice_ticks(low, high, count=4):
    """Return about ``count`` round numbers in even steps that enclose ``low`` .. ``high``."""
    span = high - low or abs(high) or 1
    power = 10 ** math.floor(math.log10(span / count))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m * count >= span)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * n, 12) for n in range(first, max(last, first + 1) + 1)]


def tiles(weights, shape, columns=20):
    """Return the rows of ``weights`` as pictures of ``shape`` side by side, in a PNG data URI.

    weights: bool, shape (units, height * width); T is light, F is dark, gaps are clear.
    """
    height, width = shape[0] + GAP, shape[1] + GAP
    rows = -(-len(weights) // columns)
    image = np.full((rows * height - GAP, columns * width - GAP), NOTHING, np.uint8)
    for index, unit in enumerate(weights):
        top, left = index // columns * height, index % columns * width
        image[top : top + shape[0], left : left + shape[1]] = np.where(
            unit.reshape(shape), SET, CLEAR
        )
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()


def png(image):
    """Return a PNG file of palette indices, uint8, shape (height, width)."""
    height, width = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    lines = np.hstack([np.zeros((height, 1), np.uint8), image])  # filter type 0 in front of each
    chunks = (
        (b"IHDR", header),
        (b"PLTE", PALETTE),
        (b"tRNS", ALPHA),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
