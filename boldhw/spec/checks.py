"""Checks of single values: what they may be, and the plain Python values that they become.

NumPy's numbers are as good as Python's, and leave as Python's, so that they can go into JSON.
Values are of any type here: these functions find out which one it is.
"""

import operator
import reprlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import fields
from numbers import Real
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from boldhw.errors import ConfigError

T = TypeVar("T")
WIDEST = 1 << 20  # of a layer; what an engine holds is less, and boldhw.spec.layout says how much


def check_range(name: str, value: Any, low: int, high: int) -> int:
    """Return ``value`` as an int. Raises ConfigError unless it is an integer from low to high.

    The message names the nearest value that works. True and False are no integers.
    """
    number = _integer(value)
    if number is None or not low <= number <= high:
        raise ConfigError(
            f"{name}={_shown(value)} must be an integer from {low} to {high}; "
            f"the nearest value that works is {name}={_nearest(value, low, high)}"
        )
    return number


def check_number(name: str, value: Any, most: float) -> float:
    """Return ``value`` as a float. Raises ConfigError unless it is a number from 0 to ``most``."""
    number = _float(name, value)
    if not 0 <= number <= most:
        nearest = most if number > most else 1
        raise ConfigError(
            f"{name}={_shown(value)} must be a number from 0 to {most}; try {name}={nearest}"
        )
    return number


def check_widths(widths: Any) -> tuple[int, ...]:
    """Return layer widths as a tuple of ints, from an iterable of at least two of them.

    Raises ConfigError, naming the width that is wrong.
    """
    if isinstance(widths, str | bytes) or not isinstance(widths, Iterable):
        raise ConfigError(
            f"widths={_shown(widths)} are no layer widths; give a tuple of them, such as "
            f"(784, 72, 10)"
        )
    found = tuple(check_range(f"width {i}", w, 1, WIDEST) for i, w in enumerate(widths))
    if len(found) < 2:
        raise ConfigError(
            f"widths={found} is no network; give inputs and outputs at least, such as (784, 10)"
        )
    return found


def check_types(description: Any, besides: Collection[str] = ()) -> None:
    """Give every field of a frozen dataclass a plain Python value of the type that it declares.

    A sequence becomes a tuple; fields in ``besides`` are left alone. Raises ConfigError, naming the
    field, for a value of another type.
    """
    types = get_type_hints(type(description))
    for name in (field.name for field in fields(description) if field.name not in besides):
        value = plain(name, getattr(description, name), types[name])
        object.__setattr__(description, name, value)


def check_kind(name: str, value: Any, kind: type[T]) -> T:
    """Return ``value``. Raises ConfigError unless it is an instance of the class ``kind``."""
    if not isinstance(value, kind):
        raise ConfigError(
            f"{name}={_shown(value)} is of type {type(value).__name__}; give one of type "
            f"{kind.__name__}"
        )
    return value


def plain(name: str, value: Any, kind: Any) -> Any:
    """Return ``value`` as the ``kind`` that a field declares, such as ``tuple[int, ...]``.

    Raises ConfigError, naming the field, for a value of another type.
    """
    inner = get_args(kind)
    if get_origin(kind) is tuple:
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise ConfigError(f"{name}={_shown(value)} must be a tuple; give one entry per layer")
        named = enumerate(value, 1)
        return tuple(plain(f"{name} of layer {i}", each, inner[0]) for i, each in named)
    if inner:  # of "int | None"
        return None if value is None else plain(name, value, inner[0])
    return PLAIN[kind](name, value)


def _int(name: str, value: Any) -> int:
    number = _integer(value)
    if number is None:
        nearest = _rounded(value)
        fix = "write one" if nearest is None else f"the nearest is {name}={nearest}"
        raise ConfigError(f"{name}={_shown(value)} must be an integer; {fix}")
    return number


def _float(name: str, value: Any) -> float:
    try:
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    except OverflowError:
        pass
    raise ConfigError(f"{name}={_shown(value)} must be a number, such as {name}=1.0")


def _bool(name: str, value: Any) -> bool:
    scalar = getattr(value, "shape", None) == ()
    if isinstance(value, bool) or (scalar and value.dtype == bool):
        return bool(value)
    raise ConfigError(
        f"{name}={_shown(value)} must be True or False; write {name}=True, in JSON true without "
        f"quotes, or False likewise"
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name}={_shown(value)} must be a text; write it in quotes")
    return str(value)


PLAIN: dict[Any, Callable[[str, Any], Any]] = {int: _int, float: _float, bool: _bool, str: _text}


def _integer(value: Any) -> int | None:
    """Return the int that ``value`` stands for, None if it stands for none."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _rounded(value: Any) -> int | None:
    """Return the integer next to a number, None for what is no number."""
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _nearest(value: Any, low: int, high: int) -> int:
    """Return the integer of a range that is next to ``value``, the first for what is no number."""
    number = _rounded(value) if _integer(value) is None else _integer(value)
    return low if number is None else min(max(number, low), high)


def _shown(value: Any) -> str:
    """Return how a message shows a value: integers, NumPy's too, as digits, nothing at length."""
    number = _integer(value)
    return reprlib.repr(value) if number is None else str(number)
