"""What governors aim at: one set of constants for all tasks."""

from dataclasses import dataclass, fields

from boldhw.errors import ConfigError
from boldhw.spec.checks import check_range, check_types

SHARE = 256  # of a share: so many are all
ROOT = 16  # of a margin: so many are the root of the fan-in
HALVING = 256  # of a flip rate's exponent: so many are a factor of two
LONGEST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Constants:
    """Aims and start values, integers.

    Parameters
    ----------
    fire_low, fire_high : int
        Least and largest share of T's of a map's unit at first, in 1/256.
    dense_low, dense_high : int
        The same of a unit of a dense layer.
    even_low, even_high : int
        The same of a unit that an attention reads, directly or through others; they stay: bits that
        are compared tell most when half of them are T.
    gated : int
        Share of a unit's outputs within its window, in 1/256.
    dead : int
        Dead zone over the mean |g| of gated units, in 1/256.
    flips_first, flips_last : int
        Flips per weight and active sample, as 2**(-x / 256), at the start and at the end; on an
        exponential from one to the other.
    margin_first, margin_last : int
        Margin over the root of the last layer's fan-in, in 1/16, at the start and at the end; on a
        line from one to the other.
    batch : int
        Active samples per update.
    short : int
        Batches of samples of a run of dense layers, at most, for it to count as short; 1: none is,
        as for a run that goes on with what is learned. See docs/rule.md.
    counted : bool
        False for a device that counts no T's and gates, one made with ``uncounted=True``:
        thresholds, windows and dead zones stay as they begin.
    """

    fire_low: int = 64
    fire_high: int = 90
    dense_low: int = 26
    dense_high: int = 230
    even_low: int = 96
    even_high: int = 160
    gated: int = 128
    dead: int = 179
    flips_first: int = 3831
    flips_last: int = 4938
    margin_first: int = 48
    margin_last: int = 16
    batch: int = 16
    short: int = 1
    counted: bool = True

    def __post_init__(self) -> None:
        check_types(self)
        numbers = [field for field in fields(self) if field.name != "counted"]
        for field in numbers:
            check_range(field.name, getattr(self, field.name), 1, LONGEST)
        for name in ("fire", "dense", "even"):
            low, high = getattr(self, f"{name}_low"), getattr(self, f"{name}_high")
            if low > high or high >= SHARE:
                raise ConfigError(
                    f"{name}_low={low} and {name}_high={high} are no band of shares; the first is "
                    f"not above the second, and that below {SHARE}"
                )


def power(exponent: int, bits: int) -> int:
    """Return about ``2**(bits - exponent / 256)``, by a straight line within each factor of two.

    It is a shift and a subtraction; at most 6 % above the power. exponent: from 0.
    """
    whole, part = divmod(exponent, HALVING)
    return (2 * HALVING - part << bits) // (HALVING << whole + 1)
