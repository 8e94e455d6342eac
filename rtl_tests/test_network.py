"""The golden model against the rule of docs/architecture.md written with plain Python integers."""

from dataclasses import replace

import numpy as np
import pytest

from boldhw.config import REFERENCE, WIDE, EngineConfig
from boldhw.errors import ConfigError, DataError
from boldhw.golden.network import Network, TrainStats
from boldhw.golden.noise import NoiseStream
from boldhw.hyper import Hyper, Registers

WIDTHS = (13, 7, 9, 6)
ENGINE = EngineConfig(
    elements=3,
    lanes=12,
    batch=5,
    accumulator_bits=4,
    weight_rows=64,
    data_rows=2048,
    signal_rows=64,
    stochastic=True,
    decay=True,
)
REGISTERS = Registers(
    tau=(0, 0, 0),
    window=(4, 4, 0),
    dead=(0, 0, 0),
    noise=(0, 0, 0),
    theta=(3, 3, 6),
    decay=(0, 0, 0),
    zero_true=(True, False, False),
    margin=3,
    rounding=0,
    batch=5,
    classes=6,
    outputs_per_class=1,
)


class Scalar:
    """One sample, one weight, one bit at a time."""

    def __init__(self, network, noise_seed):
        self.engine, self.widths, self.registers = network.engine, network.widths, network.registers
        self.weights = [weights.astype(int).tolist() for weights in network.weights]
        self.accumulators = [array.tolist() for array in network.accumulators]
        self.noise = NoiseStream(self.engine.elements, noise_seed)
        self.gathered = []

    def e(self, bit, zero_true=False):
        return 1 if bit else 0 if zero_true else -1

    def forward(self, bits):
        """Return ([inputs], [sums]) of all layers."""
        r, inputs, sums, values = self.registers, [], [], [int(bit) for bit in bits]
        for layer, weights in enumerate(self.weights):
            inputs.append(values)
            operands = [self.e(x, r.zero_true[layer]) for x in values]
            sums.append(
                [sum(x * self.e(w) for x, w in zip(operands, row, strict=True)) for row in weights]
            )
            values = [int(s >= r.tau[layer]) for s in sums[-1]]
        return inputs, sums

    def scores(self, bits):
        r, last = self.registers, self.forward(bits)[1][-1]
        size = r.outputs_per_class
        return [sum(last[c * size : (c + 1) * size]) for c in range(r.classes)]

    def train(self, bits, label):
        """Return (hit, active, flips per layer or None)."""
        r, scores = self.registers, self.scores(bits)
        hit = scores.index(max(scores)) == label
        best = max(score for c, score in enumerate(scores) if c != label)
        rival = next(c for c, score in enumerate(scores) if c != label and score == best)
        if not best > scores[label] - r.margin:
            return hit, False, None
        self.gather(bits, label, rival)
        return hit, True, self.update() if len(self.gathered) == r.batch else None

    def gather(self, bits, label, rival):
        r = self.registers
        inputs, sums = self.forward(bits)
        classes = [j // r.outputs_per_class for j in range(self.widths[-1])]
        signals = [[1 if c == rival else -1 if c == label else 0 for c in classes]]
        for layer in range(len(self.weights) - 2, -1, -1):
            signals.insert(0, self.backward(layer, sums[layer], signals[0]))
        self.gathered.append((inputs, signals))

    def backward(self, layer, sums, above):
        r, p, result = self.registers, self.engine.elements, []
        for i, s in enumerate(sums):
            if r.noise[layer] and i % p == 0:
                lanes = self.noise.draw(1)[0].tolist()
            u = lanes[i % p] & r.noise[layer] if r.noise[layer] else 0
            g = sum(
                z * self.e(row[i]) for z, row in zip(above, self.weights[layer + 1], strict=True)
            )
            passes = abs(s - r.tau[layer]) <= r.window[layer]
            result.append(self.signal(layer, g, r.dead[layer] + u) if passes else 0)
        return result

    def signal(self, layer, g, dead):
        return (g > 0) - (g < 0) if abs(g) > dead else 0

    def update(self):
        flips = [self.update_layer(layer) for layer in range(len(self.weights))]
        self.gathered = []
        return tuple(flips)

    def update_layer(self, layer):
        r, p, flips = self.registers, self.engine.elements, 0
        m, n = self.widths[layer], self.widths[layer + 1]
        for first in range(0, m, p):
            for j in range(-(-n // p) * p):
                lanes = self.noise.draw(1)[0].tolist() if r.rounding else [0] * p
                if j < n:
                    for i in range(first, min(first + p, m)):
                        flips += self.update_weight(layer, j, i, lanes[i - first])
        return flips

    def update_weight(self, layer, j, i, draw):
        r, limit = self.registers, 1 << self.engine.accumulator_bits - 1
        q = sum(z[layer][j] * self.e(x[layer][i], r.zero_true[layer]) for x, z in self.gathered)
        value = self.accumulators[layer][j][i]
        value -= value * r.decay[layer] >> 16
        value += -q + draw % (1 << r.rounding) >> r.rounding
        value = max(-limit, min(limit - 1, value))
        flipped = value * self.e(self.weights[layer][j][i]) <= -r.theta[layer]
        self.accumulators[layer][j][i] = 0 if flipped else value
        self.weights[layer][j][i] ^= flipped
        return int(flipped)


def samples(count, widths=WIDTHS, classes=6, seed=0):
    generator = np.random.default_rng(seed)
    return generator.random((count, widths[0])) < 0.4, generator.integers(0, classes, count)


def assert_same_state(network, scalar):
    for layer in range(len(scalar.weights)):
        assert network.weights[layer].astype(int).tolist() == scalar.weights[layer]
        assert network.accumulators[layer].tolist() == scalar.accumulators[layer]
    assert network.gathered == len(scalar.gathered)


def assert_equal_runs(
    registers, engine=ENGINE, widths=WIDTHS, count=150, seed=0, kind=Network, scalar_kind=Scalar
):
    """Train both on the same samples, in pieces; compare everything after each piece."""
    network = kind(widths, engine, seed)
    network.set_registers(registers)
    network.seed_noise(seed + 1)
    scalar = scalar_kind(network, seed + 1)
    bits, labels = samples(count, widths, registers.classes, seed)
    total = network.train(bits[:0], labels[:0])
    for start, stop in ((0, 1), (1, count // 2), (count // 2, count)):
        stats = network.train(bits[start:stop], labels[start:stop])
        pairs = zip(bits[start:stop], labels[start:stop].tolist(), strict=True)
        assert stats == add_up(network, [scalar.train(*pair) for pair in pairs])
        assert_same_state(network, scalar)
        total += stats
    assert network.infer(bits[:20]).tolist() == [scalar.scores(sample) for sample in bits[:20]]
    flips = scalar.update() if scalar.gathered else None
    assert network.flush().flips == (flips or (0,) * len(scalar.weights))
    assert_same_state(network, scalar)
    return network, total


def add_up(network, outcomes):
    flips = np.zeros(len(network.weights), int)
    for _, _, update in outcomes:
        flips += update or 0
    return TrainStats(
        samples=len(outcomes),
        hits=sum(hit for hit, _, _ in outcomes),
        active=sum(active for _, active, _ in outcomes),
        updates=sum(update is not None for _, _, update in outcomes),
        flips=tuple(flips.tolist()),
    )


OPTIONS = {
    "plain": {},
    "boolean_input": {"zero_true": (False, False, False)},
    "zero_true_everywhere": {"zero_true": (True, True, True)},
    "tau": {"tau": (2, -3, 5)},
    "window_zero": {"window": (0, 1, 0)},
    "dead_zone": {"dead": (2, 1, 0)},
    "noise_in_one_layer": {"noise": (3, 0, 0)},
    "noise_in_all_layers": {"noise": (7, 1, 255), "dead": (1, 0, 0)},
    "rounding_1": {"rounding": 1, "theta": (2, 2, 3)},
    "rounding_3": {"rounding": 3, "theta": (1, 1, 2)},
    "noise_and_rounding": {"noise": (3, 1, 0), "rounding": 2, "theta": (1, 2, 3)},
    "decay": {"decay": (20000, 65535, 1)},
    "all_options": {"noise": (1, 1, 0), "rounding": 1, "decay": (9, 30000, 60000)},
    "outputs_per_class": {"classes": 3, "outputs_per_class": 2},
    "margin_zero": {"margin": 0},
    "margin_all_active": {"margin": 500},
    "batch_1": {"batch": 1, "theta": (1, 1, 1)},
    "batch_2": {"batch": 2},
    "theta_at_both_limits": {"theta": (8, 7, 8)},
    "theta_freezes": {"theta": (9, 65535, 9)},
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_scalar_rule(option, seed):
    """Vectorised training is one-sample-at-a-time training, with every option."""
    _, stats = assert_equal_runs(replace(REGISTERS, **OPTIONS[option]), seed=seed)
    assert stats.active > 5
    assert stats.updates > 1


@pytest.mark.parametrize("widths", [(5, 2), (30, 4, 3), (4, 3, 3, 3, 2)])
@pytest.mark.parametrize("elements", [2, 4, 17])
def test_equals_scalar_rule_whatever_the_shape(widths, elements):
    engine = replace(ENGINE, elements=elements, lanes=elements * 4)
    layers = len(widths) - 1
    registers = replace(
        Hyper(batch=5, theta=2, rounding=1, margin=2.0).registers(engine, widths),
        noise=(3,) * layers,
        decay=(1000,) * layers,
    )
    assert_equal_runs(registers, engine, widths, count=80)


def test_accumulators_saturate_both_ways():
    """With theta out of reach they stick to -8 and 7, and a weight never flips."""
    network, stats = assert_equal_runs(replace(REGISTERS, theta=(99, 99, 99), margin=500))
    extremes = {int(f(array)) for array in network.accumulators for f in (np.min, np.max)}
    assert extremes == {-8, 7}
    assert stats.flips == (0, 0, 0)


def test_theta_at_the_edge_flips_true_weights_only():
    """-2**(A-1) is within reach of the accumulator of a T weight, 2**(A-1) is not."""
    network, start = Network(WIDTHS, ENGINE), Network(WIDTHS, ENGINE)
    network.set_registers(replace(REGISTERS, theta=(8, 8, 8), margin=500))
    flips = network.train(*samples(300)).flips
    assert sum(flips) > 0
    for before, after in zip(start.weights, network.weights, strict=True):
        assert not (after & ~before).any()


def test_ties_go_to_the_lowest_index():
    """With all weights T every class has the same score: class 0 is predicted, or the rival."""
    network = Network((8, 4), ENGINE)
    network.weights[0][:] = True
    registers = Hyper(theta=99, batch=5).registers(ENGINE, (8, 4))
    network.set_registers(registers)
    bits = np.ones((2, 8), bool)
    assert network.infer(bits).tolist() == [[8] * 4] * 2
    stats = network.train(bits, np.array([0, 2]))
    assert (stats.hits, stats.active) == (1, 2)
    network.flush()
    # Sample 0 votes T for class 1 and F for class 0, sample 1 T for class 0 and F for class 2.
    assert network.accumulators[0][:, 0].tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize("registers", [REGISTERS, replace(REGISTERS, noise=(3, 1, 0), rounding=1)])
def test_any_cut_of_the_samples_gives_the_same_bits(registers):
    """Whole, in pieces of one, stopping at every update: one state, one sum of stats."""
    bits, labels = samples(120)
    results = []
    for train in (train_whole, train_singly, train_by_update):
        network = Network(WIDTHS, ENGINE, seed=4)
        network.set_registers(registers)
        stats = train(network, bits, labels)
        results.append((stats, network.state_crc(), network.gathered))
    assert results[0] == results[1] == results[2]
    assert results[0][0].updates > 3


def train_whole(network, bits, labels):
    return network.train(bits, labels)


def train_singly(network, bits, labels):
    parts = [network.train(bits[k : k + 1], labels[k : k + 1]) for k in range(len(bits))]
    return sum(parts[1:], parts[0])


def train_by_update(network, bits, labels):
    stats = network.train(bits, labels, stop_at_update=True)
    assert stats.updates == 1
    assert network.gathered == 0
    while stats.samples < len(bits):
        part = network.train(bits[stats.samples :], labels[stats.samples :], stop_at_update=True)
        assert part.updates == 1 or stats.samples + part.samples == len(bits)
        stats += part
    return stats


def test_flush_without_samples_changes_nothing():
    network = Network(WIDTHS, ENGINE)
    before = network.state_crc()
    assert network.flush() == TrainStats(0, 0, 0, 0, (0, 0, 0))
    assert network.state_crc() == before


def test_deterministic_results_do_not_depend_on_elements():
    """Without noise P is a matter of speed; with noise it is part of the rule."""
    results = {}
    for elements in (3, 6, 12):
        engine = replace(ENGINE, elements=elements, lanes=24)
        for rounding in (0, 1):
            network = Network(WIDTHS, engine, seed=2)
            network.set_registers(replace(REGISTERS, rounding=rounding))
            network.train(*samples(200))
            state = tuple(weights.tobytes() for weights in network.weights)
            results.setdefault(rounding, set()).add(state)
    assert len(results[0]) == 1
    assert len(results[1]) == 3


def test_state_crc_detects_one_wrong_bit():
    """The check that all others rest on: any one weight or accumulator bit changes the CRC."""
    network = Network(WIDTHS, ENGINE, seed=1)
    network.set_registers(REGISTERS)
    network.train(*samples(50))
    right = network.state_crc()
    for layer, (m, n) in enumerate(network.shapes):
        for j in range(n):
            for i in range(m):
                wrong = network.copy()
                wrong.weights[layer][j, i] ^= True
                wrong.accumulators[layer][j, i] ^= 1
                crc = wrong.state_crc()
                assert crc["weights"] != right["weights"]
                assert crc["accumulators"] != right["accumulators"]
    assert network.state_crc() == right


def test_one_wrong_bit_before_training_is_seen_after_it():
    wrong = Network(WIDTHS, ENGINE, seed=1)
    right = wrong.copy()
    wrong.accumulators[0][2, 3] ^= 1
    for network in (right, wrong):
        network.set_registers(REGISTERS)
        network.train(*samples(30))
    assert wrong.state_crc()["accumulators"] != right.state_crc()["accumulators"]


def test_copy_is_independent():
    network = Network(WIDTHS, ENGINE)
    network.set_registers(replace(REGISTERS, rounding=1))
    network.train(*samples(33))
    twin, before = network.copy(), network.state_crc()
    twin.train(*samples(100, seed=1))
    assert network.state_crc() == before
    network.train(*samples(100, seed=1))
    assert network.state_crc() == twin.state_crc()


def test_seed_decides_everything():
    states = [Network("13-7-6", ENGINE, seed).state_crc()["weights"] for seed in (1, 1, 2)]
    assert states[0] == states[1] != states[2]
    assert abs(Network("784-256-10", seed=3).weights[0].mean() - 0.5) < 0.01


def test_free_standing_network_is_trained_on_the_reference_engine():
    network = Network()
    assert network.widths == (784, 120, 10)
    assert network.engine == REFERENCE
    assert network.infer(np.zeros((3, 784), bool)).shape == (3, 10)
    assert network.infer(np.zeros((0, 784), bool)).shape == (0, 10)


def test_network_may_be_larger_than_its_engine():
    """Memories matter for the checksum of what lies in them only."""
    network = Network("2000-120-10", WIDE)
    assert network.infer(np.zeros((1, 2000), bool)).shape == (1, 10)
    with pytest.raises(ConfigError, match="max_fan_in=2000"):
        network.state_crc()


BITS, LABELS = samples(8)


@pytest.mark.parametrize(
    ("bits", "labels", "message"),
    [
        (BITS.astype(np.uint8), LABELS, "type uint8"),
        (BITS.tolist(), LABELS, "type list"),
        (BITS[:, :12], LABELS, "has 12 bits, network .* takes 13"),
        (BITS[0], LABELS, r"\(13,\)"),
        (BITS, LABELS[:7], r"shape \(7,\)"),
        (BITS, LABELS.astype(float), "integer array"),
        (BITS, LABELS.tolist(), "integer array"),
        (BITS, LABELS + 6, "classes 0 to 5"),
        (BITS, LABELS - 6, "classes 0 to 5"),
    ],
)
def test_bad_samples_change_nothing(bits, labels, message):
    network = Network(WIDTHS, ENGINE)
    before = network.state_crc()
    with pytest.raises(DataError, match=message):
        network.train(bits, labels)
    assert network.state_crc() == before
    assert network.gathered == 0


def test_registers_hold_while_samples_are_gathered():
    network = Network(WIDTHS, ENGINE)
    network.set_registers(replace(REGISTERS, margin=500))
    network.train(BITS[:3], LABELS[:3])
    with pytest.raises(ConfigError, match="3 samples are gathered; call flush"):
        network.set_registers(REGISTERS)
    assert network.registers.margin == 500
    network.flush()
    network.set_registers(REGISTERS)


def test_registers_must_fit():
    network = Network(WIDTHS, ENGINE)
    before = network.registers
    with pytest.raises(ConfigError, match="batch=6"):
        network.set_registers(replace(REGISTERS, batch=6))
    assert network.registers == before


def test_inference_engine_does_not_train():
    network = Network(WIDTHS, replace(ENGINE, training=False))
    with pytest.raises(ConfigError, match="training=True"):
        network.train(BITS, LABELS)
    assert network.infer(BITS).shape == (8, 6)
