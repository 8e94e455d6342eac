"""Inner loops over signals other than 0, in the words of the compiler like those of ``vectors``.

Pointers and offsets are integers, offsets in bytes. A chunk is one vector of bytes. Numba keeps
what it compiled by the dates of ``sparse.py`` and ``loops.py``: change these too when something
here changes.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from boldhw.golden.graph.llvm import (
    I1,
    I8,
    I16,
    I32,
    I64,
    SIZE,
    call,
    integer,
    load,
    splat,
    store,
    variables,
    vector,
)
from boldhw.golden.graph.rooms import BYTES


def _nonzero(context: Any, start: Any) -> tuple[Any, Any]:
    """Return which of 64 bytes are not 0, as a uint64, the first one lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = vector(I8, BYTES)
        found = builder.icmp_unsigned(
            "!=", load(builder, arguments[0], integer(0), kind), ir.Constant(kind, None)
        )
        return builder.bitcast(found, I64)

    return types.uint64(SIZE), generate


def _lowest(context: Any, word: Any) -> tuple[Any, Any]:
    """Return the place of the lowest one in a uint64 that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], I1(1))

    return types.intp(types.uint64), generate


def _copy(context: Any, target: Any, source: Any) -> tuple[Any, Any]:
    """Copy a chunk."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, source = arguments
        value = load(builder, source, integer(0), vector(I8, BYTES))
        store(builder, value, target, integer(0))
        return context.get_dummy_value()

    return types.void(SIZE, SIZE), generate


def _summed(builder: Any, chunks: int, rows: Any, at: Any, lists: Any) -> list[Any]:
    """Return vectors of bytes: so many chunks of listed rows added up.

    lists: (pointer to offsets of rows, how many, what is done with them).
    """
    kind = vector(I8, BYTES)
    sums = variables(builder, kind, chunks)
    starts = [builder.add(rows, load(builder, at, integer(8 * c), I64)) for c in range(chunks)]
    for listed, count, step in lists:
        with cgutils.for_range(builder, count) as row:
            which = load(builder, listed, builder.mul(row.index, integer(4)), I32)
            offset = builder.sext(which, I64)
            for start, total in zip(starts, sums, strict=True):
                values = load(builder, start, offset, kind)
                builder.store(step(builder.load(total), values), total)
    return [builder.load(total) for total in sums]


def _add(chunks: int) -> Any:
    """Return the intrinsic that adds up so many chunks of each row at once."""

    def add(
        context: Any,
        target: Any,
        to: Any,
        rows: Any,
        at: Any,
        plus: Any,
        pluses: Any,
        minus: Any,
        minuses: Any,
    ) -> tuple[Any, Any]:
        """Add rows to ``target`` and take others away, 127 together at most.

        target: int16, the sum of chunk c is added at offset ``to[c]``.  rows: int8, chunk c of a
        row is at its own offset and ``at[c]``.  to, at: int64.  plus, minus: int32, offsets of
        rows, ``pluses`` and ``minuses`` of them.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            target, to, rows, at, plus, pluses, minus, minuses = arguments
            lists = (plus, pluses, builder.add), (minus, minuses, builder.sub)
            for c, total in enumerate(_summed(builder, chunks, rows, at, lists)):
                shorts = builder.sext(total, vector(I16, BYTES))
                place = load(builder, to, integer(8 * c), I64)
                before = load(builder, target, place, shorts.type)
                store(builder, builder.add(before, shorts), target, place)
            return context.get_dummy_value()

        return types.void(*[SIZE] * 8), generate

    return intrinsic(add)


def _take(chunks: int) -> Any:
    """Return the intrinsic that takes votes of so many chunks of each row at once."""

    def take(
        context: Any,
        target: Any,
        rows: Any,
        at: Any,
        plus: Any,
        pluses: Any,
        minus: Any,
        minuses: Any,
        u: Any,
        rounding: Any,
        top: Any,
    ) -> tuple[Any, Any]:
        """Add ``(u - vote) >> rounding`` to ``target``, int16, chunk after chunk, clamped.

        A vote is the sum of rows as in ``add``; ``target`` is clamped to -top and top - 1.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            target, rows, at, plus, pluses, minus, minuses, u, rounding, top = arguments
            lists = (plus, pluses, builder.add), (minus, minuses, builder.sub)
            limits = u, rounding, builder.sub(integer(0), top), builder.sub(top, integer(1))
            u, rounding, low, high = (
                splat(builder, builder.trunc(value, I16), BYTES) for value in limits
            )
            for c, total in enumerate(_summed(builder, chunks, rows, at, lists)):
                vote, place = builder.sext(total, vector(I16, BYTES)), integer(2 * BYTES * c)
                step = builder.ashr(builder.sub(u, vote), rounding)
                before = load(builder, target, place, vote.type)
                value = call(builder, f"llvm.sadd.sat.v{BYTES}i16", before, step)
                value = builder.select(builder.icmp_signed("<", value, low), low, value)
                value = builder.select(builder.icmp_signed(">", value, high), high, value)
                store(builder, value, target, place)
            return context.get_dummy_value()

        return types.void(*[SIZE] * 10), generate

    return intrinsic(take)


def _exact(chunks: int) -> Any:
    """Return the intrinsic that takes whole votes of so many chunks of each row at once."""

    def exact(
        context: Any,
        target: Any,
        rows: Any,
        at: Any,
        plus: Any,
        pluses: Any,
        minus: Any,
        minuses: Any,
    ) -> tuple[Any, Any]:
        """Subtract votes from ``target``, int16, chunk after chunk, saturating.

        It is ``take`` without rounding, for accumulators of 16 bits.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            target, rows, at, plus, pluses, minus, minuses = arguments
            lists = (plus, pluses, builder.add), (minus, minuses, builder.sub)
            for c, total in enumerate(_summed(builder, chunks, rows, at, lists)):
                vote, place = builder.sext(total, vector(I16, BYTES)), integer(2 * BYTES * c)
                before = load(builder, target, place, vote.type)
                value = call(builder, f"llvm.ssub.sat.v{BYTES}i16", before, vote)
                store(builder, value, target, place)
            return context.get_dummy_value()

        return types.void(*[SIZE] * 7), generate

    return intrinsic(exact)


nonzero: Any = intrinsic(_nonzero)
lowest: Any = intrinsic(_lowest)
copy: Any = intrinsic(_copy)
add_9, add_5, add_2, add_1 = (_add(chunks) for chunks in (9, 5, 2, 1))
take_9, take_5, take_2, take_1 = (_take(chunks) for chunks in (9, 5, 2, 1))
exact_9, exact_5, exact_2, exact_1 = (_exact(chunks) for chunks in (9, 5, 2, 1))
