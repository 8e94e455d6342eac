"""The published rule in floating point against the integer rule on pictures, pixels, sub-pixels.

Both rules train the same chain of layers on the same samples in the same coding. Eta of the paper's
rule is chosen on samples held back, on which those rows are not trained. The other rows are tested
once, after the last epoch.
"""

from statistics import mean
from typing import NamedTuple

import numpy as np

from boldhw.energy import cost as energy
from boldhw.experiments import paper, training
from boldhw.experiments.chain_tasks import SIDE, SMALL, TASKS, load
from boldhw.experiments.experiment import Experiment
from boldhw.golden.graph.calibrate import calibrate
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.reference.model import Recipe, Trainer
from boldhw.reference.networks import chain
from boldhw.spec.head import RESIDUALS

INTEGER, TERNARY = "integer", "integer, three-valued"
# Rule -> kind of the first and last layer, batch norm.
RULES = {
    "paper, real ends, BN": ("real", True),
    "paper, Boolean ends, BN": ("boolean", True),
    "paper, Boolean ends": ("boolean", False),
}
BITS = 16  # of an accumulator
CHUNK = 20  # samples that the paper's rule infers together
MEASURES = {
    "classification": ("test %", "held back %", "always the class of most training samples"),
    "segmentation": ("test mean IoU %", "validation mean IoU %",
                     "always the class of most training pixels"),
    "super-resolution": ("Set5 x2 PSNR dB", "held back PSNR dB", "bicubic"),
}  # fmt: skip


class Size(NamedTuple):
    """What is trained: layers, samples of an epoch, epochs, and samples of an update by each rule.

    The integer rule gathers that many active samples.
    """

    layers: str
    samples: int
    epochs: int
    batch: int
    gathered: int


