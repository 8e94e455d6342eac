"""Three inner loops in the words of the compiler, because it has to keep their sums in settings.

Loops written in Python reload and store a sum for each term, and are made for vectors of 256 bits
even where there are 512. These are written for 512 bits; a processor with shorter vectors takes
several. Pointers are integers (``address``); what they point to must outlive the call, so arrays
are arguments of the function that takes their address, never its own. Numba keeps what it compiled
by the date of ``loops.py``: change that file too when something here changes.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from boldhw.golden.compiled import kept
from boldhw.golden.graph.rooms import BYTES

WORDS = 8  # of 64 bits in one
SHORTS = 32  # of 16 bits in one
MANY, FEW = 8 * WORDS, 2 * WORDS  # outputs that are counted together
I8, I16, I64 = ir.IntType(8), ir.IntType(16), ir.IntType(64)
SIZE = types.intp


@kept
def address(array: NDArray[Any]) -> int:
    """Return where the first element is."""
    return int(types.intp(array.ctypes.data))


def _vector(kind: Any, count: int) -> Any:
    return ir.VectorType(kind, count)


def _at(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    """Return a pointer to ``kind``, ``offset`` bytes behind the integer ``base``."""
    return builder.inttoptr(builder.add(base, offset), kind.as_pointer())


def _load(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    return builder.load(_at(builder, base, offset, kind), align=1)


def _store(builder: Any, value: Any, base: Any, offset: Any) -> None:
    builder.store(value, _at(builder, base, offset, value.type), align=1)


def _splat(builder: Any, value: Any, count: int) -> Any:
    """Return a vector of ``count`` times a value."""
    kind = _vector(value.type, count)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(_vector(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def _sums(builder: Any, kind: Any, count: int) -> list[Any]:
    """Return ``count`` variables of a kind that are 0."""
    found = [cgutils.alloca_once(builder, kind) for _ in range(count)]
    for variable in found:
        builder.store(ir.Constant(kind, None), variable)
    return found


def _bytes(value: int) -> Any:
    return ir.Constant(I64, value)


def _call(builder: Any, name: str, *operands: Any) -> Any:
    """Call an intrinsic function of the compiler, whose operands and result are of one kind."""
    kind = operands[0].type
    function = ir.FunctionType(kind, [kind] * len(operands))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), operands)


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
            kind = _vector(I64, WORDS)
            sums = _sums(builder, kind, outputs // WORDS)
            with cgutils.for_range(builder, count) as word:
                at = builder.mul(word.index, _bytes(8))
                which = _load(builder, chosen, at, I64)
                sign, mask = (
                    _splat(builder, _load(builder, base, at, I64), WORDS) for base in (signs, masks)
                )
                row = builder.mul(builder.mul(which, _bytes(8)), pitch)
                for index, total in enumerate(sums):
                    offset = builder.add(row, _bytes(BYTES * index))
                    weights = _load(builder, planes, offset, kind)
                    wrong = builder.and_(builder.xor(sign, weights), mask)
                    ones = _call(builder, f"llvm.ctpop.v{WORDS}i64", wrong)
                    builder.store(builder.add(builder.load(total), ones), total)
            for index, total in enumerate(sums):
                short = builder.trunc(builder.load(total), _vector(I16, WORDS))
                _store(builder, short, found, _bytes(2 * WORDS * index))
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
        kind = _vector(I16, SHORTS)
        low = builder.sub(_bytes(0), top)
        high = builder.sub(top, _bytes(1))
        u, rounding, low, high = (
            _splat(builder, builder.trunc(value, I16), SHORTS) for value in (u, rounding, low, high)
        )
        with cgutils.for_range(builder, builder.udiv(count, _bytes(SHORTS))) as part:
            at = builder.mul(part.index, _bytes(BYTES))
            vote = _load(builder, votes, at, kind)
            step = builder.ashr(builder.sub(u, vote), rounding)
            before = _load(builder, accumulators, at, kind)
            value = _call(builder, f"llvm.sadd.sat.v{SHORTS}i16", before, step)
            value = builder.select(builder.icmp_signed("<", value, low), low, value)
            value = builder.select(builder.icmp_signed(">", value, high), high, value)
            _store(builder, value, accumulators, at)
        return context.get_dummy_value()

    return types.void(*[SIZE] * 6), generate


take_votes: Any = intrinsic(_take_votes)
