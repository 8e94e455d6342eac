"""Op lists on memories equal the golden graph, bit for bit, on random graphs and arrays.

BOLDHW_GRAPHS is the number of graphs, BOLDHW_FIRST_GRAPH the seed of the first one.
"""

import os

import pytest
from support.op_cases import Pair

GRAPHS = int(os.environ.get("BOLDHW_GRAPHS", "60"))
FIRST = int(os.environ.get("BOLDHW_FIRST_GRAPH", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + GRAPHS))
def test_random_graphs_in_lock_step(seed):
    pair = Pair(seed)
    for bits, label in zip(*pair.samples(), strict=True):
        wrong, updates = pair.step(bits, label)
        assert wrong == [], (pair.network, pair.size)
        if updates:
            assert pair.differences() == [], (pair.network, pair.size)
    pair.flush()
    assert pair.differences() == [], (pair.network, pair.size)
