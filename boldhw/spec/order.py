"""The order in which samples of a store are trained: a maximal shift register that skips.

A register of b bits meets every value from 1 to 2^b - 1 once before it comes round, if its taps are
those of a primitive polynomial. Values above the number of samples are skipped; the others are
the numbers of the samples, from 1. b is the least that reaches all samples, so at least half of the
values are samples. Each epoch takes other taps, not only another start: the cycle of one
polynomial is always the same, and samples that follow each other would meet in one batch for ever.
"""

import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from boldhw.spec.arrays import Seed
from boldhw.spec.checks import check_range
from boldhw.spec.engine import ORDER_STEPS
from boldhw.spec.geometry import FIELD_BITS

MOST_SAMPLES = (1 << FIELD_BITS) - 1


class Order:
    """An endless order of ``samples`` samples, 1..65535; each run of ``samples`` is a permutation.

    One step is ``state = state >> 1 ^ (taps if state & 1 else 0)``. A value comes every ORDER_STEPS
    steps; after a single one, every second value would be half of the one before. ``taps`` and
    ``state`` are drawn from ``seed``, anything that numpy.random.default_rng takes, and are what is
    written to the registers of an engine.

    Raises ConfigError when the number of samples is out of range.
    """

    def __init__(self, samples: int, seed: Seed) -> None:
        self.samples = check_range("samples", samples, 1, MOST_SAMPLES)
        bits, generator = self.samples.bit_length(), np.random.default_rng(seed)
        self.taps = 0
        while not is_primitive(self.taps << 1 | 1, bits):
            self.taps = int(generator.integers(1 << bits - 1, 1 << bits))
        self.state = int(generator.integers(1, 1 << bits))
        self._next = self._table(1 << bits)

    def take(self, count: int) -> NDArray[np.int64]:
        """Return the next ``count`` samples, counted from 0: int array, shape (count,)."""
        taken: list[int] = []
        while len(taken) < count:
            self.state = self._next[self.state]
            if self.state <= self.samples:
                taken.append(self.state - 1)
        return np.array(taken, np.int64)

    def copy(self) -> Self:
        """Return an order that stands where this one does."""
        return copy.copy(self)

    def _table(self, size: int) -> list[int]:
        """Return the value after ORDER_STEPS steps for every value."""
        values = np.arange(size)
        for _ in range(ORDER_STEPS):
            values = values >> 1 ^ np.where(values & 1, self.taps, 0)
        return values.tolist()


def is_primitive(polynomial: int, degree: int) -> bool:
    """Return whether a polynomial over bits, as an integer, is primitive and of this degree.

    It is if the powers of x modulo it come round after 2^degree - 1 and not earlier.
    """
    order = (1 << degree) - 1
    return (
        polynomial >> degree == 1
        and polynomial & 1 == 1
        and _power_of_x(order, polynomial, degree) == 1
        and all(_power_of_x(order // p, polynomial, degree) != 1 for p in _primes(order))
    )


def _power_of_x(exponent: int, polynomial: int, degree: int) -> int:
    """Return x**exponent modulo a polynomial."""
    result = 1
    for bit in f"{exponent:b}":
        result = _product(result, result, polynomial, degree)
        if bit == "1":
            result = _reduced(result << 1, polynomial, degree)
    return result


def _product(a: int, b: int, polynomial: int, degree: int) -> int:
    result = 0
    for bit in f"{b:b}":
        result = _reduced(result << 1, polynomial, degree) ^ (a if bit == "1" else 0)
    return result


def _reduced(value: int, polynomial: int, degree: int) -> int:
    return value ^ polynomial if value >> degree else value


def _primes(number: int) -> set[int]:
    """Return the prime factors of a number."""
    factors: set[int] = set()
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.add(divisor)
            number //= divisor
        divisor += 1
    return factors | ({number} if number > 1 else set())
