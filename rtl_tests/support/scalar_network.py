"""The rule of docs/architecture.md on plain Python integers, to compare networks with."""

import numpy as np

from boldhw.golden.network import Network
from boldhw.spec.engine import EngineConfig
from boldhw.spec.noise import NoiseStream
from boldhw.spec.settings import Settings
from boldhw.spec.stats import TrainStats

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
REGISTERS = Settings.of_columns(
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
        self.config, self.widths, self.settings = network.config, network.widths, network.settings
        self.weights = [weights.astype(int).tolist() for weights in network.weights]
        self.accumulators = [array.tolist() for array in network.accumulators]
        self.noise = NoiseStream(self.config.elements, noise_seed)
        self.gathered = []

    def e(self, bit, zero_true=False):
        return 1 if bit else 0 if zero_true else -1

    def forward(self, bits):
        """Return ([inputs], [sums]) of all layers."""
        r, inputs, sums, values = self.settings, [], [], [int(bit) for bit in bits]
        for layer, weights in enumerate(self.weights):
            inputs.append(values)
            operands = [self.e(x, r.layers[layer].zero_true) for x in values]
            sums.append(
                [sum(x * self.e(w) for x, w in zip(operands, row, strict=True)) for row in weights]
            )
            values = [int(s >= r.layers[layer].tau) for s in sums[-1]]
        return inputs, sums

    def scores(self, bits):
        r, last = self.settings, self.forward(bits)[1][-1]
        size = r.outputs_per_class
        return [sum(last[c * size : (c + 1) * size]) for c in range(r.classes)]

    def train(self, bits, label):
        """Return (hit, active, flips per layer or None)."""
        r, scores = self.settings, self.scores(bits)
        hit = scores.index(max(scores)) == label
        best = max(score for c, score in enumerate(scores) if c != label)
        rival = next(c for c, score in enumerate(scores) if c != label and score == best)
        if not best > scores[label] - r.margin:
            return hit, False, None
        self.gather(bits, label, rival)
        return hit, True, self.update() if len(self.gathered) == r.batch else None

    def gather(self, bits, label, rival):
        r = self.settings
        inputs, sums = self.forward(bits)
        classes = [j // r.outputs_per_class for j in range(self.widths[-1])]
        signals = [[1 if c == rival else -1 if c == label else 0 for c in classes]]
        for layer in range(len(self.weights) - 2, -1, -1):
            signals.insert(0, self.backward(layer, sums[layer], signals[0]))
        self.gathered.append((inputs, signals))

    def backward(self, layer, sums, above):
        r, p, result = self.settings, self.config.elements, []
        for i, s in enumerate(sums):
            if r.layers[layer].noise and i % p == 0:
                lanes = self.noise.draw(1)[0].tolist()
            u = lanes[i % p] & r.layers[layer].noise if r.layers[layer].noise else 0
            g = sum(
                z * self.e(row[i]) for z, row in zip(above, self.weights[layer + 1], strict=True)
            )
            passes = abs(s - r.layers[layer].tau) <= r.layers[layer].window
            result.append(self.signal(layer, g, r.layers[layer].dead + u) if passes else 0)
        return result

    def signal(self, layer, g, dead):
        return (g > 0) - (g < 0) if abs(g) > dead else 0

    def update(self):
        flips = [self.update_layer(layer) for layer in range(len(self.weights))]
        self.gathered = []
        return tuple(flips)

    def update_layer(self, layer):
        r, p, flips = self.settings, self.config.elements, 0
        m, n = self.widths[layer], self.widths[layer + 1]
        for first in range(0, m, p):
            for j in range(-(-n // p) * p):
                lanes = self.noise.draw(1)[0].tolist() if r.rounding else [0] * p
                if j < n:
                    for i in range(first, min(first + p, m)):
                        flips += self.update_weight(layer, j, i, lanes[i - first])
        return flips

    def update_weight(self, layer, j, i, draw):
        r, limit = self.settings, 1 << self.config.accumulator_bits - 1
        q = sum(
            z[layer][j] * self.e(x[layer][i], r.layers[layer].zero_true) for x, z in self.gathered
        )
        value = self.accumulators[layer][j][i]
        value -= value * r.layers[layer].decay >> 16
        value += -q + draw % (1 << r.rounding) >> r.rounding
        value = max(-limit, min(limit - 1, value))
        flipped = value * self.e(self.weights[layer][j][i]) <= -r.layers[layer].theta
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
    settings, config=ENGINE, widths=WIDTHS, count=150, seed=0, kind=Network, scalar_kind=Scalar
):
    """Train both on the same samples, in pieces; compare everything after each piece."""
    network = kind(widths, config, seed)
    network.configure(settings)
    network.seed_noise(seed + 1)
    scalar = scalar_kind(network, seed + 1)
    bits, labels = samples(count, widths, settings.classes, seed)
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
