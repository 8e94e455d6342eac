"""Each step of the rule against its definition, one number at a time."""

import itertools

import numpy as np
import pytest

from boldhw.golden import rule

GENERATOR = np.random.default_rng(0)
X = GENERATOR.random((6, 11)) < 0.4
W = GENERATOR.random((5, 11)) < 0.5
Z = GENERATOR.integers(-1, 2, (6, 5)).astype(np.int8)


def e(bit):
    return 1 if bit else -1


@pytest.mark.parametrize("zero_true", [False, True])
def test_forward_counts_agreements(zero_true):
    """2 * popcount(xnor(w, x) & mask) - popcount(mask), as the hardware counts."""
    sums = rule.forward(X, W, zero_true)
    assert sums.dtype == np.int32
    for k, j in itertools.product(range(6), range(5)):
        mask = [i for i in range(11) if X[k, i] or not zero_true]
        agree = sum(X[k, i] == W[j, i] for i in mask)
        assert sums[k, j] == 2 * agree - len(mask)


def test_sums_are_exact_at_the_largest_fan_in():
    """16384 equal terms: the largest sum there is, and one less."""
    ones = np.ones((1, rule.MAX_TERMS), bool)
    assert rule.forward(ones, ones, False).item() == rule.MAX_TERMS
    other = ones.copy()
    other[0, 77] = False
    assert rule.forward(other, ones, True).item() == rule.MAX_TERMS - 1
    assert rule.forward(~ones, ones, False).item() == -rule.MAX_TERMS
    wider = np.ones((1, rule.MAX_TERMS + 1), bool)
    with pytest.raises(TypeError, match="16385 terms exceed"):
        rule.forward(wider, wider, False)


@pytest.mark.parametrize(
    ("s", "tau", "window", "y", "gate"),
    [
        (0, 0, 0, True, True),
        (-1, 0, 0, False, False),
        (-1, 0, 1, False, True),
        (5, 3, 2, True, True),
        (6, 3, 2, True, False),
        (1, 3, 2, False, True),
        (0, 3, 2, False, False),
        (-5, -5, 0, True, True),
    ],
)
def test_fire(s, tau, window, y, gate):
    fired, open_gate = rule.fire(np.array([[s]], np.int32), tau, window)
    assert (fired.item(), open_gate.item()) == (y, gate)


def test_class_scores_add_neighbours():
    sums = np.arange(12, dtype=np.int32).reshape(2, 6)
    assert rule.class_scores(sums, 1).tolist() == sums.tolist()
    assert rule.class_scores(sums, 3).tolist() == [[3, 12], [21, 30]]


def test_predict_takes_the_lowest_index_on_ties():
    scores = np.array([[1, 4, 4], [2, 2, 2], [0, 1, 2]], np.int32)
    assert rule.predict(scores).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("scores", "label", "margin", "active", "signal"),
    [
        ([5, 3, 3], 0, 2, False, [-1, 1, 0]),  # 3 > 5 - 2 fails; the tie goes to class 1
        ([5, 3, 3], 0, 3, True, [-1, 1, 0]),
        ([5, 5, 1], 1, 0, False, [1, -1, 0]),  # equal scores are no violation of margin 0
        ([5, 5, 1], 1, 1, True, [1, -1, 0]),
        ([0, 0, 9], 2, 100, True, [1, 0, -1]),
        ([-9, -8, -7], 0, 0, True, [-1, 0, 1]),
    ],
)
def test_margin_loss(scores, label, margin, active, signal):
    result = rule.margin_loss(np.array([scores], np.int32), np.array([label]), margin, 1)
    assert (result[0].item(), result[1][0].tolist()) == (active, signal)
    doubled = rule.margin_loss(np.array([scores], np.int32), np.array([label]), margin, 2)
    assert doubled[1][0].tolist() == [value for value in signal for _ in range(2)]


def test_backward_sums_over_outputs():
    sums = rule.backward(Z, W)
    for k, i in itertools.product(range(6), range(11)):
        assert sums[k, i] == sum(int(Z[k, j]) * e(W[j, i]) for j in range(5))


@pytest.mark.parametrize("noise", [0, 1, 6, 255])
def test_ternarise(noise):
    sums = GENERATOR.integers(-9, 10, (20, 30)).astype(np.int32)
    gate = GENERATOR.random((20, 30)) < 0.7
    draws = GENERATOR.integers(0, 256, (20, 30)).astype(np.uint8)
    signals = rule.ternarise(sums, gate, 2, noise, draws)
    assert signals.dtype == np.int8
    for g, open_gate, u, z in zip(sums.flat, gate.flat, draws.flat, signals.flat, strict=True):
        expected = (1 if g > 0 else -1) if abs(int(g)) > 2 + (int(u) & noise) else 0
        assert z == (expected if open_gate else 0)


