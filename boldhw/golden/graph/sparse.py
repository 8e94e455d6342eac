"""Loops of :mod:`boldhw.golden.graph.compiled` that visit only signals other than 0.

Backward, rows of weights are added up for each place; in votes, what the places read is added up
for each output. A row is a list of chunks (:class:`boldhw.golden.graph.runs.Chunks`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boldhw.golden.compiled import kept
from boldhw.golden.graph.chunks import (
    add_1,
    add_2,
    add_5,
    add_9,
    copy,
    exact_1,
    exact_2,
    exact_5,
    exact_9,
    lowest,
    nonzero,
    take_1,
    take_2,
    take_5,
    take_9,
)
from boldhw.golden.graph.kernel import Longs
from boldhw.golden.graph.vectors import BYTES, SHORTS, address, take_votes
from boldhw.golden.words64 import WORD
from boldhw.spec.arrays import Accumulators as Shorts
from boldhw.spec.arrays import Signals

Ints = NDArray[np.int32]
ONE = np.uint64(1)
MOST = 127  # additions of -1, 0 or 1 that a byte holds
WIDEST = 1 << 15  # ``top`` of accumulators of 16 bits, which saturate by themselves


@kept
def backward(
    deltas: Shorts, signals: Signals, where: Signals, rows: Signals, to: Longs, at: Longs,
    steps: tuple[int, int], pool: int, listed: Ints, counts: Longs,
) -> None:  # fmt: skip
    """Sum signals times weights into strings of g.

    deltas: int16, shape (k, length of all strings).  rows: int8, shape (n, bytes of a row).  to,
    at: offsets of chunks in strings of int16 and in a row.  steps: bytes of int16 strings from one
    sum to the next, down and right.  listed: int32, shape (4, 2, n), and counts, (4, 2): room.
    """
    for k in range(len(signals)):
        for y in range(signals.shape[1]):
            for x in range(signals.shape[2]):
                _outputs(listed, counts, signals[k, y, x], where[k, y, x], rows.shape[1])
                for q in range(pool * pool):
                    plus, minus = counts[q, 0], counts[q, 1]
                    if plus + minus:
                        down, right = y * pool + q // pool, x * pool + q % pool
                        target = address(deltas) + 2 * deltas.shape[1] * k
                        target += down * steps[0] + right * steps[1]
                        _add_rows(target, to, address(rows), at, listed[q], plus, minus)


@kept
def vote(
    target: Shorts, strings: Signals, signals: Signals, where: Signals, runs: Longs, to: Longs,
    at: Longs, steps: tuple[int, int], jumps: tuple[int, int], patch: Signals, pool: int,
    rounding: int, first: int, top: int, wide: Shorts, listed: Ints, counts: Longs,
) -> None:  # fmt: skip
    """Add the steps of each sample to ``target``.

    strings: int8, shape (k, length of all strings).  runs: of ``byte_runs``.  steps: bytes of
    strings from one sum to the next, down and right.  patch: int8, shape (r + 1, s, bytes), room
    for a copy of what each sum reads, with no rows when it is read where it is; jumps: its bytes
    from one sum to the next, or ``steps``.  wide: int16, room for the votes of an output.  listed:
    int32, shape (n, 2, p * q), and counts, (n, 2): room.
    """
    m = target.shape[1]
    for k in range(len(signals)):
        _places(listed, counts, signals[k], where[k], jumps, pool)
        source = address(strings) + strings.shape[1] * k
        if len(patch):
            _read(patch, source, runs, steps)
            source = address(patch)
        u = (first + k) & ((1 << rounding) - 1)
        for j in range(len(target)):
            plus, minus = counts[j, 0], counts[j, 1]
            if plus + minus == 0:
                continue
            # Chunks that need no copy; one and a part of another are copied together.
            done = m // BYTES if plus + minus <= MOST and len(at) != 2 else 0
            _take_rows(target[j], source, at[:done], listed[j], plus, minus, u, rounding, top)
            if done * BYTES < m:
                wide[:] = 0
                _add_rows(address(wide), to[done:], source, at[done:], listed[j], plus, minus)
                _take_rest(target[j], wide, done * BYTES, u, rounding, top)


@kept
def _take_rest(
    target: Shorts, votes: Shorts, done: int, u: int, rounding: int, top: int
) -> None:  # fmt: skip
    """Take votes from number ``done`` on."""
    whole = max(done, len(target) // SHORTS * SHORTS)
    first, second = address(target) + 2 * done, address(votes) + 2 * done
    take_votes(first, second, u, rounding, top, whole - done)
    for i in range(whole, len(target)):
        value = target[i] + ((u - votes[i]) >> rounding)
        target[i] = min(max(value, -top), top - 1)


@kept
def _add_rows(
    target: int, to: Longs, rows: int, at: Longs, listed: Ints, plus: int, minus: int
) -> None:
    """Add the rows that ``listed[0]`` lists to ``target``, take those of ``listed[1]`` away."""
    if plus + minus <= MOST:
        _add_part(target, to, rows, at, listed, 0, plus, 0, minus)
        return
    for start in range(0, plus, MOST):
        _add_part(target, to, rows, at, listed, start, min(MOST, plus - start), 0, 0)
    for start in range(0, minus, MOST):
        _add_part(target, to, rows, at, listed, 0, 0, start, min(MOST, minus - start))


@kept
def _add_part(
    target: int, to: Longs, rows: int, at: Longs, listed: Ints, first: int, pluses: int,
    second: int, minuses: int,
) -> None:  # fmt: skip
    """Add ``pluses`` rows from the first on, and take ``minuses`` away from the second on."""
    plus = address(listed) + 4 * first
    minus = address(listed) + 4 * (listed.shape[1] + second)
    chunk = 0
    while chunk < len(at):
        left, where, which = len(at) - chunk, address(to) + 8 * chunk, address(at) + 8 * chunk
        if left >= 9:
            add_9(target, where, rows, which, plus, pluses, minus, minuses)
            chunk += 9
        elif left >= 5:
            add_5(target, where, rows, which, plus, pluses, minus, minuses)
            chunk += 5
        elif left >= 2:
            add_2(target, where, rows, which, plus, pluses, minus, minuses)
            chunk += 2
        else:
            add_1(target, where, rows, which, plus, pluses, minus, minuses)
            chunk += 1


@kept
def _take_rows(
    target: Shorts, rows: int, at: Longs, listed: Ints, plus: int, minus: int, u: int,
    rounding: int, top: int,
) -> None:  # fmt: skip
    """Take the votes of listed rows, 127 at most, in whole chunks."""
    pluses, minuses = address(listed), address(listed) + 4 * listed.shape[1]
    is_exact = rounding == 0 and top == WIDEST
    chunk = 0
    while chunk < len(at):
        left, part = len(at) - chunk, address(target) + 2 * BYTES * chunk
        which = address(at) + 8 * chunk
        if is_exact:
            if left >= 9:
                exact_9(part, rows, which, pluses, plus, minuses, minus)
                chunk += 9
            elif left >= 5:
                exact_5(part, rows, which, pluses, plus, minuses, minus)
                chunk += 5
            elif left >= 2:
                exact_2(part, rows, which, pluses, plus, minuses, minus)
                chunk += 2
            else:
                exact_1(part, rows, which, pluses, plus, minuses, minus)
                chunk += 1
            continue
        if left >= 9:
            take_9(part, rows, which, pluses, plus, minuses, minus, u, rounding, top)
            chunk += 9
        elif left >= 5:
            take_5(part, rows, which, pluses, plus, minuses, minus, u, rounding, top)
            chunk += 5
        elif left >= 2:
            take_2(part, rows, which, pluses, plus, minuses, minus, u, rounding, top)
            chunk += 2
        else:
            take_1(part, rows, which, pluses, plus, minuses, minus, u, rounding, top)
            chunk += 1


@kept
def word_of(signals: Any, start: int) -> Any:
    """Return which of the next 64 bytes from ``start`` on are not 0, as a word."""
    if len(signals) - start >= WORD:
        return nonzero(address(signals) + start)
    found = np.uint64(0)
    for j in range(start, len(signals)):
        found |= np.uint64(signals[j] != 0) << np.uint64(j - start)
    return found


@kept
def _outputs(listed: Ints, counts: Longs, signals: Signals, where: Signals, pitch: int) -> None:
    """List rows of outputs by the sum that their signal goes to, and by T and F."""
    counts[:] = 0
    for start in range(0, len(signals), WORD):
        word = word_of(signals, start)
        while word:
            j = np.uint64(start + lowest(word))  # an index without a sign needs no care of one
            word &= word - ONE
            q, side = np.uint64(where[j]), np.uint64(signals[j] < 0)
            at = np.uint64(counts[q, side])
            listed[q, side, at] = np.int32(j) * pitch
            counts[q, side] = at + ONE


@kept
def _places(
    listed: Ints, counts: Longs, signals: Signals, where: Signals, jumps: tuple[int, int], pool: int
) -> None:
    """List the places that each output has signals for, by T and F."""
    counts[:] = 0
    for y in range(signals.shape[0]):
        for x in range(signals.shape[1]):
            row, chosen = signals[y, x], where[y, x]
            first = y * pool * jumps[0] + x * pool * jumps[1]
            for start in range(0, len(row), WORD):
                word = word_of(row, start)
                while word:
                    j = np.uint64(start + lowest(word))
                    word &= word - ONE
                    q = np.int64(chosen[j])  # 0 without pooling
                    place = first + (q >> 1) * jumps[0] + (q & 1) * jumps[1]
                    side = np.uint64(row[j] < 0)
                    at = np.uint64(counts[j, side])
                    listed[j, side, at] = place
                    counts[j, side] = at + ONE


@kept
def _read(patch: Signals, source: int, runs: Longs, steps: tuple[int, int]) -> None:
    """Copy what each sum reads, chunk by chunk; what a chunk holds too much is overwritten."""
    columns, pitch = patch.shape[1], patch.shape[2]
    for y in range(patch.shape[0] - 1):  # the last row is room for the last chunk
        for x in range(columns):
            target = address(patch) + pitch * (columns * y + x)
            for run in range(len(runs)):
                begin = source + y * steps[0] + x * steps[1] + runs[run, 0]
                for part in range(0, runs[run, 1], BYTES):
                    copy(target + runs[run, 2] + part, begin + part)