SIZES = {
    "classification": Size("16k5p2-32k5p2-10", 12_000, 3, 100, 16),
    "segmentation": Size("32k3-32k3-44k1", 367, 4, 4, 1),
    "super-resolution": Size("32k3-32k3-16k3", 200, 4, 4, 1),
}
QUICK = {
    "classification": Size("5k3p2-6k3p2-10", 500, 3, 50, 16),
    "segmentation": Size("8k3-8k3-44k1", 40, 1, 4, 4),
    "super-resolution": Size("8k3-8k3-16k3", 40, 4, 4, 4),
}
# Etas of each rule of RULES that are tried, and which was chosen on samples held back.
ETAS = {
    "classification": ((1500, 15_000), (50, 150), (12, 120)),
    "segmentation": ((1500, 15_000), (150, 1500), (12, 40)),
    "super-resolution": ((150, 1500), (50, 150), (4, 12)),
}
CHOSEN = {
    "classification": (1500, 150, 12),
    "segmentation": (1500, 1500, 12),
    "super-resolution": (1500, 50, 12),
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    tested = [
        settings
        for task, size in (QUICK if quick else SIZES).items()
        for seed in range(1, seeds + 1)
        for settings in _rules(task, size, seed, SMALL if quick else SIDE)
    ]
    return tested if quick else tested + _trials()


def _rules(task, size, seed, side):
    """Yield the settings of every rule on a task."""
    for (rule, (ends, norm)), eta in zip(RULES.items(), CHOSEN[task], strict=True):
        yield _settings(task, size, seed, side, rule, ends=ends, batch_norm=norm, eta=eta)
    yield _settings(task, size, seed, side, INTEGER, bits=BITS)
    if task == "super-resolution":
        yield _settings(task, size, seed, side, TERNARY, bits=BITS, ternary=True)


def _trials():
    """Return the settings of one seed of the paper's rules with every eta."""
    return [
        _settings(task, size, 1, SIDE, rule, choose=True, ends=ends, batch_norm=norm, eta=eta)
        for task, size in SIZES.items()
        for (rule, (ends, norm)), etas in zip(RULES.items(), ETAS[task], strict=True)
        for eta in etas
    ]


def _settings(task, size, seed, side, rule, *, choose=False, ternary=False, **others):
    """Return the settings of a run; ``others`` are ends, batch_norm and eta, or bits."""
    return {"task": task, "label": rule, "seed": seed, "side": side, "choose": choose,
            "ternary": ternary, **size._asdict(), **others}  # fmt: skip


def run(settings, sets):
    """Train by one rule; return how good it is, or nothing where the data set is missing."""
    if settings["task"] not in sets.found:
        return {}
    task = TASKS[settings["task"]][2](settings, sets.found[settings["task"]])
    network, flips = (_paper if "ends" in settings else _integer)(settings, task)
    shapes = energy.shapes_of(task.spec)
    return {
        "score": task.judge(network),
        "baseline": task.baseline,
        "flips": flips,
        "weights": sum(shape.weights for shape in shapes),
        "state_bits": paper.state_bits(settings, shapes),
    }


def _integer(settings, task):
    """Return a GraphNetwork that has been trained, and the flips of its weights."""
    constants = Constants(batch=settings["gathered"])
    values, ones = task.values, np.count_nonzero(task.values) / task.values.size
    initial = start(task.spec, constants, int(256 * ones), bits=settings["bits"], **task.start)
    graph = fastest(
        task.spec, initial, settings["seed"], settings["bits"], values[:8], task.targets[:8]
    )
    calibrate(graph, constants, values)
    trainer = GraphTrainer(graph, constants, settings["epochs"], len(values), settings["seed"])
    epochs = list(trainer.run(values, task.targets, values[:0], task.targets[:0]))
    return graph, sum(sum(epoch.flips) for epoch in epochs)


def _paper(settings, task):
    """Return an Answering that has been trained, and the flips of its Boolean weights."""
    model = chain(task.spec, settings["seed"], settings["ends"], settings["batch_norm"],
                  task.start.get("outputs_per_class", 1))  # fmt: skip
    recipe = Recipe(**{name: settings[name] for name in ("epochs", "batch", "eta")})
    network = Answering(model, task)
    trainer = Trainer(model, recipe, settings["seed"], task.loss)
    epochs = list(trainer.run(network.numbers(task.values), task.answers))
    return network, sum(sum(epoch.flips) for epoch in epochs)


class Answering:
    """A Model of the reference that answers as a GraphNetwork does."""

    def __init__(self, model, task):
        self.model = model
        self.fraction = task.spec.head.fraction if task.spec.head.kind == RESIDUALS else None
        self.zero_true = task.start["zero_true"][0]

    def numbers(self, values):
        """Return float32: T is 1, F -1, or 0 where it is that for the integer rule too."""
        if values.dtype == np.bool_ and not self.zero_true:
            return 2 * values.astype(np.float32) - 1
        return values.astype(np.float32)

    def infer(self, values):
        """Return scores; residuals in the fixed point of the head."""
        scores = self.model.infer(self.numbers(values), CHUNK)
        if self.fraction is None:
            return scores
        return np.rint(scores * (1 << self.fraction)).astype(np.int32)


def cost(settings):
    """Return about how many seconds a run takes on one core."""
    seconds = {"classification": 2e-3, "segmentation": 5e-2, "super-resolution": 5e-2}
    return settings["epochs"] * settings["samples"] * seconds[settings["task"]]


def report(records):
    """Return a table for each task, those of rows that chose eta behind them, and no figures."""
    texts = []
    for task, (measure, held, baseline) in MEASURES.items():
        own = [each for each in records if each["settings"]["task"] == task and each["result"]]
        tested = [each for each in own if not each["settings"]["choose"]]
        if not tested:
            texts.append(f"**{task}**: its data set is missing, and so are its rows.")
            continue
        texts.append(f"**{task}**, {_sizes(tested[0])}:\n\n{_table(tested, measure, baseline)}")
        if len(tested) < len(own):
            chosen = [each for each in own if each["settings"]["choose"]]
            texts.append(f"Eta, one seed:\n\n{_trial_table(chosen, held)}")
    return "\n\n".join(texts), {}


def _sizes(record):
    settings = record["settings"]
    return (
        f"{settings['layers']}, {record['result']['weights']:,} weights, {settings['samples']:,} "
        f"samples an epoch, {settings['epochs']} epochs"
    )


def _table(records, measure, baseline):
    """Return a row for each rule, and one of what has learned nothing."""
    rows = []
    for label, group in training.by_label(records).items():
        results = [each["result"] for each in group]
        rows.append([
            label,
            group[0]["settings"].get("eta", ""),
            len(group),
            training.spread([result["score"] for result in results]),
            f"{results[0]['state_bits']:.1f}",
            f"{mean(result['flips'] for result in results):,.0f}",
            f"{mean(each['seconds'] for each in group):,.0f}",
        ])  # fmt: skip
    rows.append([baseline, "", "", f"{records[0]['result']['baseline']:.2f}", "", "", ""])
    heading = ["rule", "eta", "seeds", f"{measure} (least)", "state bits per weight", "flips",
               "seconds"]  # fmt: skip
    return training.markdown(heading, rows)


def _trial_table(records, measure):
    """Return a row for each rule and eta."""
    rows = [
        [each["settings"]["label"], each["settings"]["eta"], f"{each['result']['score']:.2f}",
         f"{each['result']['flips']:,}"]
        for each in records
    ]  # fmt: skip
    return training.markdown(["rule", "eta", measure, "flips"], rows)


EXPERIMENT = Experiment(
    title="The paper's rule against the integer rule on three tasks",
    runs=runs,
    run=run,
    report=report,
    load=load,
    cost=cost,
    brings_data=True,
)
