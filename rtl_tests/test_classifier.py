"""BoldClassifier keeps the conventions of scikit-learn and gives the same bits everywhere."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from golden_board import GoldenBoard
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import check_estimator
from test_device import ENGINE

from boldhw import BoldClassifier
from boldhw.config import EngineConfig
from boldhw.errors import ConfigError
from boldhw.hyper import Hyper

IRIS = train_test_split(*load_iris(return_X_y=True), random_state=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])
SKIPPED = {"check_array_api_input"}  # scikit-learn's own: the array API is off


def toy(**options):
    """A classifier whose network fits the engine of test_device.py."""
    return BoldClassifier((12,), levels=3, epochs=3, engine=ENGINE, **options)


@pytest.fixture
def board(monkeypatch):
    """Have every backend that is a device be a board made of the golden model."""
    made = GoldenBoard(ENGINE)
    monkeypatch.setattr("boldhost.device.open_transport", lambda *arguments: made)
    return made


def test_scikit_learn_is_content():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the checks say about their own data
        results = check_estimator(BoldClassifier(), on_skip=None)
    assert len(results) > 50
    names = {entry["check_name"] for entry in results if entry["status"] != "passed"}
    assert names <= SKIPPED


def test_it_learns():
    x_train, x_test, y_train, y_test = IRIS
    model = BoldClassifier().fit(x_train, NAMES[y_train])
    assert model.score(x_test, NAMES[y_test]) > 0.85
    digits = train_test_split(*load_digits(return_X_y=True), random_state=0)
    assert BoldClassifier().fit(digits[0], digits[2]).score(digits[1], digits[3]) > 0.85


def test_thresholds_are_evenly_spaced():
    model = BoldClassifier(levels=3, epochs=1)
    model.fit(np.array([[0.0, 8.0], [4.0, 8.0], [2.0, 8.0]]), [0, 1, 1])
    assert model.thresholds_.tolist() == [[1, 8], [2, 8], [3, 8]]
    bits = model._bits(np.array([[2.5, 9.0]]))
    assert bits.tolist() == [[True, True, True, True, False, True]]


def test_boolean_features_stay_what_they_are():
    X = np.random.default_rng(0).random((50, 6)) < 0.3
    model = BoldClassifier(levels=1, epochs=1).fit(X, X[:, 0])
    assert np.array_equal(model._bits(X), X)


def test_partial_fit_goes_on():
    """Epoch by epoch it reaches what fit reaches with a theta that does not grow."""
    x_train, x_test, y_train, y_test = IRIS
    whole = BoldClassifier(epochs=4, hyper=Hyper(zero_true=False, grow=1.0)).fit(x_train, y_train)
    parts = BoldClassifier(hyper=Hyper(zero_true=False))
    for _ in range(4):
        parts.partial_fit(x_train, y_train, classes=[0, 1, 2])
    assert parts.network_.state_crc() == whole.network_.state_crc()
    assert np.array_equal(parts.decision_function(x_test), whole.decision_function(x_test))
    parts.fit(x_train, y_train)
    assert parts._trainer.epoch == parts.epochs


def test_partial_fit_refuses_what_does_not_fit_the_first_call():
    x_train, _, y_train, _ = IRIS
    model = BoldClassifier()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(x_train, y_train)
    model.partial_fit(x_train[:9], y_train[:9], classes=[0, 1, 2])
    before = model.network_.state_crc()
    with pytest.raises(ValueError, match="is not the"):
        model.partial_fit(x_train, y_train, classes=[0, 1, 2, 3])
    with pytest.raises(ValueError, match="label 3, the classes are"):
        model.partial_fit(x_train, y_train + 3)
    assert model.network_.state_crc() == before


def test_a_device_gives_the_golden_models_bits(board):
    x_train, x_test, y_train, _ = IRIS
    golden = toy().fit(x_train, y_train)
    device = toy(backend="sim").fit(x_train, y_train)
    assert board.closed
    assert device.network_.state_crc() == golden.network_.state_crc()
    assert np.array_equal(device.decision_function(x_test), golden.decision_function(x_test))
    for model in (golden, device):
        before = model.network_.state_crc()
        model.partial_fit(x_train, y_train)
        assert model.network_.state_crc() != before
    assert device.network_.state_crc() == golden.network_.state_crc()
    assert pickle.loads(pickle.dumps(device)).get_params()["backend"] == "sim"


def test_a_simulated_board_gives_the_golden_models_bits():
    """The real simulation, of an engine that other tests build as well."""
    x_train, x_test, y_train, _ = IRIS
    engine = EngineConfig(
        elements=4, lanes=16, batch=8, accumulator_bits=6, weight_rows=128, data_rows=2048,
        signal_rows=128, max_fan_in=256, stochastic=True, decay=True,
    )  # fmt: skip
    options = {"hidden": (20,), "epochs": 2, "engine": engine}
    golden = BoldClassifier(**options).fit(x_train, y_train)
    simulated = BoldClassifier(**options, backend="sim").fit(x_train, y_train)
    assert simulated.network_.state_crc() == golden.network_.state_crc()
    assert np.array_equal(simulated.decision_function(x_test), golden.decision_function(x_test))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": 0}, "levels=0 must be an integer from 1 to 255"),
        ({"epochs": 0}, "epochs=0 must be"),
        ({"hyper": Hyper(theta=0)}, "theta=0 must be"),
    ],
)
def test_impossible_parameters_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        BoldClassifier(**options).fit(IRIS[0], IRIS[2])


def test_scikit_learn_is_optional():
    code = """
import sys
sys.modules["sklearn"] = None
import boldhw
assert boldhw.Network
try:
    boldhw.BoldClassifier
except boldhw.errors.ToolError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install --editable '.[sklearn]'" in run.stdout
