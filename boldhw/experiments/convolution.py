"""A first look at the integer rule in convolutional networks, beside fully connected ones.

Two layers of convolution, 2 x 2 max-pool on the sums and threshold, then a dense last layer; every
weight is Boolean and has one accumulator. What is not looked at here is as in training.HYPER.
"""

import math
from dataclasses import asdict, replace
from statistics import mean

import numpy as np

from boldhw.experiments import training
from boldhw.experiments.experiment import Experiment
from boldhw.golden import convolution, rule
from boldhw.golden.hyper import Hyper, theta_schedule
from boldhw.report.figures import plot

SIZES = (6000, 2000)  # samples to train and to test on, the first ones
EPOCHS, LONG = 4, 8
CHANNELS = ((8, 16), (16, 32))
KERNEL = 5
CLASSES = 10
BITS = 16  # of an accumulator
NETWORKS = ("784-64-10", "784-256-10")
# theta is multiplied by the number of positions that send a signal, to the power of:
POWERS = {0.0: "1", 0.5: "sqrt(positions)", 1.0: "positions"}
MAXIMUM_OF_FOUR = 1.03  # expected, of independent normal variables, in standard deviations
BASE = {"last_theta_factor": 1, "grow": 4.0}  # instead of 10 and 8, of dense networks
# What else was tried, one change at a time: options and hyper-parameters.
CHANGES = (
    {"at_maximum": False},
    {"stochastic": True},
    {"last_theta_factor": 10},
    {"grow": 8.0},
    {"outputs_per_class": 4},
)
NOISE = 15  # mask of the random dead zone
CHUNK = 16  # samples computed together
ORDER, SIGNALS = 1, 2  # what a seed is spawned for


