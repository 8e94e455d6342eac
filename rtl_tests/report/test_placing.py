"""Places of boxes and arrows: levels follow what is read, nothing overlaps, few edges cross."""

import itertools

import numpy as np
import pytest

from boldhw.report.placing import crossings, placed

BOX, GAP, LANE = 100, 10, 20


def random_graph(seed):
    """Return the sources of each of some nodes; every node but the first reads one at least."""
    generator = np.random.default_rng(seed)
    nodes = {"n0": ()}
    for index in range(1, int(generator.integers(2, 14))):
        count = int(generator.integers(1, min(index, 4) + 1))
        chosen = generator.choice(index, count, replace=False)
        nodes[f"n{index}"] = tuple(f"n{source}" for source in chosen)
    return nodes


@pytest.mark.parametrize("seed", range(20))
def test_levels_and_distances(seed):
    nodes = random_graph(seed)
    found = placed(nodes, BOX, GAP, LANE)
    level = {place: number for number, row in enumerate(found.levels) for place in row}
    assert {place for place in level if isinstance(place, str)} == set(nodes)
    for node, sources in nodes.items():
        assert level[node] == 1 + max((level[source] for source in sources), default=-1)
        for source in sources:
            path = found.path(source, node)
            assert [level[place] for place in path] == list(range(level[source], level[node] + 1))
    for row in found.levels:
        for left, right in itertools.pairwise(row):
            width = sum(LANE if isinstance(place, tuple) else BOX for place in (left, right)) / 2
            assert found.x[right] - found.x[left] >= width + GAP - 1e-6
    edges = [(x, LANE if isinstance(p, tuple) else BOX) for p, x in found.x.items()]
    assert min(x - width / 2 for x, width in edges) == pytest.approx(0)
    assert max(x + width / 2 for x, width in edges) == pytest.approx(found.width)


def test_a_chain_is_straight():
    found = placed({"a": (), "b": ("a",), "c": ("b",)}, BOX, GAP, LANE)
    assert set(found.x.values()) == {BOX / 2}
    assert found.width == BOX


def test_branches_are_side_by_side_and_do_not_cross():
    nodes = {"in": (), "a": ("in",), "b": ("in",), "c": ("b",), "d": ("a",), "out": ("c", "d")}
    found = placed(nodes, BOX, GAP, LANE)
    assert sorted(map(len, found.levels)) == [1, 1, 2, 2]
    above = {node: list(sources) for node, sources in nodes.items()}
    assert crossings(found.levels, above) == 0


def test_crossings_are_counted():
    above = {"c": ["b"], "d": ["a"], "e": ["a", "b"]}
    assert crossings([["a", "b"], ["c", "d"]], above) == 1
    assert crossings([["a", "b"], ["d", "c"]], above) == 0
    assert crossings([["a", "b"], ["c", "e", "d"]], above) == 3
