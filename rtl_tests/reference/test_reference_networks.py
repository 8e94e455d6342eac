"""Networks and their training: what is real, what learns, what repeats."""

import math
from functools import partial

import numpy as np
import pytest

from boldhw import data
from boldhw.errors import ConfigError
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.reference.conv import Conv2d, boolean_conv, real_conv
from boldhw.reference.linear import BooleanLinear, RealLinear
from boldhw.reference.loss import pixel_cross_entropy, squared_error
from boldhw.reference.model import Model, Recipe, Trainer
from boldhw.reference.networks import AHEAD, chain, mlp
from boldhw.reference.norm import BatchNorm
from boldhw.reference.shape import Flatten, Images, MaxPool2, Residual
from boldhw.reference.threshold import Threshold
from boldhw.spec.network import Network
from boldhw.spec.shorthand import described


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


CHAINS = ("8x6x2-5k3p2-6k3s2-7-4", "8x6x2-5k3-4k3z0-8k1", "9-7-4")
HEADS = {
    "8k1": {"kind": "pixels", "void": 9},
    "4": {"kind": "classes"},
}


def network(text):
    """Return a chain in shorthand; one that ends with a convolution has a class of each place."""
    return Network.from_dict(described(text) | {"head": HEADS[text.rpartition("-")[2]]})


def golden_weights(core, layer, before):
    """Return the weights of a reference's layer in the order of the golden model."""
    weights = core.weights.value > 0
    if layer.kernel:
        side = layer.kernel.side
        parts = weights.reshape(layer.outputs, layer.reads.planes, side, side)
        return parts.transpose(0, 2, 3, 1).reshape(layer.shape)
    if before and before.kernel:
        made = before.makes
        parts = weights.reshape(layer.outputs, made.planes, made.height, made.width)
        return parts.transpose(0, 2, 3, 1).reshape(layer.shape)
    return weights


@pytest.mark.parametrize("text", CHAINS)
@pytest.mark.parametrize("each", [1, 2])
def test_the_forward_pass_is_that_of_the_golden_model(text, each):
    """With Boolean ends, the same weights and the same thresholds, scores are the same."""
    spec = network(text)
    model = chain(spec, 3, "boolean", outputs_per_score=each)
    initial = start(spec, Constants(), 128, zero_true=[False] * len(spec.layers),
                    outputs_per_class=each)  # fmt: skip
    graph = GraphNetwork(spec, initial, 1)
    cores = [layer.core if isinstance(layer, Conv2d) else layer for layer in model.layers
             if isinstance(layer, Conv2d | BooleanLinear)]  # fmt: skip
    for own, core, layer, before in zip(
        graph.layers, cores, spec.layers, (None, *spec.layers), strict=False
    ):
        own.weights[:] = golden_weights(core, layer, before)
        pooled = layer.kernel is not None and layer.kernel.pool > 1
        own.settings.tau[:] = math.ceil(AHEAD * math.sqrt(layer.inputs)) if pooled else 0
    bits = np.random.default_rng(4).random((5, spec.inputs)) < 0.5
    scores = model.infer(np.where(bits, 1, -1).astype(np.float32), chunk=2)
    expected = graph.infer(bits) / math.sqrt(spec.output.inputs * each)
    assert np.ptp(expected) > 1
    assert scores == pytest.approx(expected, abs=1e-5)


def test_scores_of_residuals_are_in_the_fixed_point():
    described_head = {"kind": "residuals", "shift": 1, "fraction": 4}
    spec = Network.from_dict(described("4x4x2-3k3-4k3") | {"head": described_head})
    x = np.ones((1, 32), np.float32)
    scores = chain(spec, 1, "boolean", outputs_per_score=4).infer(x)
    assert scores.shape == (1, 4, 4, 1)
    assert np.array_equal(scores * 32, np.rint(scores * 32))
    assert chain(spec, 1, "real", outputs_per_score=4).gain == 1


