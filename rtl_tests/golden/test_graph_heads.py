"""Heads: scores, signals and counts against loops over places, and networks that learn by them."""

from math import isqrt

import numpy as np
import pytest
from support.graph_cases import conv, same, settings, state

from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph.heads import head_of
from boldhw.golden.graph.heads.draws import Draws
from boldhw.golden.graph.heads.residuals import NONE, shuffled, unshuffled
from boldhw.golden.graph.network import GraphNetwork
from boldhw.spec.network import Network
from boldhw.spec.noise import NoiseStream

OUTPUTS, EACH, ROWS, COLUMNS, COUNT = 6, 2, 3, 4, 5
PIXELS = {"kind": "pixels", "void": 9}
RESIDUALS = {"kind": "residuals", "shift": 1, "fraction": 3}
SUMMED = {"kind": "summed"}
HEADS = {"pixels": PIXELS, "residuals": RESIDUALS, "summed": SUMMED}


def spec_of(head, outputs=OUTPUTS):
    layers = [conv("a", {"side": 3}, 30, ("input",)), conv("z", {"side": 1}, outputs, ("a",))]
    return Network.from_dict({"inputs": [ROWS, COLUMNS, 2], "layers": layers, "head": head})


class Case:
    """A head with settings, and random sums of its last layer."""

    def __init__(self, kind, seed=0, **fields):
        self.spec = spec_of(HEADS[kind])
        self.head = head_of(self.spec)
        self.settings = settings(self.spec, seed)
        self.settings.outputs_per_class = EACH
        for name, value in fields.items():
            setattr(self.settings, name, value)
        self.settings.check(self.spec)
        self.generator = np.random.default_rng(seed)
        shape = COUNT, ROWS, COLUMNS, OUTPUTS
        self.sums = self.generator.integers(-9, 10, shape).astype(np.int16)
        self.scores = self.head.scores(self.sums, self.settings)
        self.draws = self.generator.integers(
            0, 1 << 16, (COUNT, self.head.draws(self.settings)), np.uint16
        )


def rival(scores, label):
    """Return the best class that is not the label, the lowest on ties."""
    return max((c for c in range(len(scores)) if c != label), key=lambda c: (scores[c], -c))


def test_signals_of_pixels():
    keep = np.array([20000, 65536, 50000], np.int32)
    case = Case("pixels", keep=keep, margin=6)
    labels = case.generator.choice([0, 1, 2, 9], (COUNT, ROWS, COLUMNS))
    active, signals = case.head.loss(case.scores, labels, case.settings, case.draws)
    expected = np.zeros_like(signals)
    for k, y, x in np.ndindex(labels.shape):
        label, draw = labels[k, y, x], case.draws[k, y * COLUMNS + x]
        scores = case.sums[k, y, x].reshape(3, EACH).sum(axis=1)
        assert scores.tolist() == case.scores[k, y, x].tolist()
        if label == 9 or draw >= keep[label]:
            continue
        other = rival(scores, label)
        if scores[other] > scores[label] - 6:
            expected[k, y, x, EACH * other : EACH * (other + 1)] = 1
            expected[k, y, x, EACH * label : EACH * (label + 1)] = -1
    assert signals.dtype == np.int8
    assert np.array_equal(signals, expected)
    assert np.array_equal(active, [signal.any() for signal in expected])
    assert 0.2 < np.mean(expected.any(axis=-1)) < 0.7
    valid = case.generator.random(labels.shape) < 0.5
    _, some = case.head.loss(case.scores, labels, case.settings, case.draws, valid)
    assert np.array_equal(some, expected * valid[..., None])


def test_hits_of_pixels_leave_out_void():
    case = Case("pixels")
    labels = case.scores.argmax(axis=-1)
    labels[0] = 9
    labels[1, 0, 0] = (labels[1, 0, 0] + 1) % 3
    assert case.head.judged(labels) == (COUNT - 1) * ROWS * COLUMNS
    assert case.head.hits(case.scores, labels) == (COUNT - 1) * ROWS * COLUMNS - 1


