"""Accuracy against the width of the accumulators, with and without rounding.

Dense networks have the hyper-parameters of :mod:`boldhw.experiments.training` and round by random
numbers; convolutions have governors and round by a counter, each layer by its own bits.
"""

from statistics import mean

from boldhw.experiments import classification, training
from boldhw.experiments.experiment import Experiment
from boldhw.experiments.mnist_conv import EPOCHS, LARGE, LEAST, SMALL
from boldhw.experiments.mnist_conv import NETWORKS as CONVOLUTIONS
from boldhw.report.figures import plot

NETWORKS = ("784-64-10", "784-256-10", "784-128-128-10")
WIDEST = 16
EXACT = range(3, WIDEST + 1)
# A -> bits that leave theta room to grow
ROUNDING = {3: 3, 4: 3, 5: 2, 6: 2} | dict.fromkeys(range(7, WIDEST + 1), 1)
# A -> bits dropped in each layer of a convolution, so that theta has room to grow. A counter rounds
# by up to 4 bits where a batch has 16 samples.
DROPPED = {6: (4, 4, 0), 8: (4, 4, 0), 10: (2, 2, 0), 16: (0, 0, 0)}
TOLERANCE = 0.3  # points below 16 bits that are allowed
SHOWN = 10  # points below the best that the plot reaches down to


def runs(seeds, quick):
    """Every network, width and rounding; quick: one network, two widths, one epoch."""
    networks, epochs = (NETWORKS[:1], 1) if quick else (NETWORKS, 8)
    choices = [(bits, 0) for bits in EXACT] + list(ROUNDING.items())
    if quick:
        choices = [(4, 0), (4, 3), (16, 0)]
    dense = [
        training.settings(
            network,
            epochs,
            seed,
            f"{network}, A = {bits}, r = {rounding}",
            bits=bits,
            levels=(64,),
            rounding=rounding,
        )
        for network in networks
        for bits, rounding in choices
        for seed in range(1, seeds + 1)
    ]
    return dense + [
        _convolution(name, seed, 1 if quick else EPOCHS, bits)
        for name in ((LEAST,) if quick else (LARGE, SMALL, LEAST))
        for bits in ((8,) if quick else DROPPED)
        for seed in range(1, seeds + 1)
    ]


def _convolution(name, seed, epochs, bits):
    dropped = DROPPED[bits]
    label = f"{name}, A = {bits}, r = {', '.join(map(str, dropped))}"
    return classification.settings(
        name, seed, epochs, label, levels=CONVOLUTIONS[name], bits=bits, rounding=dropped
    )


def run(settings, dataset):
    """Return the result of one run, of whichever kind."""
    return (classification.run if _has_maps(settings) else training.train)(settings, dataset)


def cost(settings):
    """Return how long a run takes: a sum of a convolution as long as a weight of others."""
    return (classification.cost if _has_maps(settings) else training.cost)(settings)


def _has_maps(settings):
    return "picture" in settings


def report(records):
    """Return one table of widths by dense networks, one of convolutions, and the curves."""
    dense = [record for record in records if not _has_maps(record["settings"])]
    text, figures = _dense(dense)
    maps = [record for record in records if _has_maps(record["settings"])]
    return f"{text}\n\nConvolutions:\n\n{classification.table('test', maps)}", figures


def _dense(records):
    groups = {}
    for group in training.by_label(records).values():
        settings = group[0]["settings"]
        key = settings["network"], settings["hyper"]["rounding"] > 0, settings["bits"]
        groups[key] = group
    networks = list(dict.fromkeys(network for network, _, _ in groups))
    rows = [
        [bits, ROUNDING[bits] if rounded else 0, *_cells(groups, networks, rounded, bits)]
        for rounded in (False, True)
        for bits in _widths(groups, rounded)
    ]
    series: dict[str, list[tuple[int, float]]] = {}
    for network, rounded, bits in sorted(groups):
        name = f"{network}, stochastic rounding" if rounded else f"{network}, exact"
        point = bits, mean(training.final(groups[network, rounded, bits]))
        series.setdefault(name, []).append(point)
    text = training.markdown(["A", "r", *networks], rows)
    return f"{text}\n\n{_conclusion(groups, networks)}", {"accumulators.svg": _figure(series)}


def _figure(series):
    least = max(y for line in series.values() for _, y in line) - SHOWN
    shown = {name: [point for point in line if point[1] > least] for name, line in series.items()}
    return plot(
        {name: line for name, line in shown.items() if line},
        "bits of an accumulator",
        "test accuracy, %",
        dashed=[name for name in shown if "rounding" in name],
    )


def _cells(groups, networks, rounded, bits):
    return [training.spread(training.final(groups[network, rounded, bits])) for network in networks]


def _widths(groups, rounded):
    return sorted({bits for _, r, bits in groups if r == rounded})


def _conclusion(groups, networks):
    """Say which widths are within the tolerance, and which change nothing, for every network."""
    texts = []
    for rounded, name in ((False, "exact votes"), (True, "stochastic rounding")):
        widths = _widths(groups, rounded)
        enough = [bits for bits in widths if _close(groups, networks, rounded, bits)]
        texts.append(f"{name}: A = {enough[0]}" if enough else f"{name}: none measured")
    same = next(b for b in _widths(groups, False) if _same(groups, networks, b))
    return (
        f"Smallest A within {TOLERANCE} points of A = 16 for every network: {'; '.join(texts)}. "
        f"Exact votes give the same accuracies and flips from A = {same} on."
    )


def _close(groups, networks, rounded, bits):
    """Return whether the mean of every network is within the tolerance of exact WIDEST bits."""
    narrow, wide = (rounded, bits), (False, WIDEST)
    return all(
        mean(training.final(groups[network, *narrow]))
        >= mean(training.final(groups[network, *wide])) - TOLERANCE
        for network in networks
    )


def _same(groups, networks, bits):
    """Return whether exact votes gave the accuracies and flips of WIDEST bits in every epoch."""
    return all(
        [record["result"] for record in groups[network, False, bits]]
        == [record["result"] for record in groups[network, False, WIDEST]]
        for network in networks
    )


EXPERIMENT = Experiment(
    title="Accuracy against accumulator width",
    runs=runs,
    run=run,
    report=report,
    cost=cost,
)
