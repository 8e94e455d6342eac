"""Five thousand random graphs on random arrays: op lists equal the golden graph; an hour.

``make soak`` runs it, ``make test`` does not.
"""

import pytest
from support.op_cases import Pair

FIRST, GRAPHS, TOGETHER = 1_000, 5_000, 100


@pytest.mark.parametrize("first", range(FIRST, FIRST + GRAPHS, TOGETHER))
def test_random_graphs_in_lock_step(first):
    for seed in range(first, first + TOGETHER):
        pair = Pair(seed)
        assert pair.in_step() == [], (seed, pair.network, pair.size)


@pytest.mark.parametrize("head", ["summed", "last"])
@pytest.mark.parametrize("first", range(FIRST, FIRST + GRAPHS // 10, TOGETHER))
def test_heads_over_maps_in_lock_step(first, head):
    for seed in range(first, first + TOGETHER):
        pair = Pair(seed, head)
        assert pair.in_step() == [], (seed, pair.network, pair.size)
