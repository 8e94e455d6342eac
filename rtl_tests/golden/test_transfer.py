"""A network goes on in a new run: what it knows stays, outputs for more classes are fresh."""

import numpy as np
import pytest
from support.graph_cases import network, samples, settings

from boldhw.errors import ConfigError
from boldhw.golden.checkpoint import load, save
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.trainer import Trainer
from boldhw.golden.transfer import continued, ended, graph_with_outputs, with_outputs
from boldhw.spec.settings import LIMIT

BITS, LABELS = samples(network("chain"), 300, 1)


def graph(name="branches", using=NumpyKernel):
    spec = network(name)
    return GraphNetwork(spec, settings(spec, 3), seed=4, kernel=using)


def trainer(frozen=(), epochs=3):
    hyper = Hyper(theta=3, grow=1.0, last_theta_factor=1)
    return Trainer(Network((70, 9, 8, 6), REFERENCE, 2), hyper, epochs, 5, frozen=frozen)


def test_outputs_of_a_chain_keep_their_scores():
    old = trainer().network
    old.train(BITS, LABELS)
    new = with_outputs(old, 9, seed=7)
    assert new.widths == (70, 9, 8, 9)
    assert np.array_equal(new.infer(BITS)[:, :6], old.infer(BITS))
    assert np.array_equal(new.accumulators[-1][:6], old.accumulators[-1])
    assert not new.accumulators[-1][6:].any()
    fresh = new.weights[-1][6:]
    assert fresh.any()
    assert not fresh.all()
    assert not np.array_equal(fresh, with_outputs(old, 9, seed=8).weights[-1][6:])


@pytest.mark.parametrize("using", [NumpyKernel, kernel()])
def test_outputs_of_a_graph_keep_their_scores(using):
    old = graph(using=using)
    bits, labels = samples(old.spec, 60, 1)
    old.train(bits, labels)
    old.flush()
    new = graph_with_outputs(old, 8, seed=7)
    assert new.spec.output.outputs == new.classes == 8
    assert type(new.layers[0].kernel) is using
    assert np.array_equal(new.infer(bits)[:, :6], old.infer(bits))
    for one, other in zip(new.layers[:-1], old.layers[:-1], strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.accumulators, other.accumulators)
    assert new.train(bits, labels + 2).updates


def test_a_graph_goes_on_as_its_governors_ended():
    old = GraphTrainer(graph(), Constants(), 2, 300, seed=1, code=Levels((127,)))
    bits, labels = samples(old.graph.spec, 300, 1)
    old.code = lambda found: found
    list(old.run(bits, labels, bits[:20], labels[:20]))
    before = [layer.weights.copy() for layer in old.graph.layers]
    thetas = list(old.governors.thetas)
    new = continued(old, 4, 100, 9, ("near",))
    assert (new.epoch, new.epochs, new.seed, new.governors.total) == (0, 4, 9, 400)
    assert new.governors.thetas == thetas
    assert [layer.spec.name for layer in new.graph.layers if not layer.spec.learns] == ["near"]
    assert all(layer.counts.samples == layer.counts.updates == 0 for layer in new.graph.layers)
    assert all(map(np.array_equal, before, [layer.weights for layer in new.graph.layers]))
    (stats, *_) = new.run(bits[:100], labels[:100], bits[:20], labels[:20])
    assert stats.flips[0] == 0
    assert np.array_equal(new.graph.layers[0].weights, before[0])
    assert sum(stats.flips)


def test_constants_that_have_ended_move_nothing_along_a_schedule():
    found, old = ended(Constants()), Constants()
    assert found.flips_first == found.flips_last == old.flips_last
    assert found.margin_first == found.margin_last == old.margin_last
    assert (found.fire_low, found.fire_high) == (1, 255)


@pytest.mark.parametrize("frozen", [("layer1",), ("layer3",), ("layer1", "layer2")])
def test_frozen_layers_of_a_chain_keep_their_weights(frozen, tmp_path):
    run = trainer(frozen)
    before = [weights.copy() for weights in run.network.weights]
    epochs = list(run.run(BITS, LABELS, BITS[:50], LABELS[:50]))
    for index, layer in enumerate(run.network.graph.layers):
        flips = sum(stats.flips[index] for stats in epochs)
        same = np.array_equal(run.network.weights[index], before[index])
        assert (flips == 0) == same == (layer.name in frozen)
    assert [theta == LIMIT for theta in run.settings(None).column("theta")] == [
        layer.name in frozen for layer in run.network.graph.layers
    ]
    save(tmp_path / "a.npz", run)
    assert load(tmp_path / "a.npz").frozen == frozen


def test_layers_that_cannot_be_frozen():
    with pytest.raises(ConfigError, match="layer 'layer9' is not in the network"):
        trainer(("layer9",))
    with pytest.raises(ConfigError, match="all layers are frozen"):
        trainer(("layer1", "layer2", "layer3"))
    spec = network("branches").frozen(("near", "out"))
    assert [layer.name for layer in spec.layers if not layer.learns] == ["near", "out"]
