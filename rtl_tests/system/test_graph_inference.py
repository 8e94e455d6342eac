"""A simulated board that infers only gives the golden graph's scores, in the model's cycles."""

from dataclasses import replace

import numpy as np
import pytest
from support.graph_driver import NETWORKS, SIZE, connect, make_graph, make_samples

from boldhw.cosim.transport import SimTransport
from boldhw.errors import ConfigError
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.program import FORWARD


@pytest.fixture(scope="module")
def board():
    """The simulated board; it is built once."""
    board = SimTransport(replace(SIZE, inference=True))
    yield board
    board.close()


@pytest.mark.parametrize("text", NETWORKS)
def test_scores_are_those_of_the_golden_graph(board, text):
    graph = make_graph(text)
    device = connect(board, graph)
    bits, labels = make_samples(graph, 6)
    before = device.stat()
    assert np.array_equal(device.infer(bits), graph.infer(bits))
    expected = sum(cycles(device.program.lists[FORWARD], device.size))
    found = device.stat()
    assert found["cycles_forward"] - before["cycles_forward"] == 6 * expected
    with pytest.raises(ConfigError, match="made with inference=True and does not train"):
        device.train(bits, labels)
