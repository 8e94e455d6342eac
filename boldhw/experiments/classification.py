"""Runs of convolutional networks with governors that classify pictures, and their tables.

Settings are chosen on the last sixth of the training pictures, on which those rows are not trained.
The other rows train on all of them and are tested once, after the last epoch.
"""

from functools import partial

import numpy as np

from boldhw.data import datasets
from boldhw.errors import DataError
from boldhw.experiments import training
from boldhw.experiments.wishes import KERNELS
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.governors import FINE
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.report.figures import plot
from boldhw.spec.layer import CONV, INPUT
from boldhw.spec.network import Network

GREY = 28, 28, 1  # height, width and colours of pictures of digits and clothes
HOLD = 6  # one of so many training pictures is held back to choose settings
PICTURES = 2000  # that tell thresholds and the share of T's at the start
CHANGES = "", "shift", "mirror"


def settings(network, seed, epochs, label, *, levels, picture=GREY, change="shift", choose=False,
             signed=False, maps=True, centred=False, bits=16, rounding=(), kernel="",
             size=0, **constants):  # fmt: skip
    """Return the settings of a run; ``constants`` are those that are not the usual ones.

    levels: thresholds of a pixel, of each colour; a number means so many quantiles of a colour.
    change: how training pictures are changed, one of CHANGES.  choose: hold pictures back and test
    on these.  signed: the sample is {F,T}, not {0,T}.  maps: hidden maps are {0,T}.  centred: the
    mean of each plane of the sample is taken out of votes.  bits: of an accumulator.  rounding: of
    each layer, none if it is left out.  kernel: one of KERNELS, or the usual one.  size: mean |g|
    that dead zones begin with, 0: the first mean that is counted.
    """
    return {"label": label, "network": network, "seed": seed, "epochs": epochs,
            "picture": list(picture), "levels": levels if isinstance(levels, int) else list(levels),
            "change": change, "choose": choose, "signed": signed, "maps": maps,
            "centred": centred, "bits": bits, "rounding": list(rounding), "kernel": kernel,
            "size": size, "constants": constants}  # fmt: skip


