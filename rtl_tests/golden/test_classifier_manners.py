"""What scikit-learn's users expect besides fit and predict: grids, weights, stopping, history."""

import pickle

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.metrics import log_loss as sklearns_log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from support.driver_case import ENGINE
from support.golden_board import GoldenBoard

from boldhw import BoldClassifier
from boldhw.classifier.parameters import FLAT
from boldhw.classifier.probability import calibrated, log_loss, softmax
from boldhw.golden.hyper import FEATURES
from boldhw.golden.network import Network

IRIS = train_test_split(*load_iris(return_X_y=True), random_state=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])
QUICK = {"hidden": (16,), "epochs": 8}


def bits_of(model):
    return [layer.weights.tolist() for layer in model.network_.layers]


@pytest.mark.parametrize("name", FLAT)
def test_each_hyper_parameter_is_a_parameter(name):
    """One that is given goes into the run as it is; the others are those of FEATURES."""
    value = {"decay": True, "zero_true": True, "theta": 9, "outputs_per_class": 2, "batch": 7,
             "rounding": 1, "noise": 3, "last_theta_factor": 3}.get(name, 1.5)  # fmt: skip
    model = BoldClassifier(epochs=1, **{name: value}).fit(IRIS[0], IRIS[2])
    found = vars(model._run.trainer.hyper)
    assert found == vars(FEATURES) | {name: value}
    assert isinstance(model.network_, Network)


def test_a_grid_over_hyper_parameters_and_widths():
    grid = {"margin": [None, 1.0], "hidden": [(8,), (16, 8)]}
    search = GridSearchCV(BoldClassifier(epochs=3), grid, cv=2).fit(IRIS[0], IRIS[2])
    assert len(search.cv_results_["params"]) == 4
    assert search.best_score_ > 0.5


def test_probabilities():
    x_train, x_test, y_train, _ = IRIS
    model = BoldClassifier(**QUICK).fit(x_train, NAMES[y_train])
    found = model.predict_proba(x_test)
    assert found.shape == (len(x_test), 3)
    assert found.sum(axis=1) == pytest.approx(1)
    scores = model.decision_function(x_test) / model.temperature_
    assert found == pytest.approx(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
    assert (model.classes_[found.argmax(axis=1)] == model.predict(x_test)).all()
    assert model.temperature_ == 8  # twice the root of the last layer's fan-in


def test_temperature_is_calibrated_on_samples_that_are_held_back():
    X, y = make_classification(600, 12, flip_y=0.3, random_state=1)
    model = BoldClassifier((64,), epochs=30, early_stopping=True, validation_fraction=0.3)
    model.fit(X, y)
    assert model.temperature_ > 16  # a third of the labels are coins: it must not be sure
    plain = BoldClassifier((64,), epochs=30).fit(X, y)
    assert plain.temperature_ == 16


def test_calibration_finds_the_least_log_loss():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(500, 3)) * 20
    labels = np.array([generator.choice(3, p=row) for row in softmax(scores / 16)])
    assert log_loss(scores, labels, 7.0) == pytest.approx(
        sklearns_log_loss(labels, softmax(scores / 7))
    )
    assert 11 < calibrated(scores, labels, 10.0) < 23
    assert calibrated(1e4 * scores, labels, 10.0) == 160  # the greatest there is


def test_class_weights_move_the_answers():
    X, y = make_classification(800, 10, weights=[0.9], flip_y=0.1, random_state=0)
    shares = [
        np.mean(BoldClassifier(**QUICK, class_weight=weight).fit(X, y).predict(X))
        for weight in (None, "balanced", {0: 1, 1: 20})
    ]
    assert shares[0] < shares[1] < shares[2]


def test_samples_of_weight_zero_are_not_seen():
    x_train, _, y_train, _ = IRIS
    weights = (y_train > 0).astype(float)
    one, other = (
        BoldClassifier(**QUICK, governors=governors).fit(x_train, y_train, weights)
        for governors in (True, False)
    )
    for model in (one, other):
        assert set(model.predict(x_train[y_train > 0])) == {1, 2}
    assert bits_of(BoldClassifier(**QUICK).fit(x_train, y_train)) != bits_of(one)
    for _ in range(2):
        one.partial_fit(x_train, y_train, sample_weight=1 - weights)
    with pytest.raises(ValueError, match="weight"):
        BoldClassifier().fit(x_train, y_train, 0 * weights)