@pytest.mark.parametrize("ends", ["real", "boolean"])
def test_kinds_of_layers_of_a_chain(ends):
    model = chain(network("8x6x2-5k3p2-6k3-4"), 1, ends, batch_norm=True)
    weights = [each for each in model.parameters if each.value.ndim == 2]
    assert [each.boolean for each in weights] == [ends == "boolean", True, ends == "boolean"]
    kinds = [type(layer) for layer in model.layers]
    assert kinds == [
        Images, Conv2d, MaxPool2, BatchNorm, Threshold, Conv2d, BatchNorm, Threshold, Flatten,
        RealLinear if ends == "real" else BooleanLinear,
    ]  # fmt: skip
    thresholds = [layer for layer in model.layers if isinstance(layer, Threshold)]
    assert [layer.tau for layer in thresholds] == [0, 0]


def test_thresholds_behind_pooling_are_the_expected_largest():
    for ends, variance in (("real", 1), ("boolean", 18)):
        thresholds = [layer for layer in chain(network("8x6x2-5k3p2-4"), 1, ends).layers
                      if isinstance(layer, Threshold)]  # fmt: skip
        assert [layer.tau for layer in thresholds] == [AHEAD * math.sqrt(variance)]


@pytest.mark.parametrize("change", [
    {"kernel": {"side": 3, "dilation": 2}},
    {"activation": "ternary"},
    {"taps": [{"source": "input", "dy": 1}]},
])  # fmt: skip
def test_what_the_reference_has_not_is_refused(change):
    entries = described("8x6x2-5k3-4k1")
    entries["layers"][0] |= change
    spec = Network.from_dict(entries | {"head": HEADS["8k1"]})
    with pytest.raises(ConfigError, match="layer layer1 is not one of the reference"):
        chain(spec)


def test_a_layer_that_reads_others_is_refused():
    entries = described("8x6x2-5k3-4k1")
    entries["layers"][1]["taps"].append({"source": "input"})
    with pytest.raises(ConfigError, match="layer layer2 is not one of the reference"):
        chain(Network.from_dict(entries | {"head": HEADS["8k1"]}))


@pytest.mark.parametrize(("ends", "eta"), [("real", 12), ("boolean", 500)])
def test_pixels_and_residuals_are_learned(ends, eta):
    """A pixel's class is whether it is T, its residual 2 or -2; half of the pixels do not count."""
    generator = np.random.default_rng(1)
    bits = generator.random((200, 30)) < 0.5
    labels = bits.reshape(200, 5, 6).astype(int)
    labels[:, :, :3] = 9
    x = np.where(bits, 1, -1).astype(np.float32)
    spec = Network.from_dict(described("5x6-16k3-16k3-8k1") | {"head": HEADS["8k1"]})
    model = chain(spec, 1, ends, batch_norm=True, outputs_per_score=4)
    loss = partial(pixel_cross_entropy, void=9)
    recipe = Recipe(epochs=8, batch=20, eta=eta, rate=1e-2)
    stats = list(Trainer(model, recipe, 1, loss).run(x, labels))
    assert all(epoch.test_accuracy is None for epoch in stats)
    assert stats[-1].loss < 0.7 * stats[0].loss
    assert np.mean((model.infer(x).argmax(axis=-1) == labels)[:, :, 3:]) > 0.9
    fixed = {"kind": "residuals", "fraction": 3}
    spec = Network.from_dict(described("5x6-16k3-16k3-4k1") | {"head": fixed})
    model = chain(spec, 1, ends, batch_norm=True, outputs_per_score=4)
    residuals = np.where(bits, 2, -2).reshape(200, 5, 6, 1).astype(np.float32)
    residuals[:, :, :3] = np.nan
    stats = list(Trainer(model, recipe, 1, squared_error).run(x, residuals))
    assert stats[-1].loss < 0.7 * stats[0].loss
