"""A run of a graph goes on from its checkpoint as if it had not stopped; damage is refused."""

import json

import numpy as np
import pytest
from support.graph_cases import conv, same, state

from boldhw.data.datasets import Origin
from boldhw.errors import DataError
from boldhw.golden import checkpoint as first_edition
from boldhw.golden.graph import checkpoint
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network

SPEC = Network.parse("8x8x2-5k3p2-6k3p2-4")
CONSTANTS = Constants(batch=5)


def pictures(count=330):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, count)
    means = generator.integers(0, 256, (4, 64))
    return np.clip(means[labels] + generator.integers(-60, 60, (count, 64)), 0, 255).astype(
        np.uint8
    ), labels


def trainer():
    settings = start(SPEC, CONSTANTS, 120, zero_true=(True, True, False), bits=9)
    graph = GraphNetwork(SPEC, settings, seed=2, bits=9, kernel=kernel())
    return GraphTrainer(graph, CONSTANTS, 4, 330, seed=3, code=Levels.spread(2))


def run(trainer, epochs):
    samples, labels = pictures()
    stats = trainer.run(samples, labels, samples, labels)
    return [vars(next(stats)) | {"seconds": 0} for _ in range(epochs)]


def test_a_run_goes_on_to_the_bit(tmp_path):
    path = tmp_path / "run.npz"
    whole, stopped = trainer(), trainer()
    expected = run(whole, 4)
    first = run(stopped, 2)
    stopped.origin = Origin("mnist", 0, 330, 7)
    checkpoint.save(path, stopped)
    resumed = checkpoint.load(path)
    assert first + run(resumed, 2) == expected
    assert same(state(whole.graph), state(resumed.graph))
    assert vars(whole.governors) | {"graph": 0} == vars(resumed.governors) | {"graph": 0}
    for one, other in zip(whole.graph.layers, resumed.graph.layers, strict=True):
        assert np.array_equal(one.settings.tau, other.settings.tau)
        assert np.array_equal(one.settings.window, other.settings.window)
    assert resumed.origin == stopped.origin
    assert checkpoint.is_graph(path)


def pixels_trainer():
    """Return a run whose head takes random numbers, samples and labels."""
    layers = [conv("a", {"side": 3}, 5, ("input",)), conv("z", {"side": 1}, 6, ("a",))]
    spec = Network.from_dict({"inputs": [4, 4, 1], "layers": layers, "head": {"kind": "pixels"}})
    keep = np.array([30000, 65536, 20000], np.int32)
    settings = start(spec, CONSTANTS, 128, zero_true=(0, 0), outputs_per_class=2, keep=keep)
    graph = GraphNetwork(spec, settings, seed=2, kernel=kernel())
    generator = np.random.default_rng(0)
    bits = generator.random((90, 16)) < 0.5
    trainer = GraphTrainer(graph, CONSTANTS, 4, 90, seed=3, code=Levels.spread(1))
    return trainer, bits, 2 * bits.reshape(90, 4, 4)


def test_random_numbers_of_a_head_go_on(tmp_path):
    path = tmp_path / "run.npz"
    (whole, bits, labels), (stopped, _, _) = pixels_trainer(), pixels_trainer()
    for _ in whole.run(bits, labels, bits, labels):
        pass
    next(stopped.run(bits, labels, bits, labels))
    checkpoint.save(path, stopped)
    resumed = checkpoint.load(path)
    *_, last = resumed.run(bits, labels, bits, labels)
    assert last.epoch == 4
    assert same(state(whole.graph), state(resumed.graph))
    assert np.array_equal(whole.graph.draws.state, resumed.graph.draws.state)
    assert np.array_equal(resumed.graph.settings.keep, [30000, 65536, 20000])


def test_a_checkpoint_that_knows_no_heads_is_read(tmp_path):
    path = tmp_path / "run.npz"
    checkpoint.save(path, trainer())
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(str(arrays["header"]))
    del header["head"]
    path.write_bytes(first_edition.seal(arrays | {"header": np.array(json.dumps(header))}))
    assert run(checkpoint.load(path), 1) == run(trainer(), 1)


def test_every_damaged_byte_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    checkpoint.save(path, trainer())
    content = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(content), 40):
        damaged = bytearray(content)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="is damaged or cut off"):
            checkpoint.load(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("tau_1", np.zeros(5, np.int32), "tau_1 is int32 of shape"),
        ("weights_0", np.zeros((5, 18), np.int8), "weights_0 is int8"),
        ("format", 9, "has format 9"),
        ("epoch", 5, "epoch=5"),
        ("bits", 17, "bits=17"),
    ],
)
def test_unusable_content_is_refused(tmp_path, name, value, message):
    path = tmp_path / "run.npz"
    checkpoint.save(path, trainer())
    with np.load(path) as archive:
        arrays = dict(archive)
    if name in arrays:
        arrays[name] = value
    else:
        header = json.loads(str(arrays["header"])) | {name: value}
        arrays["header"] = np.array(json.dumps(header))
    path.write_bytes(first_edition.seal(arrays))
    with pytest.raises(DataError, match=message):
        checkpoint.load(path)


def test_what_is_no_checkpoint_of_a_graph(tmp_path):
    path = tmp_path / "none.npz"
    assert not checkpoint.is_graph(path)
    path.write_bytes(b"nothing")
    assert not checkpoint.is_graph(path)
    with pytest.raises(DataError, match="is damaged"):
        checkpoint.load(path)


def test_levels_are_a_thermometer_code_planes_last():
    code = Levels.spread(3)
    assert code.levels == (32, 96, 160)
    bits = code(np.array([[0, 33, 97, 255]], np.uint8)).reshape(4, 3)
    assert bits.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert Levels((5,))(np.array([[True, False]])).tolist() == [[True, False]]
    with pytest.raises(DataError, match="the network takes 8x8x2: begin it with the height"):
        Levels.spread(2).check(SPEC.sample, np.zeros((2, 65), np.uint8), "mnist")
