"""What governors do with embeddings and attentions."""

import numpy as np
from support.word_cases import network, sentences

from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.governors import SIZES, Governors, mask_above, move_scores, move_tau
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.stats import TrainStats

CONSTANTS = Constants()


def graph(name):
    spec = network(name)
    settings = start(spec, CONSTANTS, 0, zero_true=[False] * len(spec.layers))
    return GraphNetwork(spec, settings, seed=1)


def layer(own, name):
    return next(found for found in own.layers if found.spec.name == name)


def test_start_values():
    own = graph("density")
    codes, context = layer(own, "codes").settings, layer(own, "context").settings
    assert (codes.noise, codes.chance, codes.theta) == (31, 32, 4)
    assert (context.tau.max(), context.window.max()) == (0, 4)
    assert context.pairs.tau.tolist() == [3, 3, 3]  # half of 4 bits, and a deviation
    assert context.pairs.window == 2


def test_thresholds_of_scores_follow_the_density():
    context = layer(graph("density"), "context")
    context.pairs.pairs = 2560
    context.pairs.chosen[:] = [479, 600, 721]  # 60 of 256 are 600; a fifth off moves it
    move_scores(context)
    assert context.own.tau.tolist() == [2, 3, 4]
    assert context.pairs.pairs == context.pairs.chosen.sum() == 0
    top = layer(graph("top"), "context")
    top.pairs.pairs, top.pairs.chosen[:] = 100, 100
    before = top.own.tau.copy()
    move_scores(top)
    assert np.array_equal(top.own.tau, before)


def test_masks():
    assert [mask_above(value) for value in (0, 1, 25, 31, 32, 999)] == [0, 1, 31, 31, 63, 255]


def test_noise_of_an_embedding_and_dead_zone_of_pairs_follow_their_means():
    own = graph("density")
    governors = Governors(own, CONSTANTS, 1000)
    codes, context = layer(own, "codes"), layer(own, "context")
    codes.counts.near, codes.counts.size = SIZES, 3 * SIZES
    context.pairs.near, context.pairs.size = SIZES, 10 * SIZES
    governors.after(TrainStats(16, 0, 16, 1, (0,) * len(own.layers)))
    assert (codes.settings.noise, codes.settings.dead) == (31, 0)  # 8 times 3 is 24
    assert context.own.dead == 10 * CONSTANTS.dead // 256
    assert codes.counts.size == context.pairs.size == 0


def test_the_band_of_compared_units_is_even_and_stays():
    own = graph("density")
    assert Governors(own, CONSTANTS, 9).compared >= {"window", "query", "key", "value"}
    query = layer(own, "query")
    for progress in (0, 1 << 16):
        query.counts.samples = 1000
        query.counts.fires[:] = np.linspace(0, 1000, 12)
        query.settings.tau[:] = 0
        move_tau(query, CONSTANTS, progress, True)
        share = np.linspace(0, 1000, 12).astype(int) * 256 / 1000
        assert np.array_equal(query.settings.tau, 1 * (share > 160) - 1 * (share < 96))


def test_a_run_learns_words():
    own = graph("codes")
    words, labels = sentences(300, 2)
    trainer = GraphTrainer(own, CONSTANTS, 30, len(labels), 1)
    epochs = list(trainer.run(words, labels, words, labels))
    assert epochs[-1].test_accuracy > epochs[0].test_accuracy + 0.2
