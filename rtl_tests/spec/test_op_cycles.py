"""Cycles of op lists: words and rows are counted by going through them one by one."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.op_cases import Pair

from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.cycles import cycles, load
from boldhw.spec.ops.kinds import Flip, Gather, Mac, Segment, Turn, Vote, Window
from boldhw.spec.ops.reads import gather_rows, mac_rows, turn_rows, vote_rows

SIZE = ArraySize(elements=4, lanes=16, dual_port=True)


def with_parts(ops):
    """Yield each op with its segments."""
    parts = []
    for op in ops:
        if isinstance(op, Segment | Window):
            parts.append(op)
        else:
            yield op, parts
            parts = parts if isinstance(op, Vote) and op.fused else []


def bank_cycles(rows, planes):
    """Return the cycles in which words are read. rows: (places, planes): of one word each."""
    return sum(max(Counter(place % planes).values()) for place in rows)


def tiles(rows, planes):
    """Return rows of all columns as tiles, (tiles, planes), the last one filled up.

    Columns that are not there are read like the ones before them.
    """
    count, columns = rows.shape[:2]
    step = rows[:, 1:2] - rows[:, :1] if columns > 1 else np.ones_like(rows[:, :1])
    missing = -columns % planes
    more = [rows[:, -1:] + step * (number + 1) for number in range(missing)]
    full = np.concatenate([rows, *more], axis=1)
    full = full.reshape(count, -1, planes, *full.shape[2:])
    return np.moveaxis(full, 2, -1).reshape(-1, planes)


@pytest.mark.parametrize("seed", range(20))
def test_words_are_as_many_as_their_addresses(seed):
    """What a MAC takes above an empty one is its words, read bank by bank."""
    pair = Pair(seed)
    size = replace(pair.size, dual_port=True, dsp_sums=False)
    seen = 0
    for ops in pair.machine.lists.values():
        for op, parts in with_parts(ops):
            if not isinstance(op, Mac) or not all(isinstance(part, Segment) for part in parts):
                continue
            idle = (-op.columns % op.fold) * op.rows * op.groups  # of the last words of a row
            words = sum(
                bank_cycles(tiles(rows, op.planes), op.planes) + idle * rows.shape[3]
                for rows in (mac_rows(op, part) for part in parts)
            )
            rest = _besides(op, size)
            spent = load(sum(len(each.encode()) for each in [*parts, op]), op, size)
            assert cycles([*parts, op], size)[-1] == words + rest + spent, (op, parts)
            seen += 1
    assert seen


def _besides(op, size):
    """Return what a MAC takes besides its words: latency, gates, rows of zeros."""
    rest = size.latency + 4 + 2 * (size.planes > 1)
    if op.sink == 1:
        return rest + (op.groups - 1) * size.elements
    lines = op.rows // op.pool * -(-op.groups // size.granules)
    made = op.columns // op.pool
    gates = (
        lines * len(range(0, made, op.planes)) + 3 + 2 * (size.planes > 1) if op.sink == 2 else 0
    )
    # Zeros are written to all banks at once.
    front = len(range(0, op.front, size.planes))
    tile = max(1, op.planes // op.pool)  # is stored as a whole
    empty = len(range(-(-made // tile) * tile, op.out_pitch, size.planes))
    last = op.rows // op.pool if op.pool > 1 and empty else 0
    return rest + gates + front + lines * empty + last


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_as_many_as_their_addresses(seed):
    """GATHER reads each row once; TURN reads each place's groups twice; VOTE builds of them."""
    pair = Pair(seed)
    size = replace(pair.size, dual_port=False, transposers=1)
    for ops in pair.machine.lists.values():
        for op, parts in with_parts(ops):
            spent = load(sum(len(each.encode()) for each in [*parts, op]), op, size)
            if isinstance(op, Gather):
                assert cycles([op], size) == [spent + 2 + 2 * len(gather_rows(op))]
            elif isinstance(op, Turn):
                if size.elements % size.planes:  # there is no such engine
                    continue
                assert cycles([op], size) == [spent + 2 + _turn_cycles(op, size)]
            elif isinstance(op, Vote) and isinstance(parts[0], Segment):
                if size.elements % size.planes:
                    continue
                part = replace(parts[0], deltas=0)
                places = vote_rows(op, part)[0, :, 0].tolist()
                taken, _ = _pass(places, op, part.stride, size, size.planes > 1)
                used = part.groups * part.down * (part.across * part.taps - part.skip)
                together = 1 if op.fused else size.planes
                row = max(op.wide, 2 * together) * -(-op.outputs // together)
                drain = size.latency + 1 + 2 * (together - 1)
                expected = used * (taken + 2 + (size.planes > 1)) + used * (row + drain)
                fused = cycles([part, op], size)[-1]
                assert fused == spent + 1 + expected


def _turn_cycles(op, size):
    """Go through the passes of a TURN; the last block goes out behind them."""
    places = turn_rows(op, size).reshape(op.rows, op.columns, -1)[0, :, 0].tolist()
    taken, outputs = _pass(places, op, op.stride, size, True)
    assert not outputs * size.planes % size.elements
    return 2 * op.groups * taken + size.elements // size.planes + (size.planes > 1)


def _pass(places, op, stride, size, closes):
    """Return cycles and tiles of a pass over all places: reads, and zeros behind them.

    places: rows of those of the first row.  closes: it ends in a cycle in which nothing is read.
    """
    tiles = [places[first : first + op.planes] for first in range(0, op.columns, op.planes)]
    d, apart = size.planes, stride if op.planes > 1 else 1
    counts = []  # places that come with each request of rows next to each other
    for tile in tiles:
        for request in range(apart):
            rows = range(tile[0] + request * d, tile[0] + (request + 1) * d)
            counts.append(len(set(tile) & set(rows)) if op.planes > 1 else 1)
    assert sum(counts) == op.columns
    assert max(counts) <= d
    taken = held = outputs = 0
    for count in counts * op.rows:
        taken, held = taken + 1, held + count
        outputs, held = outputs + held // d, held % d
    whole = not held and not outputs * d % size.elements
    while held or outputs * d % size.elements:
        taken, held, outputs = taken + 1, 0, outputs + 1
    return taken + (closes and whole), outputs


def test_one_port_pays_for_what_it_stores():
    part = Segment(words=1, across=1, down=1, taps=4, groups=1, skip=3, lanes=4, stride=1,
                   dilation=1, height=4, width=4)  # fmt: skip
    op = Mac(columns=4, rows=4, groups=1, lanes=4, planes=1, pool=1, out_pitch=4, out_row=20)
    two, one = SIZE, replace(SIZE, dual_port=False)
    latencies = two.latency - one.latency + load(0, op, two) - load(0, op, one)
    assert cycles([part, op], one)[1] - cycles([part, op], two)[1] == 16 - latencies
    pooled = replace(op, pool=2, out_pitch=2)
    assert cycles([part, pooled], one)[1] - cycles([part, pooled], two)[1] == 8 - latencies
    # Multipliers begin sums at each of 16 places; with {0,T} masks they end them too.
    dsp = replace(one, dsp_sums=True)
    assert cycles([part, op], dsp)[1] - cycles([part, op], one)[1] == 16 - 1
    zero_true = replace(part, zero_true=1)
    assert cycles([zero_true, op], dsp)[1] - cycles([zero_true, op], one)[1] == 32 - 1


def test_a_fused_flip_takes_what_its_blocks_take():
    part = Segment(words=1, across=1, down=1, taps=1, groups=4, lanes=4, dilation=1, stride=1)
    vote = Vote(outputs=8, columns=4, rows=1, planes=1, wide=1, fused=1, gathered=1)
    flip = Flip(outputs=8, theta=1, turned=2)
    alone = cycles([part, flip], SIZE)[1]
    behind = cycles([part, vote, flip], SIZE)[2]
    assert behind == len(flip.encode()) + 4 * 2 * 4 + 2
    ends = 8 + SIZE.read_latency - SIZE.access - 2
    assert alone == behind - 4 * 2 + load(len(part.encode()), flip, SIZE) + 4 * 8 + ends
    # Words of three outputs that are not there go round, too.
    fewer = cycles([part, vote, replace(flip, outputs=5)], SIZE)[2]
    assert fewer == behind + 4 * 3
