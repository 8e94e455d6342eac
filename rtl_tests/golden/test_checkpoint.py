"""Checkpoints: resumed runs end in the same bits, damaged files are refused."""

import os

import numpy as np
import pytest
from support.tiny_run import refuses, tiny_trainer
from support.trained import BITS, HYPER, LABELS, OPTIONS, TEST, WIDTHS

from boldhw.data.coder import Coder
from boldhw.data.datasets import Origin
from boldhw.data.schema import Schema, Split
from boldhw.errors import ConfigError, DataError
from boldhw.golden import checkpoint
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer


@pytest.mark.parametrize("hyper", OPTIONS)
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_resumed_run_gives_the_same_bits(tmp_path, hyper, stop):
    """Stop after any epoch, go on in a new trainer: equal stats, weights and accumulators."""
    path = tmp_path / "run.npz"
    whole = Trainer(Network(WIDTHS, seed=1), hyper, 4, seed=2)
    stats = []
    for epoch in whole.run(BITS, LABELS, *TEST):
        stats.append(epoch)
        if epoch.epoch == stop:
            checkpoint.save(path, whole)
    resumed = checkpoint.load(path)
    assert resumed.epoch == stop
    rest = list(resumed.run(BITS, LABELS, *TEST))
    for before, after in zip(stats[stop:], rest, strict=True):
        assert {**vars(before), "seconds": 0} == {**vars(after), "seconds": 0}
    assert resumed.network.state_crc() == whole.network.state_crc()
    assert resumed.decay == whole.decay


def test_everything_comes_back(tmp_path):
    path, trainer = tmp_path / "a.npz", Trainer(Network(WIDTHS, seed=1), HYPER, 3, seed=9)
    next(trainer.run(BITS, LABELS, *TEST))
    checkpoint.save(path, trainer)
    loaded = checkpoint.load(path)
    for name in ("hyper", "epochs", "seed", "epoch", "decay"):
        assert getattr(loaded, name) == getattr(trainer, name)
    for name in ("graph", "config", "settings"):
        assert getattr(loaded.network, name) == getattr(trainer.network, name)
    assert loaded.network.state_crc() == trainer.network.state_crc()


@pytest.mark.parametrize("named", [True, False])
def test_it_knows_what_inputs_and_classes_mean(tmp_path, named):
    """Edges come back to the last bit; a run without a coder has none."""
    path, trainer = tmp_path / "a.npz", tiny_trainer()
    inputs = trainer.network.widths[0]
    edges = np.random.default_rng(6).normal(size=inputs) * 1e-300
    coder = Coder(2, np.arange(inputs) % 2, edges) if named else None
    trainer.schema = Schema(
        classes=("ä", "b"), features=("x", "y") * named, label="kind", header=True,
        ignored=("id",), split=Split(0.25, 7, 0xFFFFFFFF) if named else None, coder=coder,
    )  # fmt: skip
    checkpoint.save(path, trainer)
    found = checkpoint.load(path).schema
    assert found.to_dict() == trainer.schema.to_dict()
    if named:
        assert found.coder.columns.tolist() == coder.columns.tolist()
        assert found.coder.edges.tobytes() == edges.tobytes()
    else:
        assert found.coder is None


def test_a_coder_of_other_inputs_is_refused(tmp_path):
    path, trainer = tmp_path / "a.npz", tiny_trainer()
    coder = Coder(1, np.zeros(4, np.int64), np.zeros(4))
    trainer.schema = Schema(("a", "b"), coder=coder)
    checkpoint.save(path, trainer)
    with pytest.raises(DataError, match="coder makes 4 bits, the network takes 3"):
        checkpoint.load(path)


def test_it_knows_the_samples_of_the_run(tmp_path):
    """Fault 23: which data set, threshold and CRC-32; nothing if nobody said it."""
    path, trainer = tmp_path / "a.npz", tiny_trainer()
    trainer.origin = Origin("digits", 7, 300, 0xFFFFFFFF)
    checkpoint.save(path, trainer)
    assert checkpoint.load(path).origin == trainer.origin
    trainer.origin = None
    checkpoint.save(path, trainer)
    assert checkpoint.load(path).origin is None


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ('{"name": "a", "threshold": 255, "samples": 3, "crc": 0}', "threshold=255"),
        ('{"name": "a", "threshold": 7, "samples": 0, "crc": 0}', "samples=0"),
        ('{"name": "a", "threshold": 7, "samples": 3, "crc": 4294967296}', "crc=4294967296"),
        ('{"name": "a", "threshold": 7, "samples": 3}', "'crc'"),
        ("[1]", "unusable content"),
    ],
)
def test_samples_that_cannot_be_are_refused(tmp_path, origin, message):
    path = tmp_path / "a.npz"
    checkpoint.save(path, tiny_trainer())
    rewrite(path, replace_in_header('"origin": null', f'"origin": {origin}'))
    with pytest.raises(DataError, match=message):
        checkpoint.load(path)


