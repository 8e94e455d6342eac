"""A run of a network over words goes on from its checkpoint as if it had not stopped."""

import json

import numpy as np
import pytest
from support.graph_cases import same, state
from support.word_cases import NETWORKS, network, sentences

from boldhw.errors import DataError
from boldhw.golden import checkpoint as first_edition
from boldhw.golden.graph import checkpoint
from boldhw.golden.graph.attention_layer import AttentionLayer
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.embedding_layer import EmbeddingLayer
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer

CONSTANTS = Constants(batch=5)
SAMPLES = 700  # pairs are counted with them often enough for dead zones of pairs to move


def trainer(name):
    spec = network(name)
    settings = start(
        spec, CONSTANTS, 0, zero_true=[False] * len(spec.layers), bits=9, outputs_per_class=2
    )
    graph = GraphNetwork(spec, settings, seed=2, bits=9, kernel=kernel())
    return GraphTrainer(graph, CONSTANTS, 4, SAMPLES, seed=3)


def run(trainer, epochs):
    words, labels = sentences(SAMPLES, 1, classes=3)
    stats = trainer.run(words, labels, words, labels)
    return [vars(next(stats)) | {"seconds": 0} for _ in range(epochs)]


def more_state(trainer):
    """Return what embeddings, attentions and governors have besides, as JSON text."""
    found = [vars(trainer.governors) | {"graph": 0, "constants": 0, "compared": 0}]
    for layer in trainer.graph.layers:
        own = layer.settings
        found.append([own.theta, own.dead, own.noise, own.chance, own.tau, own.window])
        if isinstance(layer, EmbeddingLayer):
            found.append([layer.noise.state, layer.visited])
        if isinstance(layer, AttentionLayer):
            found.append([vars(layer.pairs), vars(layer.own)])
    return json.dumps(found, default=lambda value: value.tolist())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_goes_on_to_the_bit(tmp_path, name):
    path = tmp_path / "run.npz"
    whole, stopped = trainer(name), trainer(name)
    expected = run(whole, 4)
    first = run(stopped, 2)
    checkpoint.save(path, stopped)
    assert checkpoint.is_graph(path)
    resumed = checkpoint.load(path)
    assert more_state(resumed) == more_state(stopped)
    assert first + run(resumed, 2) == expected
    assert same(state(whole.graph), state(resumed.graph))
    assert more_state(resumed) == more_state(whole)


def test_what_is_compared_moves():
    """Otherwise a run could go on alike without what its checkpoint keeps."""
    own = trainer("density")
    before = more_state(own)
    run(own, 3)
    assert more_state(own) != before
    context = next(layer for layer in own.graph.layers if isinstance(layer, AttentionLayer))
    assert any(own.governors.pair_sizes)
    assert context.pairs.pairs
    assert not own.graph.layers[0].visited.any()


@pytest.mark.parametrize(
    ("index", "key", "value", "message"),
    [
        (0, "draw", [1, 0], "2 values are kept where there are 159"),
        (5, "pairs", {"tau": [1], "window": 2, "dead": 0}, "1 values are kept where there are 3"),
    ],
)
def test_unusable_content_is_refused(tmp_path, index, key, value, message):
    path = tmp_path / "run.npz"
    checkpoint.save(path, trainer("density"))
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays["header"]))
    header["layers"][index][key] = value
    path.write_bytes(first_edition.seal(arrays | {"header": np.array(json.dumps(header))}))
    with pytest.raises(DataError, match=message):
        checkpoint.load(path)
