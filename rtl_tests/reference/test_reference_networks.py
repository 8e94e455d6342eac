"""Networks and their training: what is real, what learns, what repeats."""

import numpy as np
import pytest

from boldhw import data
from boldhw.errors import ConfigError
from boldhw.reference.conv import boolean_conv, real_conv
from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.reference.model import Model, Recipe, Trainer
from boldhw.reference.networks import mlp
from boldhw.reference.norm import BatchNorm
from boldhw.reference.shape import Flatten, MaxPool2, Residual
from boldhw.reference.threshold import Threshold


@pytest.fixture(scope="module")
def digits():
    dataset = data.load("digits")
    bits = [data.booleanise(x).astype(np.float32) for x in (dataset.x_train, dataset.x_test)]
    return bits[0], dataset.y_train, bits[1], dataset.y_test


def train(digits, ends="real", batch_norm=False, **recipe):
    """Train 64-40-40-10; return (Model, list of EpochStats)."""
    model = mlp((64, 40, 40, 10), 1, ends, batch_norm)
    return model, list(Trainer(model, Recipe(**recipe), seed=2).run(*digits))


@pytest.mark.parametrize("ends", ["real", "boolean"])
def test_kinds_of_layers(ends):
    weights = [each for each in mlp((64, 40, 40, 10), 1, ends).parameters if each.value.ndim == 2]
    assert [each.boolean for each in weights] == [ends == "boolean", True, ends == "boolean"]


@pytest.mark.parametrize(
    ("ends", "batch_norm", "eta", "least"),
    [("real", False, 12, 0.9), ("real", True, 150, 0.9), ("boolean", False, 100, 0.8)],
)
def test_learns_digits(digits, ends, batch_norm, eta, least):
    model, stats = train(digits, ends, batch_norm, epochs=12, batch=50, eta=eta, rate=5e-3)
    assert stats[-1].test_accuracy > least
    assert stats[-1].loss < stats[0].loss
    for each in model.parameters:
        assert not each.boolean or set(np.unique(each.value)) == {-1, 1}


def test_convolutional_network_learns_digits(digits):
    """Every kind of layer in one network: convolution, batch norm, residual, pooling."""
    generator = np.random.default_rng(1)
    inner = boolean_conv(16, 16, 3, generator, padding=1, pooled=True), BatchNorm(16)
    model = Model(
        [
            real_conv(1, 16, 3, generator, padding=1), BatchNorm(16), Threshold(1),
            Residual(*inner), MaxPool2(), Threshold(2, tau=1.0), Flatten(),
            RealLinear(16 * 4 * 4, 10, generator),
        ]
    )  # fmt: skip
    x, labels, test_x, test_labels = digits
    images, test_images = (bits.reshape(-1, 1, 8, 8) for bits in (x, test_x))
    trainer = Trainer(model, Recipe(epochs=6, batch=50, eta=1000, rate=5e-3), seed=2)
    stats = list(trainer.run(images, labels, test_images, test_labels))
    assert stats[-1].test_accuracy > 0.88
    assert sum(sum(epoch.flips) for epoch in stats) > 100


def test_boolean_signals_learn_too(digits):
    """Signals that are T, F or 0 only, as the paper allows them; the scale then has no effect."""
    model = mlp((64, 40, 40, 10), 1)
    hidden = next(each for each in model.layers if isinstance(each, BooleanLinear))
    hidden.boolean_signals = True
    trainer = Trainer(model, Recipe(epochs=12, batch=50, rate=5e-3), seed=2)
    assert list(trainer.run(*digits))[-1].test_accuracy > 0.8


def test_flips_are_counted_per_epoch(digits):
    model, (first, second) = train(digits, "boolean", epochs=2, eta=100)
    weights = [each.value for each in model.parameters]
    assert len(first.flips) == len(first.betas) == 3
    start = [each.value for each in mlp((64, 40, 40, 10), 1, "boolean").parameters]
    changed = [np.count_nonzero(a != b) for a, b in zip(start, weights, strict=True)]
    total = [a + b for a, b in zip(first.flips, second.flips, strict=True)]
    assert all(0 < least <= most for least, most in zip(changed, total, strict=True))


def test_variances_of_an_untrained_network_keep_their_ratio(digits):
    """From hidden layer to hidden layer; the first epoch of a slow recipe hardly moves weights."""
    model = mlp((64, 256, 256, 256, 10), 1)
    recipe = Recipe(epochs=1, eta=1e-9, rate=1e-9, batch=len(digits[0]))
    (stats,) = Trainer(model, recipe).run(*digits)
    below, middle, above = stats.variances
    assert below / middle == pytest.approx(1, abs=0.15)
    assert middle / above == pytest.approx(1, abs=0.15)


def test_same_seed_gives_the_same_run(digits):
    runs = [train(digits, epochs=2, schedule="polynomial") for _ in range(2)]
    assert [each.loss for each in runs[0][1]] == [each.loss for each in runs[1][1]]


def test_progress_counts_the_samples(digits):
    seen = []
    trainer = Trainer(mlp((64, 10), 1), Recipe(epochs=2, batch=500))
    list(trainer.run(*digits, progress=lambda epoch, samples: seen.append((epoch, samples))))
    size = len(digits[0])
    assert seen == [(e, n) for e in range(2) for n in (500, 1000, size)]


def test_unknown_kind_of_ends_is_refused():
    with pytest.raises(ConfigError, match="ends='float' is no kind of layer; use real or boolean"):
        mlp((64, 10), ends="float")
