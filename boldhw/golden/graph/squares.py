"""Sums of few inputs, a whole square of places at once, in the words of the compiler.

Written like ``vectors``: pointers are integers. A lane of 32 bits counts for one output in which of
32 inputs it differs. Numba keeps what it compiled by the date of ``summing.py``: change that file
too when something here changes.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from boldhw.golden.graph.llvm import (
    I8,
    I16,
    I32,
    SIZE,
    call,
    integer,
    load,
    pointer,
    splat,
    variables,
    vector,
)

LANE = 32  # bits that are counted together
LANES = 16  # outputs of a vector
Step = Callable[..., Any]


def _square(places: int, is_masked: bool, step: Step) -> Any:
    """Return the intrinsic that sums ``places`` places for LANES outputs, and keeps the largest.

    ``step(builder, sign, mask, weights)`` is 1 where an input and a weight differ.
    """

    def square(
        context: Any,
        best: Any,
        which: Any,
        left: Any,
        signs: Any,
        masks: Any,
        right: Any,
        down: Any,
        totals: Any,
        weights: Any,
        pitch: Any,
        units: Any,
    ) -> tuple[Any, Any]:
        """Store the largest of ``total - 2 * differing``, the first on ties, and which it is.

        best: int16 and which: int8, ``left`` of them at most.  signs, masks: words of the first
        place; those of others are ``right`` and ``down`` bytes further.  totals: int32, one a
        place.  weights: uint32, ``units`` rows of ``pitch`` bytes.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            best, which, left, signs, masks, right, down, totals, weights, pitch, units = arguments
            kind = vector(I32, LANES)
            sums = variables(builder, kind, places)
            moves = [integer(0), right, down, builder.add(right, down)][:places]
            with cgutils.for_range(builder, units) as unit:
                row = load(builder, weights, builder.mul(unit.index, pitch), kind)
                offset = builder.mul(unit.index, integer(LANE // 8))
                for move, total in zip(moves, sums, strict=True):
                    at = builder.add(offset, move)
                    sign = splat(builder, load(builder, signs, at, I32), LANES)
                    mask = is_masked and splat(builder, load(builder, masks, at, I32), LANES)
                    wrong = call(builder, f"llvm.ctpop.v{LANES}i32", step(builder, sign, mask, row))
                    builder.store(builder.add(builder.load(total), wrong), total)
            found = []
            for place, total in enumerate(sums):
                ones = splat(builder, load(builder, totals, integer(4 * place), I32), LANES)
                twice = builder.shl(builder.load(total), ir.Constant(kind, [1] * LANES))
                found.append(builder.sub(ones, twice))
            largest, index = found[0], ir.Constant(kind, [0] * LANES)
            for place, value in enumerate(found[1:], 1):
                larger = builder.icmp_signed(">", value, largest)
                largest = builder.select(larger, value, largest)
                index = builder.select(larger, ir.Constant(kind, [place] * LANES), index)
            lanes = ir.Constant(kind, list(range(LANES)))
            count = splat(builder, builder.trunc(left, I32), LANES)
            chosen = builder.icmp_signed("<", lanes, count)
            _store_some(builder, builder.trunc(largest, vector(I16, LANES)), best, chosen)
            if places > 1:
                _store_some(builder, builder.trunc(index, vector(I8, LANES)), which, chosen)
            return context.get_dummy_value()

        return types.void(*[SIZE] * 11), generate

    return intrinsic(square)


def _store_some(builder: Any, value: Any, base: Any, chosen: Any) -> None:
    """Store the chosen lanes of a vector."""
    kind, at = value.type, pointer(builder, base, integer(0), value.type)
    name = f"llvm.masked.store.v{kind.count}i{kind.element.width}.p0"
    signature = ir.FunctionType(ir.VoidType(), [kind, at.type, I32, chosen.type])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    builder.call(function, [value, at, I32(1), chosen])


def _absent(builder: Any, sign: Any, mask: Any, weights: Any) -> Any:
    """T's whose weight is F: inputs are 0 or T."""
    return builder.and_(sign, builder.not_(weights))


def _unlike(builder: Any, sign: Any, mask: Any, weights: Any) -> Any:
    """Inputs other than their weights: all inputs count."""
    return builder.xor(sign, weights)


def _masked(builder: Any, sign: Any, mask: Any, weights: Any) -> Any:
    """Inputs other than their weights, where the mask is 1."""
    return builder.and_(builder.xor(sign, weights), mask)


absent_four, absent_one = (_square(places, False, _absent) for places in (4, 1))
unlike_four, unlike_one = (_square(places, False, _unlike) for places in (4, 1))
masked_four, masked_one = (_square(places, True, _masked) for places in (4, 1))
