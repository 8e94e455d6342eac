"""Runs on rows of bits: settings come from the data's size, and small tables are learned."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris

from boldhw.data.coder import Coder
from boldhw.golden.graph import fastest
from boldhw.golden.graph.compiled import CompiledKernel
from boldhw.golden.graph.dense import EPOCHS, VISITS, dense_run, epochs_for
from boldhw.golden.graph.kernel import NumpyKernel

X, LABELS = load_iris(return_X_y=True)
CODED = Coder.fit(X)(X)
WIDTHS = (CODED.shape[1], 24, 3)


def trained(seed=1, epochs=12, **options):
    run = dense_run(WIDTHS, CODED, LABELS, epochs, seed, **options)
    for _ in run.run(CODED, LABELS, CODED[:1], LABELS[:1]):
        pass
    return run


def state(run):
    return [(layer.weights.tolist(), layer.settings.tau.tolist()) for layer in run.graph.layers]


def test_small_sets_are_seen_more_often():
    assert epochs_for(VISITS * 2) == epochs_for(VISITS // EPOCHS) == EPOCHS
    assert epochs_for(105) == -(-VISITS // 105)


def test_it_learns_and_is_calibrated():
    run = trained()
    assert run.accuracy(CODED, LABELS) > 0.9
    plain = dense_run(WIDTHS, CODED, LABELS, 12, 1, calibrated=False)
    assert not plain.graph.layers[0].settings.tau.any()
    assert dense_run(WIDTHS, CODED, LABELS, 12, 1).graph.layers[0].settings.tau.any()


def test_theta_of_a_short_run_starts_twice_as_high():
    found = [dense_run(WIDTHS, CODED, LABELS, epochs, 1) for epochs in (100, 1000)]
    thetas = [[layer.settings.theta for layer in run.graph.layers] for run in found]
    assert thetas == [[32, 32], [16, 16]]
    assert found[0].governors.thetas == [32 << 8] * 2


def test_a_seed_gives_one_run():
    assert state(trained(1)) == state(trained(1)) != state(trained(2))


def test_numpy_gives_the_same_bits(monkeypatch):
    compiled = trained()
    assert type(compiled.graph.layers[0].kernel) is CompiledKernel
    monkeypatch.setattr(fastest, "kernel", lambda: NumpyKernel)
    plain = trained()
    assert type(plain.graph.layers[0].kernel) is NumpyKernel
    assert state(compiled) == state(plain)


def test_constants_by_name():
    run = dense_run(WIDTHS, CODED, LABELS, 1, constants={"batch": 3}, zero_true=True)
    assert run.graph.settings.batch == run.constants.batch == 3
    assert run.graph.layers[0].settings.zero_true


def test_a_run_is_saved_and_goes_on(monkeypatch):
    """A kernel is made anew where a run is loaded, also where numba is missing."""
    run = trained(epochs=4)
    for loaded_kernel in (CompiledKernel, NumpyKernel):
        monkeypatch.setattr(fastest, "kernel", lambda kernel=loaded_kernel: kernel)
        loaded = pickle.loads(pickle.dumps(run))
        assert type(loaded.graph.layers[0].kernel) is loaded_kernel
        assert np.array_equal(loaded.graph.infer(CODED), run.graph.infer(CODED))
        loaded.epochs = 6
        found = [stats.epoch for stats in loaded.run(CODED, LABELS, CODED[:1], LABELS[:1])]
        assert found == [5, 6]


def test_weights_choose_what_is_seen():
    """Samples of weight 0 are never seen: the run is that on labels that differ there."""
    weights = (LABELS > 0).astype(float)
    runs = []
    for labels in (LABELS, np.maximum(LABELS, 1)):
        run = dense_run(WIDTHS, CODED, LABELS, 3, 1)
        for _ in run.run(CODED, labels, CODED[:1], LABELS[:1], weights=weights):
            pass
        runs.append(state(run))
    assert runs[0] == runs[1] != state(trained(epochs=3))


@pytest.mark.parametrize("calls", [1, 2])
def test_schedules_go_over_all_epochs(calls):
    run = dense_run(WIDTHS, CODED, LABELS, 4, 1)
    for _ in range(calls):
        for stats in run.run(CODED, LABELS, CODED[:1], LABELS[:1]):
            if stats.epoch == 2 * calls:
                break
    assert run.governors.progress == calls << 15