def test_numpy_reads_it_without_pickle(tmp_path):
    path, trainer = tmp_path / "a.npz", tiny_trainer()
    checkpoint.save(path, trainer)
    with np.load(path, allow_pickle=False) as arrays:
        assert sorted(arrays) == ["accumulators_0", "header", "weights_0"]
        assert (arrays["weights_0"] == trainer.network.weights[0]).all()


def test_every_corrupted_byte_is_refused(tmp_path):
    """Change each byte to others, data and zip format alike; cut the file at every length."""
    path = tmp_path / "a.npz"
    checkpoint.save(path, tiny_trainer())
    content = path.read_bytes()
    assert len(content) < 4400
    damaged = bytearray(content)
    for position, byte in enumerate(content):
        for damaged[position] in {*range(0, 256, 17), byte ^ 1, byte ^ 128} - {byte}:
            assert refuses(path, bytes(damaged))
        damaged[position] = byte
        assert refuses(path, content[:position])
    assert checkpoint.parse(path, bytes(damaged)).epochs == 4
    path.write_bytes(content[:-1])
    with pytest.raises(DataError, match="a.npz is damaged or cut off"):
        checkpoint.load(path)


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(DataError, match="nothing.npz cannot be read: No such file"):
        checkpoint.load(tmp_path / "nothing.npz")
    with pytest.raises(DataError, match="cannot be read"):
        checkpoint.load(tmp_path)
    with pytest.raises(DataError, match="cannot be written: No such file"):
        checkpoint.save(tmp_path / "no" / "a.npz", tiny_trainer())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be written: Not a directory"):
        checkpoint.save(tmp_path / "file" / "a.npz", tiny_trainer())


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch, function):
    """A full disk at any point: the earlier checkpoint stays whole, nothing lies beside it."""
    path, trainer = tmp_path / "a.npz", tiny_trainer()
    checkpoint.save(path, trainer)
    trainer.epoch = 2

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(DataError, match="a.npz cannot be written: No space left"):
        checkpoint.save(path, trainer)
    assert checkpoint.load(path).epoch == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


def test_gathered_samples_are_flushed_first(tmp_path):
    trainer = Trainer(Network(WIDTHS), HYPER)
    trainer.network.train(BITS[:3], LABELS[:3])
    assert trainer.network.gathered == 3
    with pytest.raises(ConfigError, match=r"3 samples are gathered; call flush"):
        checkpoint.save(tmp_path / "a.npz", trainer)
    assert not list(tmp_path.iterdir())


def rewrite(path, change):
    """Write the checkpoint with changed arrays and a CRC that fits them."""
    with np.load(path) as loaded:
        arrays = dict(loaded)
    change(arrays)
    path.write_bytes(checkpoint.seal(arrays))


def replace_in_header(old, new):
    def change(arrays):
        text = str(arrays["header"])
        assert old in text
        arrays["header"] = np.array(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replace_in_header('"format": 1', '"format": 2'), "format 2, this version .* format 1"),
        (replace_in_header('"epochs": 4', '"epochs": 0'), "unusable content: epochs=0"),
        (replace_in_header('"widths": [3, 2]', '"widths": [3.0, 2]'), "width 0=3.0 must be"),
        (replace_in_header('"widths": [3, 2]', '"widths": [99999, 99999]'), "weights_0 is bool"),
        (replace_in_header('"epoch": 0', '"epoch": 5'), "epoch=5 must be .* 0 to 4"),
        (replace_in_header('"decay": [0]}', '"decay": [0, 7]}'), "has 2 entries"),
        (replace_in_header('"decay": [0]}', '"decay": ["a"]}'), "decay of layer 1='a'"),
        (replace_in_header('"lanes": 4', '"lanes": 5'), "lanes=5"),
        (replace_in_header('"batch"', '"match"'), "unexpected keyword"),
        (replace_in_header('"seed"', '"sead"'), "unusable content: 'seed'"),
        (replace_in_header("{", "["), "unusable content"),
        (lambda arrays: arrays.pop("weights_0"), "no item named 'weights_0.npy'"),
        (lambda arrays: arrays.update(weights_0=np.zeros((3, 2), bool)), r"shape \(3, 2\)"),
        (lambda arrays: arrays.update(accumulators_0=np.zeros((2, 3), int)), "is int64"),
        (lambda arrays: arrays["accumulators_0"].fill(4), "a value of accumulators_0=4 must be"),
    ],
)
def test_unusable_content_is_refused(tmp_path, change, message):
    """Sound files of another version, or of a program that got it wrong."""
    path = tmp_path / "a.npz"
    checkpoint.save(path, tiny_trainer())
    rewrite(path, change)
    with pytest.raises(DataError, match=message):
        checkpoint.load(path)