def run(settings, dataset):
    """Train a network; return lists with one entry per epoch, and what layers are at the end."""
    pictures, labels, test, test_labels = _parts(settings, dataset)
    levels = _levels(settings["levels"], pictures[:PICTURES])
    code, constants = partial(coded, levels=levels), Constants(**settings["constants"])
    bits = code(pictures[:PICTURES])
    graph = _graph(settings, constants, bits, labels)
    change = {"": None, "shift": _shifted, "mirror": datasets.mirrored}[settings["change"]]
    trainer = GraphTrainer(
        graph, constants, settings["epochs"], len(labels), settings["seed"], code, change
    )
    trainer.governors.sizes = [settings["size"] << FINE] * len(graph.layers)
    epochs = list(trainer.run(pictures, labels, test, test_labels))
    return {
        "accuracy": [epoch.test_accuracy for epoch in epochs],
        "active": [epoch.active / epoch.samples for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
        "updates": [epoch.updates for epoch in epochs],
        "samples": len(labels),
        "theta": [layer.settings.theta for layer in graph.layers],
        "alike": [alike(layer.weights) for layer in graph.layers],
    }


def alike(weights):
    """Return the share of outputs with four fifths of their weights on one side, or more.

    Such an output tells little more than how many of its inputs are T.
    """
    fifths, inputs = 5 * np.count_nonzero(weights, axis=1), weights.shape[1]
    return float(np.mean((fifths <= inputs) | (fifths >= 4 * inputs)))


def coded(pictures, levels):
    """Return the planes of pictures, bool, shape (count, places * planes), planes last.

    pictures: uint8, shape (count, height, width, colours).  levels: of each colour; a plane is T
    where the colour is above one.
    """
    found = np.empty((*pictures.shape[:-1], sum(map(len, levels))), np.bool_)
    plane = 0
    for colour, own in enumerate(levels):
        values = np.ascontiguousarray(pictures[..., colour])
        for level in own:
            np.greater(values, level, out=found[..., plane])
            plane += 1
    return found.reshape(len(pictures), -1)


def _graph(settings, constants, bits, labels):
    """Return an untrained network. bits: of some pictures."""
    spec = Network.parse(settings["network"])
    zero_true = [
        not settings["signed"] if set(layer.sources) == {INPUT}
        else settings["maps"] and layer.kind == CONV for layer in spec.layers
    ]  # fmt: skip
    means = [
        plane_means(layer, spec.sample.planes, bits, zero)
        if settings["centred"] and set(layer.sources) == {INPUT} else None
        for layer, zero in zip(spec.layers, zero_true, strict=True)
    ]  # fmt: skip
    initial = start(
        spec, constants, int(256 * np.count_nonzero(bits) / bits.size), zero_true=zero_true,
        bits=settings["bits"], rounding=settings["rounding"], means=means,
    )  # fmt: skip
    seed, width = settings["seed"], settings["bits"]
    if settings["kernel"]:
        return GraphNetwork(spec, initial, seed, width, KERNELS[settings["kernel"]])
    return fastest(spec, initial, seed, width, bits, labels)


def plane_means(layer, planes, bits, zero_true):
    """Return 256 times the mean of e(input) of what a convolution of the sample reads, int16."""
    shares = bits.reshape(-1, planes).mean(axis=0)
    means = np.round(256 * (shares if zero_true else 2 * shares - 1)).astype(np.int16)
    return np.tile(means, layer.inputs // planes)


def _levels(levels, pictures):
    """Return the thresholds of each colour of these pictures, as lists."""
    colours = pictures.shape[-1]
    if not isinstance(levels, int):
        return [levels] * colours
    values = np.sort(pictures.reshape(-1, colours), axis=0)
    ranks = [(rank + 1) * len(values) // (levels + 1) for rank in range(levels)]
    return values[ranks].T.tolist()


def _shifted(pictures, generator):
    """Return square grey pictures, each moved by up to a pixel."""
    flat = pictures.reshape(len(pictures), -1)
    return datasets.shifted(flat, generator, pictures.shape[2]).reshape(pictures.shape)


def _parts(settings, dataset):
    """Return pictures, shape (count, height, width, colours), and labels to train on, to test on.

    Raises DataError for pictures of another size.
    """
    shape = tuple(settings["picture"])
    if dataset.x_train.shape[1] != np.prod(shape):
        raise DataError(
            f"{dataset.name} has samples of {dataset.x_train.shape[1]} values, the network takes "
            f"pictures of {' x '.join(map(str, shape))}; give data of that size"
        )
    x, y = dataset.x_train.reshape(-1, *shape), dataset.y_train
    if not settings["choose"]:
        return x, y, dataset.x_test.reshape(-1, *shape), dataset.y_test
    first = len(y) - len(y) // HOLD
    return x[:first], y[:first], x[first:], y[first:]


def weights(settings):
    """Return the number of weights."""
    return sum(layer.weights for layer in Network.parse(settings["network"]).layers)


def cost(settings):
    """Return epochs times the weights that samples meet, and what a sample costs besides."""
    layers = Network.parse(settings["network"]).layers
    sums = sum(layer.weights * layer.makes.height * layer.makes.width for layer in layers)
    return settings["epochs"] * (sums + 3_000_000)


def report(records, name):
    """Return the tables, and the curves of networks over epochs as the figure ``name``."""
    tested = [record for record in records if not record["settings"]["choose"]]
    chosen = [record for record in records if record["settings"]["choose"]]
    texts = [table("test", tested)] if tested else []
    if chosen:
        texts.append(f"Tested on the training pictures held back:\n\n{table('held back', chosen)}")
    groups = training.by_label(tested or chosen)
    lines = {label: training.curve(group) for label, group in groups.items()}
    return "\n\n".join(texts), {f"{name}.svg": plot(lines, "epoch", "accuracy, %")}


def _rate(record):
    """Return training samples per second of a whole run, tests after each epoch included."""
    return record["settings"]["epochs"] * record["result"]["samples"] / record["seconds"]


def table(what, records):
    """Return a row for each label: accuracy over the seeds; ``what`` says of which pictures."""
    rows = [
        [
            label,
            f"{weights(group[0]['settings']):,}",
            group[0]["settings"]["epochs"],
            len(group),
            training.spread(training.final(group)),
            f"{100 * np.mean([record['result']['active'][-1] for record in group]):.1f}",
            ", ".join(map(str, _layers(group, "theta", min))),
            ", ".join(f"{100 * share:.0f}" for share in _layers(group, "alike", max)),
            f"{np.mean([_rate(record) for record in group]):,.0f}",
        ]
        for label, group in training.by_label(records).items()
    ]
    heading = ["network", "weights", "epochs", "seeds", f"{what} % (least)",
               "active % in the last epoch", "least theta of layers at the end",
               "units alike, %", "training samples/s"]  # fmt: skip
    return training.markdown(heading, rows)


def _layers(group, name, choose):
    """Return the least or largest value of each layer over the seeds."""
    values = [record["result"][name] for record in group]
    return [choose(each) for each in zip(*values, strict=True)]