class ConvolutionalNetwork:
    """A Boolean network of convolutions 5 x 5, each pooled, and a dense last layer.

    Parameters
    ----------
    channels : tuple
        Outputs of the convolutions.
    side : int
        Of the square images, divisible by 2 for each convolution.
    seed : int
    share : float
        Of inputs that are T; it sets ``counts``, the inputs that count, layer by layer.
    power : float
        Of the positions in theta, see POWERS.
    at_maximum : bool
        Thresholds of the convolutions at the expected maximum of four sums, else at 0.
    stochastic : bool
        Signals of lower convolutions by a random dead zone, else by a fixed one.
    hyper : Hyper, optional
        ``theta``, ``rounding``, ``decay`` and ``noise`` are not used.
    """

    def __init__(
        self, channels, side, seed, *, share, power, at_maximum=True, stochastic=False, hyper=None
    ):
        self.hyper, self.seed, self.power, self.side = hyper or Hyper(), seed, power, side
        self.sides = [side >> depth for depth in range(1, len(channels) + 1)]  # pooled
        below = (1, *channels[:-1])
        shapes = [(n, KERNEL**2 * c) for n, c in zip(channels, below, strict=True)]
        outputs = CLASSES * self.hyper.outputs_per_class
        shapes.append((outputs, self.sides[-1] ** 2 * channels[-1]))
        generator = np.random.default_rng(seed)
        self.weights = [generator.random(shape) < 0.5 for shape in shapes]
        self.accumulators = [np.zeros(shape, np.int16) for shape in shapes]
        self.counts = [share * shapes[0][1], *(m for _, m in shapes[1:])]
        roots = [math.sqrt(count) for count in self.counts]
        self.window = [round(self.hyper.window * root) for root in roots[:-1]]
        self.tau = [round(MAXIMUM_OF_FOUR * root) if at_maximum else 0 for root in roots[:-1]]
        self.margin = round(self.hyper.margin * roots[-1])
        self.noise = NOISE if stochastic else 0
        # A pixel gets signals of one in four positions of the kernels that cover it.
        widths = [n * KERNEL**2 / 4 for n in channels[1:]]
        dead = 0 if stochastic else self.hyper.dead
        self.dead = [round(dead * math.sqrt(width)) for width in widths]

    def thetas(self, epoch, epochs):
        """Return theta of every layer in ``epoch`` of ``epochs``."""
        hyper, positions = self.hyper, [side**2 for side in self.sides]
        scale = hyper.theta_scale if epoch else max(hyper.theta_scale, hyper.safe_scale)
        factors = [*(number**self.power for number in positions), hyper.last_theta_factor]
        highest = (1 << BITS - 1) - 1
        return [
            min(highest, theta_schedule(scale * math.sqrt(n * hyper.batch) * factor, hyper.grow,
                                        epoch, epochs))
            for n, factor in zip(self.counts, factors, strict=True)
        ]  # fmt: skip

    def forward(self, bits):
        """Return (inputs of every layer, (pooled sums, where) of every convolution, scores).

        bits: bool, shape (k, side * side).
        """
        values = rule.operand(bits, True).reshape(-1, self.side, self.side, 1)
        inputs, pooled = [], []
        for weights, tau in zip(self.weights, self.tau, strict=False):
            inputs.append(convolution.patches(values, KERNEL))
            pooled.append(convolution.pool(convolution.forward(inputs[-1], weights)))
            values = rule.embed(pooled[-1][0] >= tau)
        inputs.append(values.reshape(len(bits), -1))
        sums = rule.product(inputs[-1], rule.embed(self.weights[-1]).T)
        return inputs, pooled, rule.class_scores(sums, self.hyper.outputs_per_class)

    def loss(self, scores, labels):
        """Return (active, signals of the last layer) of the margin loss."""
        return rule.margin_loss(scores, labels, self.margin, self.hyper.outputs_per_class)

    def votes(self, bits, labels, generator):
        """Return the votes of active samples, int32, one array per layer like ``weights``."""
        inputs, pooled, scores = self.forward(bits)
        _, signals = self.loss(scores, labels)
        votes = [rule.product(signals.T.astype(np.float32), inputs[-1])]
        sums = rule.backward(signals, self.weights[-1]).reshape(pooled[-1][0].shape)
        for layer in range(len(pooled) - 1, -1, -1):
            best, where = pooled[layer]
            signals = self._signals(layer, sums, best, where, generator)
            votes.insert(0, convolution.vote(signals, inputs[layer]))
            if layer:
                sums = convolution.backward(signals, self.weights[layer], KERNEL)
        return votes

    def _signals(self, layer, sums, best, where, generator):
        """Return the signals of a convolution before pooling. sums: g of the pooled units."""
        _, gate = rule.fire(best, self.tau[layer], self.window[layer])
        lower = layer < len(self.dead)
        draws = generator.integers(0, 256, sums.shape, np.uint8) if lower and self.noise else None
        dead, noise = (self.dead[layer], self.noise) if lower else (0, 0)
        return convolution.unpool(rule.ternarise(sums, gate, dead, noise, draws), where)

    def update(self, bits, labels, thetas, generator):
        """Vote, accumulate and flip; return the flips of every layer."""
        flips = []
        for layer, votes in enumerate(self.votes(bits, labels, generator)):
            accumulators = rule.accumulate(self.accumulators[layer], -votes, BITS)
            self.weights[layer], self.accumulators[layer], flipped = rule.flip(
                self.weights[layer], accumulators, thetas[layer]
            )
            flips.append(int(np.count_nonzero(flipped)))
        return flips

    def train(self, bits, labels, epoch, epochs):
        """Train an epoch; return (active samples, updates, flips of every layer).

        As soon as ``batch`` active samples are found there is an update, and one at the end.
        """
        order, generator = self._generator(ORDER, epoch), self._generator(SIGNALS, epoch)
        left, thetas = order.permutation(len(bits)), self.thetas(epoch, epochs)
        waiting, active, updates, flips = left[:0], 0, 0, np.zeros(len(self.weights), int)
        while len(left):
            chunk = left[:CHUNK]
            _, _, scores = self.forward(bits[chunk])
            found = np.flatnonzero(self.loss(scores, labels[chunk])[0])
            found = found[: self.hyper.batch - len(waiting)]
            waiting = np.append(waiting, chunk[found])
            full = len(waiting) == self.hyper.batch
            left = left[found[-1] + 1 if full else len(chunk) :]
            if full or (len(waiting) and not len(left)):
                flips += self.update(bits[waiting], labels[waiting], thetas, generator)
                active, updates = active + len(waiting), updates + 1
                waiting = waiting[:0]
        return active, updates, flips.tolist()

    def evaluate(self, bits, labels):
        """Return (accuracy, share of T in every convolution after its threshold)."""
        hits, true = 0, np.zeros(len(self.tau))
        for start in range(0, len(bits), CHUNK):
            chunk = slice(start, start + CHUNK)
            _, pooled, scores = self.forward(bits[chunk])
            hits += int(np.count_nonzero(rule.predict(scores) == labels[chunk]))
            shares = [np.mean(best >= tau) for (best, _), tau in zip(pooled, self.tau, strict=True)]
            true += np.array(shares) * len(scores)
        return hits / len(bits), (true / len(bits)).tolist()

    def _generator(self, purpose, epoch):
        sequence = np.random.SeedSequence(self.seed, spawn_key=(purpose, epoch))
        return np.random.default_rng(sequence)


def runs(seeds, quick):
    """Every setting with every seed; quick: one small network and one fully connected one."""
    if quick:
        grid, sizes = [_settings((2, 3), 1), _dense("784-16-10", 1)], (200, 100)
    else:
        grid, sizes = _grid(), SIZES
    for settings in grid:
        for seed in range(1, seeds + 1):
            yield {**settings, "sizes": list(sizes), "seed": seed}


