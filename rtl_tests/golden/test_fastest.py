"""The compiled chain is used after its bits were compared, and not at all when one differs."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from boldhw.errors import CheckError
from boldhw.golden.compiled import CompiledNetwork
from boldhw.golden.fastest import compiled, fastest
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


def test_a_network_goes_on_as_it_is_with_noise_and_gathered_samples():
    network = Network("30-12-3", REFERENCE, 4)
    noisy = replace(HYPER, rounding=2, noise=3, zero_true=True)
    network.configure(noisy.settings(REFERENCE, "30-12-3"))
    network.train(BITS[:30], LABELS[:30])
    found = compiled(network, BITS, LABELS)
    assert type(found) is CompiledNetwork
    assert found.gathered == network.gathered > 0
    for each in (network, found):
        each.train(BITS[30:], LABELS[30:])
    for name in ("weights", "accumulators"):
        pairs = zip(getattr(network, name), getattr(found, name), strict=True)
        assert all(np.array_equal(*pair) for pair in pairs)
    assert np.array_equal(found.infer(BITS), network.infer(BITS))


def test_an_engine_that_does_not_train_infers(monkeypatch):
    config = replace(REFERENCE, training=False, stochastic=False, decay=False)
    found = compiled(Network("30-12-3", config), BITS, LABELS)
    assert type(found) is CompiledNetwork
    right = CompiledNetwork.infer
    monkeypatch.setattr(CompiledNetwork, "infer", lambda self, bits: right(self, bits) + 1)
    with pytest.raises(CheckError, match="scores differ"):
        compiled(Network("30-12-3", config), BITS, LABELS)


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
