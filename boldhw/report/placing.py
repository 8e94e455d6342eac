"""Where the boxes of a layered graph go: levels from top to bottom, few crossings, short bends.

The method is that of Sugiyama, Tagawa and Toda (1981): a node is one level below the lowest of its
sources; an edge that passes levels gets a place of its own in each; places of a level are ordered
by the mean of their neighbours, to and fro, and then moved towards them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 12  # down and up again
Place = tuple[str, str, int] | str  # of an edge (source, target, level), or a node


@dataclass(frozen=True)
class Placing:
    """Places of a graph.

    levels   nodes and places of edges, level by level, from left to right
    x        middle of each, in pixels from 0
    width    of it all
    """

    levels: list[list[Place]]
    x: dict[Place, float]
    width: float

    def path(self, source: str, target: str) -> list[Place]:
        """Return the places of an edge from its source to its target, both included."""
        between = [
            place
            for level in self.levels
            for place in level
            if isinstance(place, tuple) and place[:2] == (source, target)
        ]
        return [source, *between, target]


def placed(sources: Mapping[str, Sequence[str]], box: float, gap: float, lane: float) -> Placing:
    """Return the places of nodes.

    sources: of each node, in an order in which they are before it.  box: width of a node.  gap:
    least distance between two.  lane: width that the place of an edge takes.
    """
    levels, above = _levelled(sources)
    below: dict[Place, list[Place]] = {place: [] for row in levels for place in row}
    for place, others in above.items():
        for other in others:
            below[other].append(place)
    _order(levels, above, below)
    widths = {place: lane if isinstance(place, tuple) else box for row in levels for place in row}
    x = _positions(levels, above, below, widths, gap)
    left = min(x[place] - widths[place] / 2 for place in x)
    width = max(x[place] + widths[place] / 2 for place in x) - left
    return Placing(levels, {place: value - left for place, value in x.items()}, width)


def _levelled(
    sources: Mapping[str, Sequence[str]],
) -> tuple[list[list[Place]], dict[Place, list[Place]]]:
    """Return (places of each level, what each place is joined to in the level above)."""
    level: dict[str, int] = {}
    for node, found in sources.items():
        level[node] = 1 + max((level[source] for source in found), default=-1)
    levels: list[list[Place]] = [[] for _ in range(max(level.values()) + 1)]
    above: dict[Place, list[Place]] = {}
    for node in sources:
        levels[level[node]].append(node)
        above[node] = []
    for node, found in sources.items():
        for source in found:
            last: Place = source
            for number in range(level[source] + 1, level[node]):
                place = (source, node, number)
                levels[number].append(place)
                above[place] = [last]
                last = place
            above[node].append(last)
    return levels, above


def _order(levels, above, below):
    """Sort each level by the mean place of its neighbours; keep the order with fewest crossings."""
    best, fewest = [list(row) for row in levels], crossings(levels, above)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        neighbours = above if down else below
        for number in range(len(levels)) if down else reversed(range(len(levels))):
            other = number - 1 if down else number + 1
            if not 0 <= other < len(levels):
                continue
            index = {place: i for i, place in enumerate(levels[other])}
            own = {place: i for i, place in enumerate(levels[number])}
            levels[number].sort(key=lambda p: _mean([index[n] for n in neighbours[p]], own[p]))
        if (count := crossings(levels, above)) < fewest:
            best, fewest = [list(row) for row in levels], count
    levels[:] = best


def crossings(levels, above):
    """Return how many pairs of edges between neighbouring levels cross."""
    count = 0
    for upper, row in zip(levels, levels[1:], strict=False):
        index = {place: i for i, place in enumerate(upper)}
        ends = [(i, index[other]) for i, place in enumerate(row) for other in above[place]]
        count += sum(
            (a - c) * (b - d) < 0 for n, (a, b) in enumerate(ends) for c, d in ends[n + 1 :]
        )
    return count


def _mean(values, default):
    return sum(values) / len(values) if values else default


def _positions(levels, above, below, widths, gap):
    """Return the middle of each place: near its neighbours, and apart from those beside it."""
    x = {}
    for row in levels:
        right = 0.0
        for place in row:
            x[place] = right + widths[place] / 2
            right += widths[place] + gap
        for place in row:
            x[place] -= (right - gap) / 2
    for sweep in range(4 * SWEEPS):
        rows = levels if sweep % 2 == 0 else levels[::-1]
        for row in rows:
            aims = [_mean([x[n] for n in above[p] + below[p]], x[p]) for p in row]
            for place, value in zip(row, _apart(row, aims, widths, gap), strict=True):
                x[place] = value
    return x


def _apart(row, aims, widths, gap):
    """Return middles as near to ``aims`` as they can be with the least distances kept.

    Places that would overlap form a block, which goes to the mean of what its members aim at.
    """
    offsets, total = [], 0.0
    for index, place in enumerate(row):
        if index:
            total += (widths[row[index - 1]] + widths[place]) / 2 + gap
        offsets.append(total)
    blocks: list[list[float]] = []  # sum of aims less offsets, members
    for aim, offset in zip(aims, offsets, strict=True):
        blocks.append([aim - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            aims_sum, count = blocks.pop()
            blocks[-1][0] += aims_sum
            blocks[-1][1] += count
    starts = [aims_sum / count for aims_sum, count in blocks for _ in range(int(count))]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
