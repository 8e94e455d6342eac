"""How kernels lie in words, maps in rows, and what nests step through."""

import numpy as np
import pytest

from boldhw.errors import ConfigError
from boldhw.spec.maps import Shape
from boldhw.spec.ops.array import ArraySize
from boldhw.spec.ops.maps import MapPlace, own_planes, packed
from boldhw.spec.ops.nest import addresses, jumps
from boldhw.spec.ops.words import Granule, Words

SIZE = ArraySize(elements=2, lanes=8)


def steps(counts, strides, base):
    """Yield the addresses of a nest as an adder makes them, step by step."""
    jump, left, address = jumps(counts, strides), [0] * len(counts), base
    while True:
        yield address
        for level, count in enumerate(counts):
            if left[level] + 1 < count:
                left[level] += 1
                address += jump[level]
                break
            left[level] = 0
        else:
            return


def test_jumps_make_the_addresses_of_a_nest():
    generator = np.random.default_rng(3)
    for _ in range(30):
        counts = generator.integers(1, 4, 5).tolist()
        strides = generator.integers(-50, 50, 5).tolist()
        found = addresses(7, counts, jumps(counts, strides))
        assert found.reshape(-1).tolist() == list(steps(counts, strides, 7))
        index = np.indices(tuple(reversed(counts)))[::-1]
        plain = 7 + sum(i * stride for i, stride in zip(index, strides, strict=True))
        assert found.tolist() == plain.tolist()


@pytest.mark.parametrize(
    ("groups", "side", "words", "lanes"),
    [  # graph_engine.md, section 2: words a patch, and those of C = P, 2P, 3P, 4P, 8P
        (1, 3, 3, 0.75), (1, 4, 4, 1), (1, 5, 10, 0.625), (2, 3, 6, 0.75), (2, 4, 8, 1),
        (2, 5, 15, 0.8333), (3, 3, 9, 0.75), (4, 3, 9, 1), (8, 3, 18, 1),
    ],
)  # fmt: skip
def test_row_packed_words_of_a_patch(groups, side, words, lanes):
    found = Words(4, groups, side, side)
    assert found.count == words
    assert len(found.used) / (4 * words) == pytest.approx(lanes, abs=1e-3)


def test_a_kernel_row_ends_at_its_last_tap():
    """Five taps in words of four: the first one holds one tap, in its last granule."""
    assert Words(4, 1, 1, 5).used == [
        Granule(0, 3, 0, 0, 0),
        *(Granule(1, tap, 0, tap + 1, 0) for tap in range(4)),
    ]
    # With dilation a word holds one tap; of five groups the second word holds one.
    assert [each.word for each in Words(4, 1, 1, 3, dilation=2).used] == [0, 1, 2]
    assert Words(4, 5, 1, 1).used[-1] == Granule(1, 3, 0, 0, 4)


@pytest.mark.parametrize("planes", [1, 2, 3, 4, 7, 8, 9, 17])
def test_a_map_row_holds_a_pixel_and_those_left_of_it(planes):
    generator = np.random.default_rng(planes)
    place = MapPlace(Shape(3, 5, planes), SIZE, row=10, pad=2)
    bits = np.zeros((3, 5, place.groups * 2), bool)
    bits[..., :planes] = generator.random((3, 5, planes)) < 0.5
    rows = packed(bits, SIZE, place.pitch).reshape(3, place.deep, place.pitch, 8)
    own = own_planes(rows.transpose(0, 2, 1, 3), place.groups, SIZE)
    assert own[:, :5].tolist() == bits.tolist()
    assert not own[:, 5:].any()  # flushed pixels
    held = 8 // (2 * place.groups) if place.groups in (1, 2) else 1
    for y, x, back in np.ndindex(3, place.pitch, held):
        pixel = rows[y, 0, x].reshape(held, -1)[held - 1 - back] if held > 1 else own[y, x]
        inside = 0 <= x - back < 5
        assert pixel.tolist() == (bits[y, x - back] if inside else 0 * bits[0, 0]).tolist()


def test_pixels_next_to_each_other_are_in_different_banks():
    size = ArraySize(elements=2, lanes=8, planes=4)
    place = MapPlace(Shape(3, 5, 20), size, row=8, pad=1)
    assert (place.pitch, place.deep, place.line, place.rows) == (8, 3, 24, 73)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lanes": 9}, "lanes=9 must be 2, 4 or 8 times elements=2; try lanes=8"),
        ({"planes": 3}, "planes=3 must be one of"),
        ({"transposers": 2}, "transposers=2 must be 1 or lanes / elements = 4"),
        ({"accumulator_bits": 17}, "accumulator_bits=17"),
        ({"data_rows": 1 << 17}, "data_rows=131072"),
    ],
)
def test_arrays_that_cannot_be_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        ArraySize(**{"elements": 2, "lanes": 8} | fields)
