"""Planes of coloured pictures, and differences of grey ones."""

import numpy as np

from boldhw.golden.graph.coding import Colours, Differences


def test_levels_of_colours_part_their_values():
    pictures = np.zeros((1, 10, 10, 3), np.uint8)
    pictures[..., 0] = np.arange(100).reshape(10, 10)
    pictures[..., 2] = 7
    code = Colours.fit(pictures, 3, 0, 0)
    assert code.levels == ((25, 50, 75), (0, 0, 0), (7, 7, 7))
    bits = code(pictures).reshape(10, 10, 9)
    assert bits[..., :3].sum(axis=(0, 1)).tolist() == [74, 49, 24]
    assert not bits[..., 3:].any()


def test_planes_of_places_rise_down_and_to_the_right():
    code = Colours(((1,),), rows=3, columns=1)
    assert code.planes == 5
    bits = code(np.zeros((2, 8, 4, 1), np.uint8)).reshape(2, 8, 4, 5)
    assert bits[1, :, 2, 1:4].sum(axis=1).tolist() == [0, 0, 0, 1, 1, 2, 2, 3]
    assert bits[0, 5, :, 4].tolist() == [False, False, False, True]


def test_differences_have_three_values():
    code = Differences((2, 10))
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 30, (2, 6, 7)).astype(np.uint8)
    found = code(pictures).reshape(2, 4, 5, 8)
    assert found.dtype == np.int8
    for k, y, x in np.ndindex(2, 4, 5):
        centre = int(pictures[k, y + 1, x + 1])
        for number, (dy, dx) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
            difference = int(pictures[k, y + 1 + dy, x + 1 + dx]) - centre
            expected = [(difference > level) - (difference < -level) for level in (2, 10)]
            assert found[k, y, x, 2 * number : 2 * number + 2].tolist() == expected
    assert not code(np.full((1, 5, 5), 9, np.uint8)).any()
