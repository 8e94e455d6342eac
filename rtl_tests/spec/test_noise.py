"""The noise stream against a loop over single bits, and the period of its polynomials."""

import math

import numpy as np
import pytest

from boldhw.spec.noise import NoiseStream


class BitLoop:
    """The generator as docs/architecture.md states it, one bit at a time."""

    def __init__(self, elements, words):
        self.elements = elements
        self.n, self.tap = (159, 128) if 8 * elements <= 128 else (521, 489)
        self.bits = [0] * self.n
        for word in words:
            self.bits += [word >> i & 1 for i in range(16)]
        self.bits = self.bits[-self.n :]

    def draw(self):
        for _ in range(8 * self.elements):
            self.bits.append(self.bits[-self.n] ^ self.bits[-self.tap])
        fresh, self.bits = self.bits[self.n :], self.bits[-self.n :]
        lanes = [fresh[8 * p : 8 * p + 8] for p in range(self.elements)]
        return [sum(bit << i for i, bit in enumerate(lane)) for lane in lanes]


@pytest.mark.parametrize("elements", [2, 8, 10, 16, 17, 40])
def test_equals_bit_loop(elements):
    """Every draw of every lane, however many are drawn at a time."""
    stream = NoiseStream(elements, 7)
    loop = BitLoop(elements, stream.seed_words)
    for count in (1, 0, 3, 2, 200, 1):
        expected = [loop.draw() for _ in range(count)]
        draws = stream.draw(count)
        assert draws.dtype == np.uint8
        assert draws.shape == (count, elements)
        assert draws.tolist() == expected
        assert stream.state.tolist() == loop.bits


@pytest.mark.parametrize(("elements", "words"), [(16, 10), (17, 33)])
def test_seed_words_rebuild_the_state(elements, words):
    """A host that writes the words leaves any earlier generator in the same state."""
    stream, other = NoiseStream(elements, 1), NoiseStream(elements, 2)
    assert len(stream.seed_words) == words
    assert all(0 <= word <= 0xFFFF for word in stream.seed_words)
    assert stream.state.tolist() != other.state.tolist()
    for word in stream.seed_words:
        other.write(word)
    assert stream.state.tolist() == other.state.tolist()


def test_write_shifts_sixteen_bits_in_lowest_first():
    stream = NoiseStream(2, 0)
    before = stream.state.tolist()
    stream.write(0x8003)
    assert stream.state.tolist() == before[16:] + [1, 1] + [0] * 13 + [1]


def test_state_is_never_zero():
    """Even a seed whose words are all zero gives a generator that runs."""

    class Zeros(np.random.SeedSequence):
        def generate_state(self, n_words, dtype=np.uint32):
            return np.zeros(n_words, dtype)

    for elements in (2, 17):
        assert NoiseStream(elements, Zeros(0)).state.any()


def test_seeds_and_seed_sequences():
    """An int, and a SeedSequence of it, give the same stream; another spawn key another."""
    sequence = np.random.SeedSequence(5)
    assert NoiseStream(8, 5).seed_words == NoiseStream(8, sequence).seed_words
    spawned = np.random.SeedSequence(5, spawn_key=(1, 0))
    assert NoiseStream(8, 5).seed_words != NoiseStream(8, spawned).seed_words


def _power_of_x(exponent, n, middle):
    """Return x**exponent modulo x**n + x**middle + 1 over bits, as an integer."""
    polynomial, result, base = 1 << n | 1 << middle | 1, 1, 2
    while exponent:
        if exponent & 1:
            result = _reduced_product(result, base, n, polynomial)
        base = _reduced_product(base, base, n, polynomial)
        exponent >>= 1
    return result


def _reduced_product(a, b, n, polynomial):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        b >>= 1
        a <<= 1
        a ^= polynomial if a >> n else 0
    return product


@pytest.mark.parametrize(
    ("n", "middle", "factors"),
    [
        # 2**159 - 1 is the product of these; 2**521 - 1 is prime.
        (159, 31, [7, 6361, 69431, 20394401, 6679, 13960201, 540701761, 229890275929]),
        (521, 32, [2**521 - 1]),
    ],
)
def test_period_is_the_longest_possible(n, middle, factors):
    order = 2**n - 1
    assert math.prod(factors) == order
    assert _power_of_x(order, n, middle) == 1
    for factor in factors:
        assert _power_of_x(order // factor, n, middle) != 1


def test_bits_are_balanced():
    """Each of the eight bits of every lane is T in half of the draws, within 6 sigma."""
    draws = NoiseStream(10, 3).draw(20000)
    ones = np.unpackbits(draws, axis=0, bitorder="little").reshape(20000, 8, 10).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 6 * 0.5 / 20000**0.5
