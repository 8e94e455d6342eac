"""Runs of all kinds to export, what they answer, and 10,000 samples."""

import subprocess

import numpy as np
from support import graph_cases

from boldhw.data.coder import Coder
from boldhw.data.datasets import Origin
from boldhw.data.schema import Schema
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import kernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.hyper import Hyper
from boldhw.golden.network import Network
from boldhw.golden.trainer import Trainer

SAMPLES = 10_000
CHAIN = (64, 20, 5)
ODD_NAMES = ("a", 'b "quoted"', "c\\n", "Ä@name@", "e??/ */")


def graph_run(name, outputs_per_class=1):
    """Return a run of a network of graph_cases with random weights and thresholds."""
    return run_of(graph_cases.network(name), outputs_per_class)


def run_of(spec, outputs_per_class=1):
    """Return a run of a graph with random weights and thresholds."""
    settings = graph_cases.settings(spec, 3)
    settings.outputs_per_class = outputs_per_class
    graph = GraphNetwork(spec, settings, 5, kernel=kernel())
    code = Levels.spread(spec.sample.planes) if spec.sample.planes < 100 else None
    return GraphTrainer(graph, Constants(), 1, 1, code=code)


def chain_run(threshold=90, zero_true=True, config=None, widths=CHAIN, hyper=None):
    """Return a run of dense layers on pixels, with names of classes that need care."""
    arguments = (widths, config) if config else (widths,)
    trainer = Trainer(Network(*arguments, seed=4), hyper or Hyper(zero_true=zero_true), 2)
    trainer.network.configure(trainer.settings(None))
    trainer.origin = Origin("pixels", threshold, 1, 0)
    classes = trainer.network.settings.classes
    trainer.schema = Schema(ODD_NAMES[: min(classes, 3)])
    return trainer


def table_run(values):
    """Return a run of dense layers on features that a coder makes bits of."""
    coder = Coder.fit(values, levels=4)
    trainer = Trainer(Network((len(coder.edges), 20, 5), seed=4), Hyper(zero_true=False), 2)
    trainer.network.configure(trainer.settings(None))
    trainer.schema = Schema(ODD_NAMES, coder=coder)
    return trainer


def random_bits(inputs, count=SAMPLES, seed=7):
    """Return samples of bits of which some have few T's and some have many."""
    generator = np.random.default_rng(seed)
    return generator.random((count, inputs)) < generator.random((count, 1))


def random_pixels(places, count=SAMPLES, seed=7):
    """Return pictures, uint8, from dark to bright."""
    generator = np.random.default_rng(seed)
    return (generator.random((count, places)) * generator.integers(1, 257, (count, 1))).astype(
        np.uint8
    )


def equal(found, wanted):
    """Return how many of the answers are equal; all shapes must be."""
    found = np.asarray(found)
    assert found.shape == wanted.shape
    return int(np.all((found == wanted).reshape(len(wanted), -1), axis=1).sum())


def compiled(folder, files, *flags):
    """Write C into a folder and compile all of it, without a warning; return the program."""
    for name, text in files.items():
        (folder / name).write_text(text)
    sources = sorted(name for name in files if name.endswith(".c"))
    words = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2", *flags]
    done = subprocess.run([*words, *sources, "-o", "program"], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return folder / "program"


def answers_of_program(program, lines, scores):
    """Return (classes, scores, names) that an example program prints for lines of samples."""
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True)
    assert done.returncode == 0
    rows = [line.split(" ", 1 + scores) for line in done.stdout.splitlines()]
    numbers = np.array([row[: 1 + scores] for row in rows], int)
    return numbers[:, 0], numbers[:, 1:], [row[-1] for row in rows]


def digits(bits):
    """Return samples of bits as lines of 0 and 1."""
    return ["".join(row) for row in np.where(bits, "1", "0").tolist()]


def numbers(values):
    """Return samples of whole numbers as lines."""
    return [" ".join(map(str, row)) for row in values.tolist()]
