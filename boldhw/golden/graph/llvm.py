"""Words of the compiler: what the inner loops of a graph are written in.

Pointers are integers, offsets are bytes. What uses these words is compiled anew when its own file
changes: change ``summing.py`` and ``sparse.py`` too when something here changes.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
SIZE = types.intp


def vector(kind: Any, count: int) -> Any:
    """Return the kind of a vector."""
    return ir.VectorType(kind, count)


def pointer(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    """Return a pointer to ``kind``, ``offset`` bytes behind the integer ``base``."""
    return builder.inttoptr(builder.add(base, offset), kind.as_pointer())


def load(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    """Return what is ``offset`` bytes behind ``base``, at any address."""
    return builder.load(pointer(builder, base, offset, kind), align=1)


def store(builder: Any, value: Any, base: Any, offset: Any) -> None:
    """Put a value ``offset`` bytes behind ``base``, at any address."""
    builder.store(value, pointer(builder, base, offset, value.type), align=1)


def splat(builder: Any, value: Any, count: int) -> Any:
    """Return a vector of ``count`` times a value."""
    kind = vector(value.type, count)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    zeros = ir.Constant(vector(I32, count), [0] * count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def variables(builder: Any, kind: Any, count: int) -> list[Any]:
    """Return ``count`` variables of a kind that are 0."""
    found = [cgutils.alloca_once(builder, kind) for _ in range(count)]
    for variable in found:
        builder.store(ir.Constant(kind, None), variable)
    return found


def integer(value: int) -> Any:
    """Return a constant of 64 bits."""
    return ir.Constant(I64, value)


def call(builder: Any, name: str, *operands: Any) -> Any:
    """Call an intrinsic function of the compiler, whose operands and result are of one kind."""
    kind = operands[0].type
    function = ir.FunctionType(kind, [kind] * len(operands))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), operands)
