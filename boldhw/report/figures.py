"""Figures of a report as text: line charts in SVG, weights as a PNG in a data URI.

Colours are left to the style sheet: series ``name`` has the class ``series name``.
"""

import base64
import math
import struct
import zlib
from html import escape

import numpy as np

from boldhw.spec.numbers import ceil_div

LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 36  # margins that hold labels
GAP = 3  # pixels between tiles
CLEAR, SET, NOTHING = 0, 1, 2  # indices into the palette
PALETTE = bytes.fromhex("1e293b f6c453 000000")
ALPHA = bytes((255, 255, 0))


def line_chart(series, label, width=900, height=280, step="epoch", first=1, classes=None):
    """Return an SVG chart of ``series``: name -> values of step ``first`` and on, all as many.

    classes: name -> class of the style sheet, where it is not the name.
    """
    right, bottom = width - RIGHT, height - BOTTOM
    values = [value for line in series.values() for value in line]
    whole = all(float(value).is_integer() for value in values)
    ticks = nice_ticks(min(values), max(values), whole=whole)
    count = max(map(len, series.values()))

    def x(place):
        return LEFT + (place - 1) / max(count - 1, 1) * (right - LEFT)

    def y(value):
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return bottom - share * (bottom - TOP)

    parts = [_y_tick(y(tick), tick, right) for tick in ticks]
    parts += [
        f'<text class="tick" x="{x(place):.1f}" y="{bottom + 16}" '
        f'text-anchor="middle">{place + first - 1}</text>'
        for place in range(1, count + 1, max(1, count // 10))
    ]
    parts.append(
        f'<text class="label" x="{(LEFT + right) / 2:.0f}" y="{height - 4}" '
        f'text-anchor="middle">{step}</text>'
    )
    parts += [
        _line(name, (classes or {}).get(name, name), line, x, y, (step, first))
        for name, line in series.items()
    ]
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _y_tick(y, value, right):
    return (
        f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
    )


def _line(name, style, values, x, y, steps):
    step, first = steps
    points = [(x(place), y(value), place, value) for place, value in enumerate(values, 1)]
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py, _, _ in points)
    dots = "".join(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3"><title>{escape(name)}, {step} '
        f"{place + first - 1}: {value:,g}</title></circle>"
        for px, py, place, value in points
    )
    return f'<g class="series {escape(style)}"><polyline points="{path}"/>{dots}</g>'


COLOURS = "#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #7a5cc4 #8a8a8a".split()
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #475569 }
.grid { stroke: #cbd5e1 } polyline { fill: none; stroke-width: 2 }
.beside { paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
@media (prefers-color-scheme: dark) {
text { fill: #cbd5e1 } .grid { stroke: #475569 } .beside { stroke: #0d1117 } }
"""
WIDTH, HEIGHT = 720, 360  # of a plot without its legend
LEGEND = 18  # pixels of one line of it
LINE = 12  # pixels of a line of text beside points


def plot(series, x_label, y_label, log=False, lines=True, dashed=()):
    """Return a complete SVG file of ``series``: name -> [(x, y)] or [(x, y, text)], at most eight.

    ``log``: logarithmic x.  ``lines`` joins the points of a series; the text of a point is written
    beside it.  ``dashed``: names of series that are variants of the one before them: they have its
    colour, and dashes. Where all values of an axis are whole numbers, so are its ticks.
    """
    points = [point for line in series.values() for point in line]
    x, x_ticks = _scale([p[0] for p in points], LEFT, WIDTH - RIGHT, log)
    y, y_ticks = _scale([p[1] for p in points], HEIGHT - BOTTOM, TOP + 8)
    body = [_y_tick(y(tick), tick, WIDTH - RIGHT) for tick in y_ticks]
    for tick in x_ticks:
        body.append(_centred(x(tick), HEIGHT - BOTTOM + 16, f"{tick:,g}"))
    body.append(_centred((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, x_label))
    body.append(f'<text x="{LEFT}" y="{TOP}">{escape(y_label)}</text>')
    colours, colour = iter(COLOURS), ""
    for index, (name, line) in enumerate(series.items(), 1):
        variant = name in dashed
        colour = colour if variant else next(colours)
        body.append(_points(line, x, y, colour, lines, variant))
        body.append(_legend(name, colour, HEIGHT + index * LEGEND - 4, variant))
    total = HEIGHT + len(series) * LEGEND + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}">'
        f"<style>{STYLE}</style>{''.join(body)}</svg>"
    )


def _scale(values, start, stop, log=False):
    """Return (function from values to pixels, ticks)."""
    change = math.log2 if log else float
    if log:
        ticks = log_ticks(min(values), max(values))
    else:
        whole = all(float(value).is_integer() for value in values)
        ticks = nice_ticks(min(values), max(values), 8 if whole else 6, whole)
    first, last = change(ticks[0]), change(ticks[-1])
    return lambda value: start + (change(value) - first) / (last - first) * (stop - start), ticks


def _points(line, x, y, colour, joined, dashed):
    places = [(x(point[0]), y(point[1])) for point in line]
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    parts = [f'<polyline points="{path}" stroke="{colour}"{dashes}/>'] if joined else []
    for px, py in places:
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>')
    texts = [(py, px, point[2]) for (px, py), point in zip(places, line, strict=True) if point[2:]]
    return "".join(parts + _beside(sorted(texts)))


def _beside(texts):
    """Write to the right of points, to the left in the right half; none over the one above it.

    texts: (y, x, text) of each, the highest first.
    """
    parts, lowest = [], {"start": 0.0, "end": 0.0}
    for y, x, text in texts:
        side, anchor = (6, "start") if x < WIDTH / 2 else (-6, "end")
        lowest[anchor] = max(y - 5, lowest[anchor] + LINE)
        parts.append(
            f'<text class="beside" x="{x + side:.1f}" y="{lowest[anchor]:.1f}" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )
    return parts


def _legend(name, colour, y, dashed):
    spots = ((0, 6), (10, 6)) if dashed else ((0, 16),)
    marks = [
        f'<rect x="{LEFT + x}" y="{y - 7}" width="{width}" height="4" fill="{colour}"/>'
        for x, width in spots
    ]
    return f'{"".join(marks)}<text x="{LEFT + 22}" y="{y}">{escape(name)}</text>'


def _centred(x, y, text):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(text)}</text>'


def nice_ticks(low, high, count=4, whole=False):
    """Return about ``count`` round numbers in even steps that enclose ``low`` .. ``high``.

    ``whole``: only whole numbers.
    """
    span = high - low or abs(high) or 1
    power = 10 ** math.floor(math.log10(span / count))
    steps = (power * m for m in (1, 2, 2.5, 5, 10))
    step = next(s for s in steps if s * count >= span and (s == int(s) or not whole))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * n, 12) for n in range(first, max(last, first + 1) + 1)]


def log_ticks(low, high):
    """Return numbers of the series 1, 2, 5, 10, 20, ... that enclose ``low`` .. ``high``."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0**power for power in powers for m in (1, 2, 5)]
    first = max(index for index, tick in enumerate(ticks[:-1]) if tick <= low)
    last = min(index for index, tick in enumerate(ticks) if tick >= high and index > first)
    return ticks[first : last + 1]


def tiles(weights, shape, columns=20):
    """Return the rows of ``weights`` as pictures of ``shape`` side by side, in a PNG data URI.

    weights: bool, shape (units, height * width); T is light, F is dark, gaps are clear.
    """
    height, width = shape[0] + GAP, shape[1] + GAP
    rows = ceil_div(len(weights), columns)
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