def test_signals_of_residuals():
    case = Case("residuals", margin=2, noise=3)
    assert np.array_equal(case.scores, case.sums.reshape(*case.sums.shape[:3], 3, 2).sum(-1) // 2)
    targets = case.generator.integers(-8, 9, case.scores.shape).astype(np.int16)
    targets[case.generator.random(targets.shape) < 0.2] = NONE
    active, signals = case.head.loss(case.scores, targets, case.settings, case.draws)
    expected = np.zeros_like(signals)
    for at in np.ndindex(targets.shape):
        k, y, x, i = at
        error = int(case.scores[at]) - int(targets[at])
        draw = int(case.draws[k, (y * COLUMNS + x) * 3 + i])
        if targets[at] != NONE and abs(error) > 2 + (draw & 3):
            expected[k, y, x, EACH * i : EACH * (i + 1)] = np.sign(error)
    assert np.array_equal(signals, expected)
    assert np.array_equal(active, [signal.any() for signal in expected])
    assert {-1, 0, 1} == set(expected.ravel().tolist())


def test_hits_of_residuals_are_right_to_half_a_unit():
    case = Case("residuals")
    targets = (case.scores + 4).astype(np.int16)
    targets[0] -= 9
    targets[1, 0, 0, 0] = NONE
    all_of_them = targets.size - 1
    assert case.head.judged(targets) == all_of_them
    assert case.head.hits(case.scores, targets) == all_of_them - targets[0].size


def test_sub_pixels_find_their_places():
    values = np.arange(2 * 3 * 4, dtype=np.int32).reshape(1, 2, 3, 4)
    picture = shuffled(values, 2)
    assert picture[0].tolist() == [
        [0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11], [12, 13, 16, 17, 20, 21],
        [14, 15, 18, 19, 22, 23],
    ]  # fmt: skip
    assert np.array_equal(unshuffled(picture, 2), values)


def test_summed_scores_and_their_signals():
    case = Case("summed", margin=3)
    valid = case.generator.random((COUNT, ROWS, COLUMNS)) < 0.6
    valid[0] = False
    labels = case.generator.integers(0, 3, COUNT)
    scores = case.head.scores(case.sums, case.settings, valid)
    active, signals = case.head.loss(scores, labels, case.settings, None, valid)
    for k in range(COUNT):
        places = case.sums[k][valid[k]].astype(int)
        expected = places.reshape(-1, 3, EACH).sum(axis=(0, 2))
        assert scores[k].tolist() == expected.tolist()
        other, margin = rival(expected, labels[k]), 3 * isqrt(len(places))
        assert active[k] == (expected[other] > expected[labels[k]] - margin)
        one = np.zeros((3, EACH), int)
        one[other], one[labels[k]] = 1, -1
        assert np.array_equal(signals[k], valid[k][..., None] * one.ravel())
    assert not active[0]
    assert active.any()


def random_targets(kind, spec, count, seed):
    """Return samples and targets that have something to do with them."""
    generator = np.random.default_rng(seed)
    bits = generator.random((count, spec.inputs)) < 0.5
    first = bits.reshape(count, ROWS, COLUMNS, 2)
    if kind == "pixels":
        labels = first[..., 0] + first[..., 1]
        labels = np.where(generator.random(labels.shape) < 0.1, 9, labels)
        return bits, labels
    if kind == "residuals":
        return bits, np.repeat(np.where(first[..., :1], 6, -6), 3, axis=-1).astype(np.int16)
    return bits, (first[..., 0].sum(axis=(1, 2)) > 6).astype(int)


def graph_of(kind, seed=0):
    spec = spec_of(HEADS[kind])
    own = settings(spec, 2, rounding=1)
    own.outputs_per_class = EACH
    if kind == "pixels":
        own.keep = np.array([40000, 65536, 30000], np.int32)
    if kind == "residuals":
        own.margin, own.noise = 1, 1
    return spec, GraphNetwork(spec, own, seed=seed)


@pytest.mark.parametrize("kind", HEADS)
def test_samples_computed_together_are_samples_one_by_one(kind):
    """Random numbers belong to samples, not to chunks of them."""
    spec, together = graph_of(kind)
    alone = together.copy()
    bits, targets = random_targets(kind, spec, 60, 1)
    stats = together.train(bits, targets)
    parts = [alone.train(bits[k : k + 1], targets[k : k + 1]) for k in range(60)]
    assert sum(parts[1:], parts[0]) == stats
    assert same(state(together), state(alone))
    assert np.array_equal(together.draws.state, alone.draws.state)
    assert stats.updates > 2


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_learns(kind):
    spec, graph = graph_of(kind)
    bits, targets = random_targets(kind, spec, 400, 3)
    for layer in graph.layers:
        layer.settings.theta, layer.settings.tau[:] = 200, 0
    judged = graph.head.judged(targets)
    before = graph.head.hits(graph.infer(bits), targets) / judged
    for _ in range(6):
        graph.train(bits, targets)
    after = graph.head.hits(graph.infer(bits), targets) / judged
    assert after > before + 0.2


def test_random_numbers_are_those_of_two_lanes():
    draws = Draws(7)
    stream = NoiseStream(2, np.random.SeedSequence(7, spawn_key=(1,)))
    first = draws.ahead(2, 3)
    assert np.array_equal(draws.ahead(2, 3), first)
    draws.take(1, 3)
    assert np.array_equal(draws.ahead(1, 3)[0], first[1])
    numbers = stream.draw(6).astype(int)
    assert np.array_equal((numbers[:, 0] + 256 * numbers[:, 1]).reshape(2, 3), first)


BAD = [
    ("pixels", np.zeros((2, 3), int), r"shape \(2, 3, 4\), a label for each place"),
    ("pixels", np.full((2, 3, 4), 3), "labels run from 3 to 3.*and 9 for void"),
    ("residuals", np.zeros((2, 3, 4, 3)), "a residual for each place and sub-pixel"),
    ("residuals", np.zeros((2, 3, 4, 3), int), "convert them to int16"),
    ("summed", np.full(2, 3), "classes 0 to 2"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "targets", "message"), BAD)
def test_bad_targets_are_refused(kind, targets, message):
    spec, graph = graph_of(kind)
    before = state(graph)
    with pytest.raises(DataError, match=message):
        graph.train(np.zeros((2, spec.inputs), bool), targets)
    assert same(before, state(graph))


def test_a_label_below_0_is_no_void():
    spec = spec_of({"kind": "pixels"})
    own = settings(spec, 2)
    own.outputs_per_class = EACH
    with pytest.raises(DataError, match="labels run from -1"):
        GraphNetwork(spec, own).train(np.zeros((1, spec.inputs), bool), np.full((1, 3, 4), -1))


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("summed", {"noise": 3}, "noise=3 is for a head of residuals"),
        ("residuals", {"keep": np.zeros(3, np.int32)}, "keep is for a head of pixels"),
        ("pixels", {"keep": np.zeros(2, np.int32)}, r"shape \(3,\)"),
        ("pixels", {"keep": np.array([1, 65537, 0], np.int32)}, "from 0 to 65536"),
    ],
)
def test_settings_of_another_head_are_refused(kind, fields, message):
    with pytest.raises(ConfigError, match=message):
        Case(kind, **fields)


def test_sums_over_too_many_places_are_refused():
    layers = [conv("z", {"side": 1}, 80, ("input",))]
    described = {"inputs": [1, 1 << 15, 900], "layers": layers, "head": SUMMED}
    with pytest.raises(ConfigError, match="scores of layer z over 32768 places reach"):
        head_of(Network.from_dict(described))