def _grid():
    """Return the settings of all networks."""
    narrow, wide = CHANNELS
    return [
        *(_settings(narrow, EPOCHS, power) for power in POWERS),
        *(_settings(wide, epochs) for epochs in (EPOCHS, LONG)),
        *(_settings(narrow, EPOCHS, **change) for change in CHANGES),
        *(_dense(network, epochs) for network in NETWORKS for epochs in (EPOCHS, LONG)),
    ]


def _dense(network, epochs):
    """Return the settings of a fully connected network."""
    label = f"{network}, {epochs} epochs"
    return training.settings(network, epochs, 0, label, levels=(64,))


def _settings(channels, epochs, power=0.5, at_maximum=True, stochastic=False, **hyper):
    """Return settings without seed and sizes; ``hyper`` differs from BASE."""
    label = f"{'-'.join(map(str, channels))} channels, {epochs} epochs, theta x {POWERS[power]}"
    label += "" if at_maximum else ", threshold 0"
    label += ", stochastic signals" if stochastic else ""
    label += "".join(f", {name} {value}" for name, value in hyper.items())
    return {
        "label": label, "channels": list(channels), "epochs": epochs, "power": power,
        "at_maximum": at_maximum, "stochastic": stochastic,
        "hyper": asdict(replace(training.HYPER, **BASE | hyper)),
    }  # fmt: skip


def run(settings, dataset):
    """Train a network on the first samples; return lists with one entry per epoch."""
    train_size, test_size = settings["sizes"]
    part = replace(
        dataset,
        x_train=dataset.x_train[:train_size], y_train=dataset.y_train[:train_size],
        x_test=dataset.x_test[:test_size], y_test=dataset.y_test[:test_size],
    )  # fmt: skip
    if "network" in settings:
        return training.train(settings, part)
    return train(settings, part)


def train(settings, dataset):
    """Train a convolutional network; ``true`` are the shares of T after each convolution."""
    bits, labels, test_bits, test_labels = dataset.samples(64)
    options = {name: settings[name] for name in ("power", "at_maximum", "stochastic")}
    network = ConvolutionalNetwork(
        settings["channels"], math.isqrt(bits.shape[1]), settings["seed"],
        share=bits.mean(), hyper=Hyper(**settings["hyper"]), **options,
    )  # fmt: skip
    names = ("accuracy", "true", "active", "updates", "flips")
    result: dict[str, list[float]] = {name: [] for name in names}
    for epoch in range(settings["epochs"]):
        active, *rest = network.train(bits, labels, epoch, settings["epochs"])
        values = *network.evaluate(test_bits, test_labels), active / len(bits), *rest
        for name, value in zip(result, values, strict=True):
            result[name].append(value)
    return result


def weights(settings):
    """Return the number of weights. Images are 28 x 28."""
    if "network" in settings:
        return training.weights(settings)
    first, second = settings["channels"]
    outputs = CLASSES * settings["hyper"]["outputs_per_class"]
    return KERNEL**2 * (first + first * second) + outputs * 49 * second


def cost(settings):
    """Return about how long a run takes: the products of a sample, and the copies for patches."""
    if "network" in settings:
        return training.cost(settings) / 30
    first, second = settings["channels"]
    patch = KERNEL**2 * (784 + 196 * first)
    return settings["epochs"] * patch * (second + 20)


def report(records):
    """Return a row per network and setting, and accuracy against epochs of the longest runs."""
    groups = training.by_label(records)
    rows = [_row(label, group) for label, group in groups.items()]
    heading = [
        "network", "weights", "seeds", "test % (least)", "active % in the last epoch",
        "T after each threshold, %",
    ]  # fmt: skip
    longest = max(group[0]["settings"]["epochs"] for group in groups.values())
    lines = {
        label: training.curve(group)
        for label, group in groups.items()
        if group[0]["settings"]["epochs"] == longest
    }
    plots = {"convolution.svg": plot(lines, "epoch", "test accuracy, %")}
    sizes = records[0]["settings"]["sizes"]
    note = f"Trained on the first {sizes[0]} samples, tested on the first {sizes[1]}."
    return f"{training.markdown(heading, rows)}\n\n{note}", plots


def _row(label, group):
    settings, results = group[0]["settings"], [record["result"] for record in group]
    true = np.mean([result.get("true", [[]])[-1] for result in results], axis=0)
    return [
        label,
        f"{weights(settings):,}",
        len(group),
        training.spread(training.final(group)),
        f"{100 * mean(result['active'][-1] for result in results):.1f}",
        ", ".join(f"{100 * share:.0f}" for share in true) or "-",
    ]


EXPERIMENT = Experiment(
    title="Convolution, a first look",
    runs=lambda seeds, quick: list(runs(seeds, quick)),
    run=run,
    report=report,
    cost=cost,
)
