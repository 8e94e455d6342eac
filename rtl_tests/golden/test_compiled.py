"""The compiled golden model gives the bits of the NumPy one, with every option."""

import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
from numba.core import caching
from support.scalar_network import ENGINE, OPTIONS, REGISTERS, WIDTHS, samples

from boldhw.errors import ToolError
from boldhw.golden.compiled import CompiledNetwork, kept
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.words64 import pack


def assert_same_bits(widths, config, settings, count):
    """Train both in two pieces; compare everything after each."""
    definition, compiled = (kind(widths, config, seed=3) for kind in (Network, CompiledNetwork))
    bits, labels = samples(count, widths, settings.classes)
    for network in (definition, compiled):
        network.configure(settings)
    for part in (slice(0, count // 3), slice(count // 3, count)):
        stats = definition.train(bits[part], labels[part])
        assert compiled.train(bits[part], labels[part]) == stats
        assert_same_state(definition, compiled)
    assert definition.flush() == compiled.flush()
    assert_same_state(definition, compiled)
    assert np.array_equal(definition.infer(bits), compiled.infer(bits))
    assert stats.updates


def assert_same_state(definition, compiled):
    for name in ("weights", "accumulators"):
        for a, b in zip(getattr(definition, name), getattr(compiled, name), strict=True):
            assert a.dtype == b.dtype
            assert np.array_equal(a, b)


@pytest.mark.parametrize("option", OPTIONS)
def test_same_bits_with_every_option(option):
    assert_same_bits(WIDTHS, ENGINE, REGISTERS.changed(**OPTIONS[option]), 200)


@pytest.mark.parametrize("widths", [(5, 2), (64, 128, 4), (200, 65, 63, 10)])
@pytest.mark.parametrize("batch", [3, 64, 100])
def test_same_bits_whatever_the_shape(widths, batch):
    """Widths below, at and above the bits of a word; updates of more than a word of samples."""
    config = replace(REFERENCE, lanes=128, batch=128)
    hyper = Hyper(batch=batch, theta=2, rounding=1, noise=3, margin=3.0)
    assert_same_bits(widths, config, hyper.settings(config, widths), 400)


def test_accumulators_saturate_at_sixteen_bits():
    """Nothing wraps around: steps are added to values at the edge."""
    networks = [kind((70, 4), REFERENCE, seed=0) for kind in (Network, CompiledNetwork)]
    bits, labels = samples(300, (70, 4), 4)
    for network in networks:
        network.configure(Hyper(margin=90.0).settings(REFERENCE, (70, 4)).changed(theta=(65535,)))
        network.accumulators[0][:, ::2] = 32767 - 3
        network.accumulators[0][:, 1::2] = -32768 + 3
        network.train(bits, labels)
    assert_same_state(*networks)
    assert {-32768, 32767} <= set(networks[1].accumulators[0].ravel().tolist())


@pytest.mark.parametrize("count", [1, 63, 64, 65, 784])
def test_pack_puts_the_first_bit_lowest(count):
    bits = np.random.default_rng(count).random((3, count)) < 0.5
    words = pack(bits)
    assert words.shape == (3, -(-count // 64))
    for row, packed in zip(bits, words.tolist(), strict=True):
        value = sum(word << 64 * index for index, word in enumerate(packed))
        assert value == sum(1 << index for index in np.flatnonzero(row).tolist())


def test_without_numba_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "boldhw.golden.compiled")
    with pytest.raises(ToolError, match=r"numba, .* pip install --editable '\.\[fast\]'"):
        importlib.import_module("boldhw.golden.compiled")


def test_without_a_writable_cache_it_is_compiled_all_the_same(monkeypatch, caplog):
    """Fault 13: numba refuses to cache where it finds no folder."""
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    assert kept(lambda x: x + 1)(2) == 3
    assert "set NUMBA_CACHE_DIR" in caplog.text