@pytest.mark.parametrize("options", [{}, {"governors": False}])
def test_stopping_early_keeps_the_best(options):
    X, y = load_breast_cancer(return_X_y=True)
    model = BoldClassifier((32,), epochs=60, early_stopping=True, n_iter_no_change=4, **options)
    model.fit(X, y)
    held = [record["held_accuracy"] for record in model.history_]
    best = max(held)
    assert 4 < len(held) < 60
    assert len(held) == held.index(best) + 5  # four epochs without a better one
    trained, kept = model._held_back(y, model._seed())
    assert len(kept) == 57
    assert len(set(trained) | set(kept)) == len(y)
    assert model.score(X[kept], y[kept]) == best
    with pytest.raises(ValueError, match="no share of 6 samples can be held back"):
        model.fit(X[:6], [0, 1, 0, 1, 0, 1])


def test_a_device_stops_early_too(monkeypatch):
    made = GoldenBoard(ENGINE)
    monkeypatch.setattr("boldhost.client.open_transport", lambda *arguments: made)
    options = {"hidden": (12,), "levels": 3, "epochs": 12, "early_stopping": True,
               "n_iter_no_change": 2, "config": ENGINE}  # fmt: skip
    golden = BoldClassifier(**options).fit(IRIS[0], IRIS[2])
    device = BoldClassifier(**options, backend="sim").fit(IRIS[0], IRIS[2])
    assert device.network_.state_crc() == golden.network_.state_crc()
    assert device.temperature_ == golden.temperature_


def test_history_has_a_row_per_epoch():
    model = BoldClassifier(**QUICK).fit(IRIS[0], IRIS[2])
    frame = pandas.DataFrame(model.history_)
    assert frame.epoch.tolist() == list(range(1, 9))
    assert frame.train_accuracy.iloc[-1] > 0.8
    assert frame.held_accuracy.isna().all()
    assert (frame.active.between(0, 1) & (frame.updates > 0) & (frame.seconds > 0)).all()
    assert {len(flips) for flips in frame.flips} == {2}
    model.partial_fit(IRIS[0], IRIS[2])
    assert [record["epoch"] for record in model.history_][-2:] == [8, 9]


def test_verbose_prints_a_line_per_epoch(capsys):
    BoldClassifier(**QUICK, verbose=1, early_stopping=True, n_iter_no_change=8).fit(
        IRIS[0], IRIS[2]
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("epoch 1 of 8: ")
    assert "% of those held back" in lines[0]
    BoldClassifier(**QUICK).fit(IRIS[0], IRIS[2])
    assert capsys.readouterr().out == ""


def test_callbacks_see_each_epoch_and_can_stop():
    seen = []

    def at_five(model, record):
        seen.append((model.history_[-1] is record, record["epoch"]))
        return record["epoch"] == 5

    model = BoldClassifier(**QUICK, callbacks=[at_five, lambda model, record: None])
    model.fit(IRIS[0], IRIS[2])
    assert seen == [(True, epoch) for epoch in range(1, 6)]
    assert len(model.history_) == 5


def test_partial_fit_with_governors():
    """It learns epoch by epoch, and what it has learned can be kept and goes on."""
    x_train, x_test, y_train, y_test = IRIS
    model = BoldClassifier((32,))
    for _ in range(60):
        model.partial_fit(x_train, y_train, classes=[0, 1, 2])
    assert model.score(x_test, y_test) > 0.85
    assert model._run.trainer.governors.progress < 1 << 7  # of 1 << 16
    copy = pickle.loads(pickle.dumps(model))
    for each in (model, copy):
        each.partial_fit(x_train, y_train)
    assert bits_of(model) == bits_of(copy)
    fitted = BoldClassifier(**QUICK).fit(x_train, y_train)
    before = bits_of(fitted)
    assert fitted.partial_fit(x_train, 2 - y_train) is fitted
    assert bits_of(fitted) != before


def test_defaults_come_from_the_data():
    X, y = IRIS[0], IRIS[2]
    governed, chain = BoldClassifier().fit(X, y), BoldClassifier(governors=False).fit(X, y)
    assert len(governed.history_) == -(-10_000 // len(X))
    assert [layer.spec.outputs for layer in governed.network_.layers] == [256, 3]
    assert len(chain.history_) == 40
    assert chain.network_.widths[1:] == (64, 3)
