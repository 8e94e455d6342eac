"""Three inner loops in the words of the compiler, because it has to keep their sums in settings.

Loops written in Python reload and store a sum for each term, and are made for vectors of 256 bits
even where there are 512. These are written for 512 bits; a processor with shorter vectors takes
several. Pointers are integers (``address``); what they point to must outlive the call, so arrays
are arguments of the function that takes their address, never its own. Numba keeps what it compiled
by the dates of ``summing.py`` and ``sparse.py``: change these too when something here changes.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from boldhw.golden.compiled import kept
from boldhw.golden.graph.llvm import (
    I16,
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

WORDS = 8  # of 64 bits in one
SHORTS = 32  # of 16 bits in one
MANY, FEW = 8 * WORDS, 2 * WORDS  # outputs that are counted together


@kept
def address(array: NDArray[Any]) -> int:
    """Return where the first element is."""
    return int(types.intp(array.ctypes.data))


def _differ(outputs: int) -> Any:
    """Return the intrinsic that counts for so many outputs at once, a multiple of WORDS."""

    def differ(
        context: Any,
        found: Any,
        signs: Any,
        masks: Any,
        planes: Any,
        pitch: Any,
        chosen: Any,
        count: Any,
    ) -> tuple[Any, Any]:
        """Count where signs and weights differ under the mask, in chosen words.

        found: int16, ``outputs`` of them.  signs, masks: uint64, one a chosen word.  planes:
        uint64, rows of ``pitch`` outputs.  chosen: int64, row of each word, ``count`` of them.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            found, signs, masks, planes, pitch, chosen, count = arguments
            kind = vector(I64, WORDS)
            sums = variables(builder, kind, outputs // WORDS)
            with cgutils.for_range(builder, count) as word:
                at = builder.mul(word.index, integer(8))
                which = load(builder, chosen, at, I64)
                sign, mask = (
                    splat(builder, load(builder, base, at, I64), WORDS) for base in (signs, masks)
                )
                row = builder.mul(builder.mul(which, integer(8)), pitch)
                for index, total in enumerate(sums):
                    offset = builder.add(row, integer(BYTES * index))
                    weights = load(builder, planes, offset, kind)
                    wrong = builder.and_(builder.xor(sign, weights), mask)
                    ones = call(builder, f"llvm.ctpop.v{WORDS}i64", wrong)
                    builder.store(builder.add(builder.load(total), ones), total)
            for index, total in enumerate(sums):
                short = builder.trunc(builder.load(total), vector(I16, WORDS))
                store(builder, short, found, integer(2 * WORDS * index))
            return context.get_dummy_value()

        return types.void(*[SIZE] * 7), generate

    return intrinsic(differ)


differ_many, differ_few = _differ(MANY), _differ(FEW)


def _take_votes(
    context: Any, accumulators: Any, votes: Any, u: Any, rounding: Any, top: Any, count: Any
) -> tuple[Any, Any]:
    """Add ``(u - vote) >> rounding`` to accumulators, clamped to -top and top - 1.

    accumulators, votes: int16, ``count`` of them, a multiple of SHORTS.  u - vote fits 16 bits.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        accumulators, votes, u, rounding, top, count = arguments
        kind = vector(I16, SHORTS)
        low = builder.sub(integer(0), top)
        high = builder.sub(top, integer(1))
        u, rounding, low, high = (
            splat(builder, builder.trunc(value, I16), SHORTS) for value in (u, rounding, low, high)
        )
        with cgutils.for_range(builder, builder.udiv(count, integer(SHORTS))) as part:
            at = builder.mul(part.index, integer(BYTES))
            vote = load(builder, votes, at, kind)
            step = builder.ashr(builder.sub(u, vote), rounding)
            before = load(builder, accumulators, at, kind)
            value = call(builder, f"llvm.sadd.sat.v{SHORTS}i16", before, step)
            value = builder.select(builder.icmp_signed("<", value, low), low, value)
            value = builder.select(builder.icmp_signed(">", value, high), high, value)
            store(builder, value, accumulators, at)
        return context.get_dummy_value()

    return types.void(*[SIZE] * 6), generate


take_votes: Any = intrinsic(_take_votes)
