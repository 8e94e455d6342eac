"""Networks from arrays and PyTorch states answer as a model in float64 does, on 10,000 samples."""

import sys

import numpy as np
import pytest
from support import exports
from support.exports import SAMPLES, equal

from boldhw.errors import ConfigError, DataError, ToolError
from boldhw.export.arrays import Norm, folded, from_arrays
from boldhw.export.state_dict import from_state_dict, read_state
from boldhw.golden.graph import checkpoint

CONV = "8x6x2-5k3p2-6k3-4"


def sign(values):
    return np.where(values >= 0, 1.0, -1.0)


def convolved(x, weights, padding):
    """Return sums: x float, (k, planes, h, w); weights (n, planes, side, side); zeros around."""
    side = weights.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(2, 3))
    return np.einsum("kcyxij,ncij->knyx", windows, weights, optimize=True)


def pooled(x):
    k, planes, height, width = x.shape
    return x.reshape(k, planes, height // 2, 2, width // 2, 2).max(axis=(3, 5))


def normed(x, state, stem):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, variance, gamma, beta = (
        state[f"{stem}.{key}"].astype(np.float64).reshape(shape)
        for key in ("running_mean", "running_var", "weight", "bias")
    )
    scale = gamma / np.sqrt(variance + 1e-5)
    return x * scale + (beta - mean * scale)


def norm_of(generator, count, spread):
    """Return a batch norm with factors of either sign, and one that is 0."""
    gamma = generator.normal(size=count)
    gamma[0] = 0
    return {
        "weight": gamma, "bias": generator.normal(size=count) / 2,
        "running_mean": generator.normal(size=count) * spread,
        "running_var": generator.random(count) * spread**2 + 0.1,
        "num_batches_tracked": np.array(7),
    }  # fmt: skip


def state_of(generator, **layers):
    """Return a state dict: of each name an array is a layer's weights, a dict a batch norm."""
    state = {}
    for name, found in layers.items():
        parts = found if isinstance(found, dict) else {"weight": found}
        state |= {f"{name}.{key}": np.float32(value) for key, value in parts.items()}
    return state


@pytest.fixture
def dense():
    """Return the state of linear, norm, linear with bias, linear; and its scores in float64."""
    generator = np.random.default_rng(3)
    state = state_of(
        generator, fc1=generator.normal(size=(30, 64)), bn1=norm_of(generator, 30, 6),
        fc2=generator.normal(size=(20, 30)), fc3=generator.normal(size=(5, 20)),
    )  # fmt: skip
    bias = np.float32(generator.normal(size=20) * 3)
    items = list(state.items())
    state = dict([*items[:-1], ("fc2.bias", bias), items[-1]])

    def scores(x):
        x = sign(normed(x @ sign(state["fc1.weight"]).T, state, "bn1"))
        x = sign(x @ sign(state["fc2.weight"]).T + bias)
        return x @ sign(state["fc3.weight"]).T

    return state, scores


@pytest.fixture
def conv():
    """Return the state of conv, pooling, norm, conv, norm, linear; and its scores in float64."""
    generator = np.random.default_rng(4)
    state = state_of(
        generator, c1=generator.normal(size=(5, 2, 3, 3)), b1=norm_of(generator, 5, 3),
        c2=generator.normal(size=(6, 5, 3, 3)), b2=norm_of(generator, 6, 4),
        fc=generator.normal(size=(4, 6 * 4 * 3)),
    )  # fmt: skip

    def scores(x):
        x = pooled(convolved(x, sign(state["c1.weight"]), 1))
        x = convolved(sign(normed(x, state, "b1")), sign(state["c2.weight"]), 1)
        x = sign(normed(x, state, "b2")).reshape(len(x), -1)
        return x @ sign(state["fc.weight"]).T

    return state, scores


def maps(bits):
    """Return samples of 8 x 6 x 2 bits as PyTorch has them: -1 and 1, planes first."""
    return sign(bits - 0.5).reshape(-1, 8, 6, 2).transpose(0, 3, 1, 2)


def test_a_dense_state(dense, tmp_path):
    state, scores = dense
    trainer = from_state_dict("8x8-30-20-5", state)
    bits = exports.random_bits(64)
    wanted = scores(sign(bits - 0.5))
    assert len(np.unique(wanted.argmax(axis=1))) == 5
    assert equal(trainer.graph.infer(bits), wanted) == SAMPLES
    checkpoint.save(tmp_path / "run.npz", trainer)
    again = checkpoint.load(tmp_path / "run.npz")
    assert equal(again.graph.infer(bits), wanted) == SAMPLES


def test_a_state_with_convolutions(conv):
    """A negative factor behind the pooling inverts what the next layer reads."""
    state, scores = conv
    trainer = from_state_dict(CONV, state)
    bits = exports.random_bits(96)
    assert (state["b1.weight"] < 0).any()
    assert equal(trainer.graph.infer(bits), scores(maps(bits))) == SAMPLES


def test_a_wrong_weight_is_found(dense):
    state, scores = dense
    state["fc3.weight"][0, 0] *= -1
    trainer = from_state_dict("8x8-30-20-5", state)
    state["fc3.weight"][0, 0] *= -1
    bits = exports.random_bits(64)
    assert equal(trainer.graph.infer(bits), scores(sign(bits - 0.5))) < SAMPLES


@pytest.mark.parametrize("pool", [False, True])
def test_thresholds_are_those_of_the_norm(pool):
    """For every sum that there can be, also where it is just on the threshold."""
    generator = np.random.default_rng(0)
    weights = generator.random((400, 9)) < 0.5
    scale, offset = generator.normal(size=(2, 400))
    offset[:200] = -scale[:200] * generator.integers(-11, 12, 200)  # exactly on whole numbers
    scale[200:220] = 0
    unit = folded(weights, scale, offset, pool)
    sums = np.arange(-9, 10)
    for index in range(400):
        wanted = scale[index] * sums + offset[index] >= 0
        inverted = (unit.weights[index] != weights[index]).all()
        own = -sums if inverted else sums
        assert np.array_equal((own >= unit.tau[index]) ^ unit.negated[index], wanted)
        assert inverted == (scale[index] < 0 and not pool)
        assert unit.negated[index] == (scale[index] < 0 and pool)


def test_arrays_with_thresholds():
    """One for all units, one each, and {0,T} coding; bool and real weights mean the same."""
    generator = np.random.default_rng(1)
    weights = [generator.random((12, 64)) < 0.5, generator.random((6, 12)) < 0.5]
    tau = generator.integers(-9, 9, 12)
    bits = exports.random_bits(64)
    hidden = bits @ sign(weights[0] - 0.5).T >= tau
    wanted = (sign(hidden - 0.5) @ sign(weights[1] - 0.5).T).reshape(-1, 3, 2).sum(axis=2)
    for given in (weights, [sign(each - 0.5) for each in weights]):
        trainer = from_arrays(
            "8x8-12-6", given, [tau], zero_true=(True, False), outputs_per_class=2,
            classes=("a", "b", "c"),
        )  # fmt: skip
        assert equal(trainer.graph.infer(bits), wanted) == SAMPLES
    assert trainer.schema.classes == ("a", "b", "c")


def test_outputs_per_class_are_kept(tmp_path):
    ones = [np.ones((12, 64)), np.ones((6, 12))]
    checkpoint.save(tmp_path / "run.npz", from_arrays("8x8-12-6", ones, outputs_per_class=2))
    assert checkpoint.load(tmp_path / "run.npz").graph.classes == 3


def test_states_from_files(dense, tmp_path, monkeypatch):
    state, _ = dense
    np.savez(tmp_path / "state.npz", **state)
    found = read_state(tmp_path / "state.npz")
    assert list(found) == list(state)
    (tmp_path / "state.npz").write_bytes(b"no file")
    with pytest.raises(DataError, match="cannot be read as an .npz file"):
        read_state(tmp_path / "state.npz")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ToolError, match=r"model.pt needs the package torch; .*numpy.savez"):
        read_state(tmp_path / "model.pt")


