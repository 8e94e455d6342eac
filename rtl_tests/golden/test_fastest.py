"""The compiled chain is used after its bits were compared, and not at all when one differs."""

import sys

import numpy as np
import pytest

from boldhw.errors import CheckError
from boldhw.golden.compiled import CompiledNetwork
from boldhw.golden.fastest import fastest
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network

HYPER = Hyper(batch=8, zero_true=False)
BITS = np.random.default_rng(0).random((60, 30)) < 0.5
LABELS = np.arange(60) % 3


def make():
    settings = HYPER.settings(REFERENCE, "30-12-3")
    return fastest("30-12-3", REFERENCE, 1, settings, BITS, LABELS)


def test_the_compiled_network_is_used_and_nothing_is_trained_yet():
    network = make()
    assert type(network) is CompiledNetwork
    assert not any(accumulators.any() for accumulators in network.accumulators)
    assert network.gathered == 0
    assert network.settings.batch == 8


@pytest.mark.parametrize("what", ["weights", "accumulators"])
def test_a_wrong_bit_ends_it(monkeypatch, what):
    update = CompiledNetwork._update_layer

    def wrong(self, layer, *others):
        flips = update(self, layer, *others)
        getattr(self, what)[layer][-1, -1] ^= 1
        return flips

    monkeypatch.setattr(CompiledNetwork, "_update_layer", wrong)
    with pytest.raises(CheckError, match=f"{what} differ between"):
        make()


def test_without_numba_it_is_the_definition(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "boldhw.golden.compiled", raising=False)
    assert type(make()) is Network
