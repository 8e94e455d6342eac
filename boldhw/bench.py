"""Throughput of the golden model."""

import time
from statistics import median

import numpy as np

from boldhw import data
from boldhw.golden.network import Network
from boldhw.hyper import Hyper


def golden_throughput(network="784-256-10", name="mnist5k", samples=20000, runs=5):
    """Return samples/s of the first training epoch and of inference, medians of several runs.

    The samples of data set ``name``, thresholded, are repeated as often as needed.
    """
    dataset = data.load(name)
    pick = np.arange(samples) % len(dataset.y_train)
    bits, labels = data.booleanise(dataset.x_train)[pick], dataset.y_train[pick]
    popcount = np.count_nonzero(bits) / samples
    training, inference = [], []
    for seed in range(runs):
        model = Network(network, seed=seed)
        model.set_registers(Hyper().registers(model.engine, model.widths, popcount=popcount))
        training.append(samples / _seconds(model.train, bits, labels))
        inference.append(samples / _seconds(model.infer, bits))
    return {
        "network": network,
        "samples": samples,
        "runs": runs,
        "training_samples_per_second": round(median(training)),
        "inference_samples_per_second": round(median(inference)),
    }


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start
