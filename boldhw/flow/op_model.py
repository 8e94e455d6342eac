"""Logic of engines of op lists as a sum of what their units grow with.

One set of coefficients is fitted to the engines of all families, by least squares of the relative
errors, and none is below 0: what an engine has more of never makes it smaller. The tools of each
family find more or less logic in the same engine; a factor of the family says how much. LUT RAM is
counted exactly, beside the model.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from boldhw.flow.nonnegative import nonnegative
from boldhw.spec.numbers import ceil_div
from boldhw.spec.ops.array import ArraySize, place_bits
from boldhw.spec.ops.ram import memories

ROUNDS = 30  # of fitting coefficients, then factors; they hardly change after some
ALIKE = 3  # engines of a family that the prior belief in a factor of 1 weighs as much as
LUT_RAM_BITS = 4  # of a cell of 16 rows, which takes as many LUT4


class Counted(Protocol):
    """What the model is fitted to: an engine whose logic was counted."""

    @property
    def family(self) -> str:
        """Of the device."""

    @property
    def size(self) -> ArraySize:
        """Of the array."""

    @property
    def lut4(self) -> int:
        """LUT4, with those of adders and LUT RAM."""

    @property
    def ff(self) -> int:
        """Flip-flops."""


class Logic(NamedTuple):
    """Logic of an engine."""

    lut4: int
    ff: int


class _Part(NamedTuple):
    """The model of one kind of cells: a coefficient for each feature, a factor for each family."""

    coefficients: NDArray[np.float64]
    factors: dict[str, float]


class Model(NamedTuple):
    """A fitted model; see :func:`fit` and :func:`predict`."""

    lut4: _Part
    ff: _Part


def lut4_features(size: ArraySize) -> NDArray[np.float64]:
    """Return what the LUT4 of an engine grow with.

    Each number stands for units that have so many of something: lanes of sums; weights of a word;
    accumulators, unless they are changed one by one; bits of places of a plane; what other values
    of ops than those of one program take; what trains, and granules of words that it trains;
    bits of the patches of all kernels that the window unit makes.
    """
    shapes = {(kernel.side, kernel.planes): kernel.bits() for kernel in size.windows}
    patches = size.planes * sum(shapes.values())
    places = size.planes * place_bits(size)
    return np.array([*_shared(size), places, not size.fixed, patches], float)


def ff_features(size: ArraySize) -> NDArray[np.float64]:
    """Return what the flip-flops of an engine grow with.

    Those of :func:`lut4_features`, but that places take a register for each cycle until a row is
    there, and that something is there once even in an engine for one program.
    """
    places = size.planes * place_bits(size) * size.read_latency
    return np.array([*_shared(size), places, 1], float)


def _shared(size: ArraySize) -> tuple[int, ...]:
    """Return what LUT4 and flip-flops grow with."""
    p, s, d = size.elements, size.lanes, size.planes
    trains, together = not size.inference, not (size.inference or size.serial)
    changed = together * p * size.accumulator_bits
    return p * s * d, p * s, changed, trains, trains * size.granules


def lut_ram(size: ArraySize, family: str) -> int:
    """Return the LUT4 of an engine's memories that are LUT RAM; an iCE40 has none."""
    if family == "ice40":
        return 0
    shallow = [each for each in memories(size) if each.is_shallow]
    return sum(LUT_RAM_BITS * ceil_div(each.width, LUT_RAM_BITS) * each.planes for each in shallow)


def fit(samples: Sequence[Counted]) -> Model:
    """Return the Model that is nearest to the engines of all families."""
    return Model(
        _fit(samples, lut4_features, lambda each: each.lut4 - lut_ram(each.size, each.family)),
        _fit(samples, ff_features, lambda each: each.ff),
    )


def predict(model: Model, size: ArraySize, family: str) -> Logic:
    """Return the Logic of an engine with a serial line on a device of a family."""
    lut4, ff = (
        part.factors.get(family, 1.0) * float(features(size) @ part.coefficients)
        for part, features in zip(model, (lut4_features, ff_features), strict=True)
    )
    return Logic(round(lut4) + lut_ram(size, family), round(ff))


def left_out(samples: Sequence[Counted], families: Iterable[str]) -> list[tuple[Counted, Logic]]:
    """Return each engine of some families, and its Logic as all others predict it."""
    wanted, found = set(families), []
    for index, each in enumerate(samples):
        if each.family in wanted:
            others = [*samples[:index], *samples[index + 1 :]]
            found.append((each, predict(fit(others), each.size, each.family)))
    return found


def _fit(
    samples: Sequence[Counted],
    features: Callable[[ArraySize], NDArray[np.float64]],
    count: Callable[[Counted], int],
) -> _Part:
    """Fit coefficients to the relative errors, then the factors of families, in turns."""
    rows = np.array([features(each.size) / count(each) for each in samples])
    families = sorted({each.family for each in samples})
    member = np.array([[each.family == name for name in families] for each in samples], float)
    factors = np.ones(len(families))
    for _ in range(ROUNDS):
        coefficients = nonnegative(rows * (member @ factors)[:, None], np.ones(len(rows)))
        ratio = rows @ coefficients
        # Of least squares too, with some engines added that have a factor of 1.
        factors = (member.T @ ratio + ALIKE) / (member.T @ ratio**2 + ALIKE)
    return _Part(coefficients, dict(zip(families, map(float, factors), strict=True)))