def altered(state, **changes):
    return {**state, **{key.replace("_", ".", 1): value for key, value in changes.items()}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fc3_bias": np.zeros(5)}, "the last layer, fc3, has a batch norm or a bias"),
        ({"fc4_weight": np.ones((3, 5))}, "there are weights of 4 layers"),
        ({"fc2_weight": np.ones((20, 31))}, "weights of layer layer2 have shape"),
        ({"bn1_running_var": -np.ones(30)}, "batch norm of layer layer1 has values"),
        ({"bn1_running_mean": np.ones(30) * np.nan}, "batch norm of layer layer1 has values"),
        ({"bn1_running_mean": np.ones(29)}, "layer1 does not have 30 units"),
        ({"fc2_bias": np.ones(19)}, "layer2 does not have 20 units"),
        ({"fc1_weight": np.ones((30, 64)) * np.nan}, "weights of layer layer1 are float64"),
        ({"prelu_weight": np.ones(30)}, "prelu.weight is no weight, bias or batch norm"),
        ({"fc1_weight": np.array([["a"] * 64] * 30)}, "weights of layer layer1 are <U1"),
    ],
)
def test_states_that_are_refused(dense, changes, message):
    with pytest.raises((ConfigError, DataError), match=message):
        from_state_dict("8x8-30-20-5", altered(dense[0], **changes))


def test_arrays_that_are_refused():
    ones = [np.ones((12, 64)), np.ones((6, 12))]
    for arguments, options, message in (
        ((ones[:1],), {}, "weights of 1 layers"),
        ((ones, [0, 0]), {}, "thresholds of 2"),
        (([np.eye(12, 64), ones[1]],), {}, "weights of layer layer1 are 0 and 1"),
        ((ones, [0.5]), {}, "thresholds of layer layer1 are float64"),
        ((ones, [np.zeros(11, int)]), {}, r"shape \(11,\)"),
        ((ones,), {"order": "rows"}, "order='rows' is unknown"),
        ((ones,), {"classes": ("a",)}, "1 names of 6 classes"),
        ((ones,), {"outputs_per_class": 4}, "6 outputs cannot be classes"),
        ((ones,), {"zero_true": (True,)}, "zero_true has 1 entries"),
    ):
        with pytest.raises((ConfigError, DataError), match=message):
            from_arrays("8x8-12-6", *arguments, **options)
    weights = [np.ones((2, 1, 1, 1)), np.ones((3, 2))]
    norm = Norm(0.0, 1.0, gamma=np.array([1.0, -1.0]))
    with pytest.raises(ConfigError, match="layer2 reads {0,T} outputs of a pooling"):
        from_arrays("2x2-2k1p2-3", weights, [norm], zero_true=(False, True))
