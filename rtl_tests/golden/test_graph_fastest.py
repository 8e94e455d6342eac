"""The compiled kernel is used after its bits were compared, and not at all when one differs."""

import sys

import pytest
from support.graph_cases import network, samples, settings

import boldhw.golden.graph
from boldhw.errors import CheckError
from boldhw.golden.graph.compiled import CompiledKernel
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.kernel import NumpyKernel


def make():
    spec = network("pooled")
    return fastest(spec, settings(spec, 1, dead=0), 0, 16, *samples(spec, 60, 0))


def test_the_compiled_kernel_is_used_and_nothing_is_trained_yet():
    graph = make()
    assert type(graph.layers[0].kernel) is CompiledKernel
    assert not any(layer.accumulators.any() for layer in graph.layers)
    assert graph.waiting == 0


def test_a_wrong_bit_ends_it(monkeypatch):
    vote = CompiledKernel.vote

    def wrong(self, target, *others):
        vote(self, target, *others)
        target[-1, -1] ^= 1

    monkeypatch.setattr(CompiledKernel, "vote", wrong)
    with pytest.raises(CheckError, match=r"of layer layer\d differ"):
        make()


def test_without_numba_it_is_the_definition(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in ("boldhw.golden.compiled", "boldhw.golden.graph.compiled",
                 "boldhw.golden.graph.loops", "boldhw.golden.graph.vectors"):  # fmt: skip
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(boldhw.golden.graph, "loops", raising=False)
    assert type(make().layers[0].kernel) is NumpyKernel
