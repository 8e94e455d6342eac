"""Classes of pixels: a graph of convolutions with dilations on pictures of streets.

Settings are chosen on the validation part, on which rows that choose are tested. The other rows are
tested once, after the last epoch.
"""

from math import isqrt

import numpy as np

from boldhw.data.scenes import Scenes, read_scenes
from boldhw.errors import ConfigError
from boldhw.experiments import training
from boldhw.experiments.confusion import Confusion
from boldhw.experiments.experiment import Experiment
from boldhw.golden.graph.calibrate import calibrate
from boldhw.golden.graph.coding import Colours
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.settings import ALL
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import CHANGE, GraphTrainer
from boldhw.report.rasters import pixels, png, sheet, text
from boldhw.spec.network import Network

CLASSES, VOID, EACH = 11, 11, 4  # classes; label of no class; outputs of a class
NAMES = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car",
         "pedestrian", "bicyclist")  # fmt: skip
PALETTE = np.array(
    [(128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0),
     (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192), (0, 0, 0)],
    np.uint8,
)  # fmt: skip
FACTOR = 2  # from 120 x 90 pixels to 60 x 45
LEVELS, ROWS, COLUMNS = 14, 12, 8  # planes of a colour; of the place
BRANCHES = (1, 3, 6, 12)  # dilations; the first one reads one place
WIDTH, EPOCHS, TRIAL, LONGER = 64, 20, 3, 10
BATCH = 1  # pictures of an update
SHOWN = 4  # pictures of a report


def network(height, width, planes, outputs=WIDTH):
    """Return the network: two layers, four branches that read the second, a head that reads all.

    outputs: of each layer but the last.
    """

    def conv(name, sources, outputs, **kernel):
        taps = [{"source": source} for source in sources]
        return {"name": name, "kind": "conv", "kernel": kernel, "taps": taps, "outputs": outputs}

    branches = [
        conv(f"far{dilation}", ["second"], outputs, side=1 if dilation == 1 else 3,
             dilation=dilation)
        for dilation in BRANCHES
    ]  # fmt: skip
    hidden = [
        conv("first", ["input"], outputs, side=3),
        conv("second", ["first"], outputs, side=3, dilation=2),
        *branches,
    ]
    everything = [*(layer["name"] for layer in hidden), "input"]
    return Network.from_dict({
        "inputs": [height, width, planes],
        "layers": [*hidden, conv("classes", everything, CLASSES * EACH, side=1)],
        "head": {"kind": "pixels", "void": VOID},
    })  # fmt: skip


def settings(seed, epochs, label, *, choose=False, outputs=WIDTH, zero_true=False, rounding=0,
             batch=BATCH, **constants):  # fmt: skip
    """Return the settings of a run; ``constants`` are those that are not the usual ones.

    choose: test on the validation part.  zero_true: F of all maps is 0.  rounding: of every layer.
    """
    return {"label": label, "seed": seed, "epochs": epochs, "choose": choose, "outputs": outputs,
            "zero_true": zero_true, "rounding": rounding,
            "constants": {"batch": batch, **constants}}  # fmt: skip


