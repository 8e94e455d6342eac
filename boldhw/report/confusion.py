"""The picture of a confusion matrix as SVG: who was taken for whom."""

from html import escape

CELL, LARGEST = 30, 48  # pixels: least side of a cell, and what a matrix of few classes has
LETTER = 7  # pixels of a character
LONGEST = 14  # characters of a name


def confusion_chart(counts, classes):
    """Return an SVG of a confusion matrix; the share of its row makes a cell dark.

    counts: lists of int, row the label, column the answer.  classes: a name each. Colours are left
    to the style sheet: cells have the class ``right`` or ``wrong``.
    """
    size = max(CELL, min(LARGEST, 480 // len(counts)))
    names = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in classes]
    margin = max(map(len, names)) * LETTER + 16
    slanted = max(map(len, names)) * LETTER > size
    top = margin if slanted else 24
    parts = []
    for index, (name, row) in enumerate(zip(names, counts, strict=True)):
        middle = size * index + size / 2
        parts.append(
            f'<text class="tick" x="{margin - 8}" y="{top + middle + 4:.0f}" '
            f'text-anchor="end">{escape(name)}</text>'
        )
        parts.append(_head(name, margin + middle, top - 8, slanted))
        parts += [
            _cell((margin + size * answer, top + middle), size, count, sum(row), answer == index)
            for answer, count in enumerate(row)
        ]
    side = size * len(counts)
    parts.append(
        f'<text class="label" x="{margin + side / 2:.0f}" y="{top + side + 18}" '
        f'text-anchor="middle">answer; a row is a class</text>'
    )
    width, height = margin + side + 16, top + side + 24
    return (
        f'<svg class="confusion" viewBox="0 0 {width} {height}" style="max-width: {width}px" '
        f'role="img" aria-label="confusion matrix">{"".join(parts)}</svg>'
    )


def _head(name, x, y, slanted):
    if slanted:
        turn = f' transform="rotate(-60 {x:.0f} {y})" text-anchor="start"'
    else:
        turn = ' text-anchor="middle"'
    return f'<text class="tick" x="{x:.0f}" y="{y}"{turn}>{escape(name)}</text>'


def _cell(place, size, count, total, right):
    x, middle = place
    share = count / total if total else 0
    style, y = "right" if right else "wrong", middle - size / 2 + 1
    text = f'<text x="{x + size / 2:.0f}" y="{middle + 4:.0f}" text-anchor="middle">{count}</text>'
    return (
        f'<rect class="{style}" x="{x + 1}" y="{y:.0f}" '
        f'width="{size - 2}" height="{size - 2}" rx="2" fill-opacity="{share:.3f}"/>'
        f"{text if count else ''}"
    )
