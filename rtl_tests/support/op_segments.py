"""Random segments of a VOTE or FLIP, over maps that a small memory holds."""

from math import isqrt

from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.kinds import Segment, Window
from boldhw.spec.ops.nest import jumps
from boldhw.spec.ops.words import Words

MARGIN = 160  # rows in front of a map that taps beside it reach


def segment_of(rng, size, shape, kernel, sums, *, stride=1, zero_true=0, reach=True, planes=1):
    """Return a segment.

    shape: groups of planes of a pixel, lanes of the last one.  kernel: rows, columns, dilation.
    sums: rows and columns of sums.  reach: taps may be outside of the map.
    planes: places read together.
    """
    (groups, lanes), (side, across, dilation), (rows, columns) = shape, kernel, sums
    words = Words(size.granules, groups, side, across, dilation)
    top, left = (-rng.randint(0, 2) if reach else 0 for _ in range(2))
    height = max(
        1, top + (rows - 1) * stride + (side - 1) * dilation + 1 - reach * rng.randint(0, 2)
    )
    width = max(1, left + (columns - 1) * stride + (across - 1) * dilation + 1 - rng.randint(0, 2))
    pitch = width + rng.randint(0, 3)
    line = words.deep * pitch
    counts = [ceil_div(columns, planes), rows, words.across, words.deep, words.rows]
    strides = [stride * planes, stride * line, words.taps * dilation, pitch, dilation * line]
    steps = {f"jump{level}": jump for level, jump in enumerate(jumps(counts, strides))}
    end = left + (words.taps - 1 - words.skip) * dilation
    return Segment(
        zero_true=zero_true,
        border=int(not zero_true and reach),
        skip=words.skip,
        in_row=MARGIN + top * line + end,
        weight_row=0,
        words=words.deep,
        across=words.across,
        down=words.rows,
        taps=words.taps,
        lanes=lanes,
        stride=stride,
        groups=groups,
        dilation=dilation,
        top=top,
        left=left,
        height=height,
        width=width,
        **steps,
    )


def random_segment(rng, size, sums, **fixed):
    """Return a segment of any kind over a small kernel."""
    groups = rng.choice((1, 1, 2, 3, size.granules, size.granules + 1))
    most = 2 if groups > 2 else 3
    kernel = rng.randint(1, most), rng.randint(1, most), rng.choice((1, 1, 2))
    shape = groups, rng.randint(1, size.elements)
    values = {"stride": rng.choice((1, 1, 2)), "zero_true": rng.randint(0, 1)}
    return segment_of(rng, size, shape, kernel, sums, **values | fixed)


def gathered_segment(rng, size, shape, words, slots, zero_true):
    """Return a segment over slots, of a kernel over a map of ``words``: (rows, columns)."""
    (groups, lanes), (rows, columns) = shape, words
    kernel = Words(size.granules, groups, rows, columns)
    slot = kernel.count + rng.randint(0, 3)
    counts = [slots, 1, kernel.across, kernel.deep, kernel.rows]
    strides = [slot, 0, 1, kernel.across, kernel.across * kernel.deep]
    steps = {f"jump{level}": jump for level, jump in enumerate(jumps(counts, strides))}
    return Segment(
        zero_true=zero_true,
        skip=kernel.skip,
        in_row=MARGIN,
        words=kernel.deep,
        across=kernel.across,
        down=kernel.rows,
        taps=kernel.taps,
        lanes=lanes,
        groups=groups,
        dilation=1,
        height=rows,
        width=columns,
        **steps,
    )


def wide(size, rows, columns):
    """Return the rows of the delta memory of so many places."""
    return ceil_div(rows * columns, size.lanes)


def window_of(rng, size, sums, **fixed):
    """Return a window over an image of which patches reach beyond some sides, or none."""
    rows, columns = sums
    planes = rng.randint(1, 3)
    side = rng.randint(1, isqrt(2 * size.lanes // planes))
    stride, reach = rng.choice((1, 1, 2)), rng.randint(0, 2)
    top, left = -rng.randint(0, reach), -rng.randint(0, reach)
    far = [(count - 1) * stride + side for count in sums]
    height = max(1, top + far[0] - rng.randint(0, reach))
    width = min(size.lanes, max(1, left + far[1] - rng.randint(0, reach)))
    groups = ceil_div(side**2 * planes, size.elements)
    inside = min(top, left) >= 0 and top + far[0] <= height and left + far[1] <= width
    values = {
        "zero_true": rng.randint(0, 1),
        "border": int(not inside),
        "planes": planes,
        "side": side,
        "in_row": rng.randint(0, MARGIN),
        "groups": groups,
        "lanes": side**2 * planes - (groups - 1) * size.elements,
        "stride": stride,
        "top": top,
        "left": left,
        "height": height,
        "width": width,
    }
    return Window(**words_of(size, groups) | values | fixed)


def words_of(size, groups):
    """Return the values of a window that say how a segment of its patches is read."""
    ones = dict.fromkeys(("across", "down", "taps", "dilation"), 1)
    return ones | {"words": ceil_div(groups, size.granules)}


def as_segment(part):
    """Return what units see as a segment: the part itself, or what a window has in its places."""
    if isinstance(part, Segment):
        return part
    names = {each.name for each in Segment.values()} & {each.name for each in Window.values()}
    return Segment(**{name: getattr(part, name) for name in names})