LABEL = "two layers, four branches"
# What was tried beside the usual settings.
TRIALS: dict[str, dict] = {
    "usual": {},
    "4 pictures an update, 2 bits dropped": {"batch": 4, "rounding": 2},
    "maps {0,T}": {"zero_true": True},
    "T's in 3/8 to 5/8": {"fire_low": 96, "fire_high": 160},
    "half the flips": {"flips_first": 4087, "flips_last": 5194},
    "margin of the end all along": {"margin_first": 16},
}
# What was tried in longer runs of seeds 1 and 2, which tell the ends of schedules apart.
ENDS: dict[str, dict] = {
    "usual, 10 epochs": {},
    "fewer flips at the end, 10 epochs": {"flips_last": 5706},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        return [
            settings(1, 2, LABEL, outputs=16),
            settings(1, 1, "maps {0,T}", outputs=16, choose=True, zero_true=True),
        ]
    numbers = range(1, seeds + 1)
    short = [
        settings(seed, TRIAL, label, choose=True, **changes)
        for label, changes in TRIALS.items()
        for seed in numbers
    ]
    longer = [
        settings(seed, LONGER, label, choose=True, **changes)
        for label, changes in ENDS.items()
        for seed in numbers[:2]
    ]
    return [settings(seed, EPOCHS, LABEL) for seed in numbers] + short + longer


def load(name, quick):
    """Return scenes of 60 x 45 pixels; of a quick form without data, made ones."""
    if name is None and quick:
        return made()
    if name is None:
        raise ConfigError(
            "segmentation needs pictures with a class of each pixel; give --data DIR, a directory "
            "with an .npz file of CamVid"
        )
    return read_scenes(name).smaller(FACTOR)


def made(height=15, width=20):
    """Return small scenes of two grounds and a box, and void pixels at the edge."""
    generator = np.random.default_rng(0)

    def part(count):
        labels = np.zeros((count, height, width), np.uint8)
        for label, horizon in zip(labels, generator.integers(4, height - 4, count), strict=True):
            label[horizon:] = 3
            y, x = generator.integers(1, height - 5), generator.integers(1, width - 6)
            label[y : y + 4, x : x + 5] = 8
        pictures = PALETTE[labels] + generator.integers(0, 60, (*labels.shape, 3))
        labels[:, :, 0] = VOID
        return np.clip(pictures, 0, 255).astype(np.uint8), labels

    (a, b), (c, d), (e, f) = part(40), part(8), part(12)
    return Scenes(a, b, c, d, e, f, "made scenes")


class Mirroring(GraphTrainer):
    """A trainer that mirrors half of the pictures of an epoch, with their labels."""

    def _changed(self, samples, targets):
        mirrored = self._generator(CHANGE).random(len(samples)) < 0.5
        samples, targets = samples.copy(), targets.copy()
        samples[mirrored] = samples[mirrored, :, ::-1]
        targets[mirrored] = targets[mirrored, :, ::-1]
        return samples, targets


def run(settings, scenes):
    """Train a network; return counts of pixels by label and answer, and some pictures."""
    part = "val" if settings["choose"] else "test"
    test, test_labels = (getattr(scenes, f"{kind}_{part}") for kind in "xy")
    trainer = _trainer(settings, scenes)
    nothing = scenes.x_train[:0], scenes.y_train[:0]
    epochs = list(trainer.run(scenes.x_train, scenes.y_train, *nothing))
    answers = np.concatenate([
        trainer.graph.infer(trainer.code(test[k : k + 1])).argmax(axis=-1)
        for k in range(len(test))
    ]).astype(np.uint8)  # fmt: skip
    confusion = Confusion.of(test_labels, answers, CLASSES)
    first = settings["seed"] == 1 and not settings["choose"]
    shown = np.linspace(0, len(test) - 1, SHOWN).astype(int)
    return {
        "pixels": confusion.pixels,
        "miou": confusion.mean_iou,
        "confusion": confusion.counts.tolist(),
        "majority": Confusion.majority(scenes.y_train, test_labels, CLASSES).counts.tolist(),
        "hits": [
            epoch.hits / max(1, trainer.graph.head.judged(scenes.y_train)) for epoch in epochs
        ],
        "flips": [epoch.flips for epoch in epochs],
        "theta": [layer.settings.theta for layer in trainer.graph.layers],
        "shown": [text(each[shown]) for each in (test, test_labels, answers)] if first else [],
        "size": list(test.shape[1:3]),
        "samples": len(scenes.x_train),
    }


def _trainer(settings, scenes):
    """Return a run that has not begun."""
    constants, seed = Constants(**settings["constants"]), settings["seed"]
    code = Colours.fit(scenes.x_train, LEVELS, ROWS, COLUMNS)
    _, height, width, _ = scenes.x_train.shape
    spec = network(height, width, code.planes, settings["outputs"])
    count = len(spec.layers)
    initial = start(
        spec,
        constants,
        128,
        zero_true=[settings["zero_true"]] * count,
        rounding=[settings["rounding"]] * count,
        outputs_per_class=EACH,
        keep=balance(scenes.y_train),
    )
    bits = code(scenes.x_train[:64])
    graph = fastest(spec, initial, seed, 16, bits[:8], scenes.y_train[:8])
    calibrate(graph, constants, bits)
    return Mirroring(graph, constants, settings["epochs"], len(scenes.x_train), seed, code)


def balance(labels):
    """Return ``keep`` of each class: the root of the mean count over its count, 65536 at most."""
    counts = np.bincount(labels[labels != VOID], minlength=CLASSES).tolist()
    roots = [isqrt((sum(counts) << 32) // (CLASSES * max(1, count))) for count in counts]
    return np.minimum(roots, ALL).astype(np.int32)


def cost(settings):
    """Return epochs times weights, for every run has the same pictures."""
    return settings["epochs"] * settings["outputs"]


def report(records):
    """Return the tables, and a sheet of pictures, labels and answers."""
    tested = [record for record in records if not record["settings"]["choose"]]
    chosen = [record for record in records if record["settings"]["choose"]]
    told = f"{_table('test', tested)}\n\n{_classes(tested)}"
    if chosen:
        told += f"\n\nTested on the validation part:\n\n{_table('validation', chosen)}"
    sheets = {}
    for record in tested:
        if record["result"]["shown"]:
            sheets["segmentation.png"] = _sheet(record["result"])
            told += (
                "\n\n![Pictures, labels and answers](segmentation.png)\n\n"
                "Pictures, their labels (black: void) and what the network answers."
            )
    return told, sheets


def _table(part, records):
    rows = [
        [
            label,
            group[0]["settings"]["epochs"],
            len(group),
            training.spread([100 * record["result"]["pixels"] for record in group]),
            training.spread([100 * record["result"]["miou"] for record in group]),
            f"{np.mean([_rate(record) for record in group]):,.0f}",
        ]
        for label, group in training.by_label(records).items()
    ]
    majority = Confusion(np.array(records[0]["result"]["majority"]))
    share = (f"{100 * value:.2f}" for value in (majority.pixels, majority.mean_iou))
    rows.append(["always the class of most training pixels", "", "", *share, ""])
    heading = ["network", "epochs", "seeds", f"{part} pixels % (least)",
               f"{part} mean IoU % (least)", "training pictures/s"]  # fmt: skip
    return training.markdown(heading, rows)


def _rate(record):
    """Return training pictures per second of a whole run, its test included."""
    return record["settings"]["epochs"] * record["result"]["samples"] / record["seconds"]


def _classes(records):
    """Return the IoU of each class, the mean over the seeds."""
    ious = [Confusion(np.array(record["result"]["confusion"])).ious for record in records]
    values = [f"{100 * value:.0f}" for value in np.mean(ious, axis=0)]
    return training.markdown(["IoU %", *NAMES], [["mean of the seeds", *values]])


def _sheet(result):
    """Return a PNG of pictures in the first row, labels and answers in colours below."""
    height, width = result["size"]
    pictures = pixels(result["shown"][0], (-1, height, width, 3))
    others = (PALETTE[pixels(each, (-1, height, width))] for each in result["shown"][1:])
    return png(sheet([list(row) for row in (pictures, *others)], 4))


EXPERIMENT = Experiment(
    title="Segmentation: classes of pixels", runs=runs, run=run, report=report, load=load, cost=cost
)
