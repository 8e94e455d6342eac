"""Throughput of the golden model of a graph, with either kernel."""

import time
from statistics import median

import numpy as np

from boldhw import data
from boldhw.errors import DataError
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.kernel import NumpyKernel
from boldhw.golden.graph.network import GraphNetwork
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer

FEW, MANY = 256, 20000  # samples that NumPy and the compiled kernel are measured with


def graph_throughput(spec, samples=FEW, runs=3, kernel=NumpyKernel, name="mnist5k"):
    """Return samples/s of the first ``samples`` trained on, governors and all, and of inference.

    They are medians of several runs, each from new weights. The pictures of data set ``name`` are
    repeated as often as needed. Raises DataError when the network takes others.
    """
    dataset, planes = data.load(name), spec.sample.planes
    code = Levels((data.THRESHOLD,)) if spec.is_chain else Levels.spread(planes)
    code.check(spec.sample, dataset.x_train, name)
    if spec.output.outputs < dataset.classes:
        raise DataError(f"{name} has {dataset.classes} classes, {spec} tells fewer apart")
    pick = np.arange(samples) % len(dataset.y_train)
    pictures, labels, constants = dataset.x_train[pick], dataset.y_train[pick], Constants()
    ones = int(256 * np.mean(code(dataset.x_train[:1000])))
    training, inference = [], []
    for seed in range(runs):
        graph = GraphNetwork(spec, start(spec, constants, ones), seed, kernel=kernel)
        trainer = GraphTrainer(graph, constants, 1, samples, seed, code)
        begin = time.perf_counter()
        list(trainer.run(pictures, labels, pictures[:1], labels[:1]))
        middle = time.perf_counter()
        trainer.accuracy(pictures, labels)
        training.append(samples / (middle - begin))
        inference.append(samples / (time.perf_counter() - middle))
    return {
        "network": str(spec),
        "samples": samples,
        "runs": runs,
        "training_samples_per_second": round(median(training)),
        "inference_samples_per_second": round(median(inference)),
    }


def compiled_graph_throughput(spec, samples=MANY, **options):
    """Return the same for the compiled kernel, ready to run. ToolError: numba is missing."""
    from boldhw.golden.graph.compiled import CompiledKernel

    graph_throughput(spec, **{**options, "samples": FEW, "runs": 1}, kernel=CompiledKernel)
    return graph_throughput(spec, samples, kernel=CompiledKernel, **options)