def test_ternarise_is_unbiased_over_the_noise():
    """With noise = 7, and g up to 8, the mean of z over all draws is g / 8."""
    draws = np.arange(8, dtype=np.uint8).reshape(8, 1)
    gate = np.ones((8, 17), bool)
    sums = np.tile(np.arange(-8, 9, dtype=np.int32), (8, 1))
    signals = rule.ternarise(sums, gate, 0, 7, np.tile(draws, (1, 17)))
    assert signals.sum(axis=0).tolist() == list(range(-8, 9))


@pytest.mark.parametrize("zero_true", [False, True])
def test_vote_sums_over_samples(zero_true):
    votes = rule.vote(Z, X, zero_true)
    for j, i in itertools.product(range(5), range(11)):
        values = [1 if x else 0 if zero_true else -1 for x in X[:, i]]
        assert votes[j, i] == sum(int(z) * x for z, x in zip(Z[:, j], values, strict=True))


@pytest.mark.parametrize("rounding", [0, 1, 2, 3])
def test_stochastic_round_is_unbiased(rounding):
    """The sum over the 2**r draws is the vote; the draw's other bits do not count."""
    votes = np.arange(-40, 41, dtype=np.int32)
    total = np.zeros_like(votes)
    for u in range(1 << rounding):
        draw = np.full(votes.shape, u | (0xFF << rounding & 0xFF), np.uint8)
        total += rule.stochastic_round(votes, rounding, draw)
    assert total.tolist() == votes.tolist()


@pytest.mark.parametrize("factor", [0, 1, 30000, 65535])
def test_decay_rounds_down(factor):
    values = np.array([-32768, -1000, -1, 0, 1, 1000, 32767], np.int16)
    expected = [m - (m * factor >> 16) for m in values.tolist()]
    assert rule.decay(values, factor).tolist() == expected


@pytest.mark.parametrize("bits", [2, 6, 16])
def test_accumulate_saturates_both_ways(bits):
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    start = np.array([low, low, high, high, 0], np.int16)
    steps = np.array([-512, 1, 512, -1, 1], np.int32)
    expected = [low, low + 1, high, high - 1, 1]
    assert rule.accumulate(start, steps, bits).tolist() == expected


@pytest.mark.parametrize(
    ("w", "m", "theta", "flips"),
    [
        (True, -3, 3, True),
        (True, -2, 3, False),
        (True, 3, 3, False),
        (False, 3, 3, True),
        (False, 2, 3, False),
        (False, -3, 3, False),
        (True, -32768, 32768, True),
        (False, 32767, 32767, True),
        (False, 32767, 32768, False),
        (True, -32768, 65535, False),
    ],
)
def test_flip(w, m, theta, flips):
    weights, accumulators = np.array([w]), np.array([m], np.int16)
    new_weights, new_accumulators, flipped = rule.flip(weights, accumulators, theta)
    assert flipped.item() == flips
    assert new_weights.item() == (w != flips)
    assert new_accumulators.item() == (0 if flips else m)
    assert (weights.item(), accumulators.item()) == (w, m)


INT32, INT16, UINT8 = (np.zeros((2, 2), dtype) for dtype in (np.int32, np.int16, np.uint8))
BOOL = np.zeros((2, 2), bool)


@pytest.mark.parametrize(
    ("function", "arguments", "needs"),
    [
        (rule.embed, (UINT8,), "bits must be bool, not uint8"),
        (rule.operand, (UINT8, True), "bits must be bool"),
        (rule.product, (np.zeros((2, 2)), np.zeros((2, 2), np.float32)), "a must be float32"),
        (rule.product, (np.zeros((2, 2), np.float32), INT32), "b must be float32"),
        (rule.forward, (BOOL, UINT8, True), "bits must be bool"),
        (rule.fire, (INT16, 0, 0), "sums must be int32, not int16"),
        (rule.class_scores, (INT16, 1), "sums must be int32"),
        (rule.predict, (INT32.astype(float),), "scores must be int32, not float64"),
        (rule.margin_loss, (INT32.tolist(), [0, 0], 1, 1), "scores must be int32, not list"),
        (rule.backward, (INT32, BOOL), "signals must be int8"),
        (rule.ternarise, (INT16, BOOL, 0), "sums must be int32"),
        (rule.ternarise, (INT32, UINT8, 0), "gate must be bool"),
        (rule.ternarise, (INT32, BOOL, 0, 1), "draws must be uint8, not NoneType"),
        (rule.vote, (INT32, BOOL, True), "signals must be int8"),
        (rule.stochastic_round, (INT16, 0), "votes must be int32"),
        (rule.stochastic_round, (INT32, 1, INT32), "draws must be uint8"),
        (rule.decay, (INT32, 1), "accumulators must be int16"),
        (rule.accumulate, (INT32, INT32, 8), "accumulators must be int16"),
        (rule.accumulate, (INT16, INT16, 8), "steps must be int32"),
        (rule.flip, (UINT8, INT16, 1), "weights must be bool"),
        (rule.flip, (BOOL, INT32, 1), "accumulators must be int16"),
    ],
)
def test_other_types_are_refused(function, arguments, needs):
    with pytest.raises(TypeError, match=needs):
        function(*arguments)
