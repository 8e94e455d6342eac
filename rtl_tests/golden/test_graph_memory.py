"""Bits of the memories of a network, counted by hand."""

import pytest

from boldhw.golden.graph.memory import memory
from boldhw.spec.network import Network


@pytest.mark.parametrize("bits", [8, 16])
def test_a_network_with_pooling(bits):
    found = memory(Network.parse("8x8-6k3p2-10"), bits).bits
    conv, dense, outputs = 6 * 9, 10 * 96, 96 + 10
    assert found == {
        "weights": conv + dense,
        "accumulators": bits * (conv + dense),
        "votes": 16 * dense,
        "maps": 64 + 96,
        "sums": 16 * outputs,
        "signals": 2 * outputs,
        "where": 2 * 96,
        "total": found["total"],
    }
    assert found["total"] == sum(v for name, v in found.items() if name != "total")


def test_layers_that_do_not_learn_have_weights_alone():
    described = Network.parse("20-9-5").to_dict()
    described["layers"][0]["learns"] = False
    found = memory(Network.from_dict(described), 16)
    assert (found.weights, found.accumulators, found.votes) == (225, 16 * 45, 16 * 45)
