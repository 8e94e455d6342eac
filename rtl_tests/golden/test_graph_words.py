"""Networks over words: both kernels have the same bits, and places without a word count nothing."""

import numpy as np
import pytest
from support.graph_cases import assert_same_bits, same, state
from support.word_cases import (
    NETWORKS,
    VOCABULARY,
    described,
    network,
    sentences,
    word_settings,
)

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.compiled import CompiledKernel
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.spec.network import Network


def graph(spec, seed, kernel=NumpyKernel, **fields):
    return GraphNetwork(spec, word_settings(spec, seed, **fields), seed=seed, kernel=kernel)


def all_state(own):
    """Return all that training changes, that of embeddings and attentions too."""
    found = [list(layers) for layers in state(own)]
    for layer, kept in zip(own.layers, found, strict=True):
        if hasattr(layer, "noise"):
            kept += [layer.noise.state, layer.visited.copy()]
        if hasattr(layer, "pairs"):
            pairs = layer.pairs
            kept += [pairs.chosen.copy(), pairs.pairs, pairs.near, pairs.size]
    return found


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(3))
def test_same_bits_of_every_network(name, seed):
    spec = network(name)
    kernels = (graph(spec, seed, kernel, rounding=seed) for kernel in (NumpyKernel, CompiledKernel))
    assert_same_bits(kernels, *sentences(60, seed), all_state)


@pytest.mark.parametrize("name", NETWORKS)
def test_samples_computed_together_are_samples_one_by_one(name):
    spec = network(name)
    words, labels = sentences(40, 1)
    together, alone = graph(spec, 2), graph(spec, 2)
    stats = together.train(words, labels)
    parts = [alone.train(words[k : k + 1], labels[k : k + 1]) for k in range(40)]
    assert sum(parts[1:], parts[0]) == stats
    assert same(all_state(together), all_state(alone))
    assert stats.updates > 2
    assert sum(stats.flips)


@pytest.mark.parametrize("name", NETWORKS)
def test_places_without_a_word_count_nothing(name):
    """Rows with more places behind the last word train and tell the same."""
    short = network(name)
    longer = Network.from_dict(NETWORKS[name] | {"inputs": {"words": 11, "vocabulary": VOCABULARY}})
    words, labels = sentences(40, 3)
    more = np.pad(words, ((0, 0), (0, 4)), constant_values=-1)
    graphs = [GraphNetwork(spec, word_settings(short, 1), seed=1) for spec in (short, longer)]
    assert graphs[0].train(words, labels) == graphs[1].train(more, labels)
    assert same(all_state(graphs[0]), all_state(graphs[1]))
    assert np.array_equal(graphs[0].infer(words), graphs[1].infer(more))


def test_a_wrong_bit_is_seen():
    spec = network("density")
    definition, compiled = graph(spec, 1), graph(spec, 1, CompiledKernel)
    compiled.layers[0].weights[3, 5] ^= True
    with pytest.raises(AssertionError):
        assert_same_bits((definition, compiled), *sentences(60, 1), all_state)


def test_only_rows_that_are_visited_change():
    own = graph(network("codes"), 0, theta=1)
    words, labels = sentences(60, 1)
    words[words > 8] = 3
    before = own.layers[0].weights.copy()
    own.train(words, labels)
    own.flush()
    changed = (own.layers[0].weights != before).any(axis=1)
    assert changed[:9].any()
    assert not changed[9:].any()
    assert not own.layers[0].accumulators[9:].any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (np.zeros((2, 7), np.int64), "the network takes word numbers, int32 of shape"),
        (np.zeros((2, 6), np.int32), r"samples have shape \(2, 6\)"),
        (np.full((2, 7), 20, np.int32), "words run from 20 to 20; the network has numbers 0 to 19"),
        (np.full((2, 7), -1, np.int32), "sample 0 has no word at a place before its last one"),
        (np.array([[1, -1, 2, -1, -1, -1, -1]], np.int32), "sample 0 has no word at a place"),
    ],
)
def test_wrong_words_are_refused(words, message):
    with pytest.raises(DataError, match=message):
        graph(network("codes"), 0).infer(words)


@pytest.mark.parametrize(
    ("layer", "fields", "message"),
    [
        ("codes", {"noise": 256}, "noise of layer codes=256"),
        ("codes", {"chance": 0}, "chance of layer codes=0"),
        ("codes", {"decay": 3}, "layer codes is an embedding; its decay must be 0"),
        ("window", {"noise": 7}, "noise and chance of layer window are for embeddings"),
        ("window", {"zero_true": True}, "zero_true of layer window is True; over words only"),
        ("context", {"pairs": None}, "attention has settings of pairs"),
    ],
)
def test_settings_that_do_not_fit_are_refused(layer, fields, message):
    spec = network("density")
    wrong = word_settings(spec, 0)
    index = [own.name for own in spec.layers].index(layer)
    vars(wrong.layers[index]).update(fields)
    with pytest.raises(ConfigError, match=message):
        GraphNetwork(spec, wrong)


def test_the_last_place_is_that_of_the_last_word():
    spec = Network.from_dict(described(NETWORKS["codes"]["layers"][:1], "codes", head="last"))
    own = graph(spec, 0)
    words = np.array([[4, 5, 6, -1, -1, -1, -1], [6, -1, -1, -1, -1, -1, -1]], np.int32)
    scores = own.infer(words)
    assert np.array_equal(scores[0], scores[1])
    words[0, 2] = 7
    assert not np.array_equal(own.infer(words)[0], scores[1])
