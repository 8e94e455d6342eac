"""``boldhw train`` and ``boldhw eval`` of a graph of layers."""

import time
from dataclasses import replace

import numpy as np

from boldhw import data
from boldhw.cli import options, own_data, train_words
from boldhw.cli.epochs import open_log, run_epochs
from boldhw.cli.graph_backend import Backend
from boldhw.cli.outcome import advice, result_of
from boldhw.cli.reporting import check_report, write_run_report
from boldhw.cli.saving import check_place, given, refuse_fixed, resumable
from boldhw.cli.source import check_classes, frozen_layers
from boldhw.data.datasets import Origin
from boldhw.data.majority import majority_share
from boldhw.data.sources import load_to_test
from boldhw.errors import ConfigError, DataError
from boldhw.golden.graph import checkpoint as graphs
from boldhw.golden.graph.calibrate import calibrate
from boldhw.golden.graph.coding import Levels
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.golden.graph.words import check_words
from boldhw.golden.transfer import continued, graph_with_outputs
from boldhw.spec.packing import check_labels

FIXED = ("network", "epochs", "seed", "threshold", "freeze", *own_data.FIXED)  # by a checkpoint
UNUSED = options.HYPER_HELP
BITS = 16  # of an accumulator
PICTURES = 2000  # that tell the share of T's at the start


def is_graph(path):
    """Return whether a run to be resumed, None if there is none, is one of a graph."""
    return path is not None and graphs.is_graph(path)


def train_graph(settings, places, resume, begin, force, threshold, samples):
    """Train a graph and return the result of the verb.

    settings: network, epochs, seed, clock_hz, name of the backend and Choice of its engine.
    places: where to save the run and its report, each may be None.  begin: checkpoint of --from, or
    None, --add-class, and layers to freeze.  samples: name, training and
    test size of the data set, and its Reading. Raises ConfigError and DataError.
    """
    if unused := given(UNUSED):
        raise ConfigError(
            f"--{unused[0].replace('_', '-')} is for chains of dense layers; a graph trains with "
            f"governors: leave it out"
        )
    choice = settings["choice"]
    checkpoint, report = places
    if resume is not None:
        refuse_fixed(resume, FIXED)
        checkpoint = resume if checkpoint is None else checkpoint
    if checkpoint is not None:
        check_place(checkpoint, resume, force)
    check_report(report)
    backend = Backend(settings["backend"], choice, settings["clock_hz"])
    with backend.connected():
        trainer, dataset = begun(settings, resume, begin, threshold, samples, backend.size)
        _check_order(trainer, resume, choice.has_store)
        _check_counted(trainer, resume, backend.size)

        def coded():
            return trainer.code(dataset.x_train), dataset.y_train

        with backend.running(trainer.graph, coded) as trainer.graph:
            return _trained(trainer, dataset, samples[0], resume, (checkpoint, report), backend)


def begun(settings, resume, begin, threshold, samples, size):
    """Return (run, data set): a run that is resumed, or has not begun. size: of the engine.

    settings: network, epochs and seed of a new one.  The others are those of :func:`train_graph`.
    """
    source, add_class, freeze = begin
    if source is not None:
        trainer, dataset = _continued(source, settings, add_class, freeze, samples)
    elif resume is None and train_words.has_words(settings, samples):
        trainer, dataset = train_words.begin(settings, freeze, samples)
    elif resume is None:
        dataset = _samples(samples)
        trainer = _new(settings, threshold, freeze, dataset, size)
    else:
        trainer = graphs.load(resume)
        dataset = _samples(samples, own_data.schema_of(trainer))
    if trainer.graph.spec.words:
        trainer.change = train_words.CHANGE
    check_data(trainer.code, trainer.graph.spec, trainer.graph.classes, dataset)
    trainer.schema = dataset.schema
    return trainer, dataset


def _check_order(trainer, resume, stored):
    """Have a new run train in the order of a store, if ``stored``; check one that is resumed."""
    if resume is None and stored and trainer.graph.spec.words:
        raise ConfigError("--store is for pictures, and the network takes words; leave it out")
    if resume is not None and trainer.stored != stored:
        way = "leave out --store" if stored else "add --store"
        raise ConfigError(f"{resume} takes its samples in another order; {way}")
    trainer.stored = stored


def _check_counted(trainer, path, size):
    """Raise ConfigError for a run whose governors need counters that the engine lacks."""
    if size is not None and size.uncounted and trainer.constants.counted:
        raise ConfigError(
            f"{path or 'the run'} moves thresholds by counters, which an engine that is made with "
            f"uncounted=True lacks; use one that counts, or begin a new run"
        )


def _trained(trainer, dataset, name, resume, places, backend):
    """Train and return the result of the verb. name: of the data set."""
    checkpoint, report = places
    _check_origin(trainer, name, dataset, resume)
    log = open_log(checkpoint or report, trainer, resume)
    start_time = time.perf_counter()
    epochs = _run(trainer, dataset, checkpoint, log, backend)
    seconds = time.perf_counter() - start_time
    if report is not None:
        write_run_report(trainer, log.entries, report)
    result = result_of(
        str(trainer.graph.spec), trainer, epochs, dataset.x_test, dataset.y_test, seconds
    )
    return result | ({"cycles": backend.cycles} if backend.device else {})


def _continued(path, settings, add_class, freeze, samples):
    """Return (run, data set): a new run that begins with the graph saved at ``path``."""
    old = graphs.load(path)
    dataset = _samples(samples, own_data.schema_of(old), add_class)
    if not add_class:
        check_classes(dataset, old.graph.classes, path)
    wanted = len(dataset.schema.classes) * old.graph.settings.outputs_per_class
    if wanted > old.graph.spec.output.outputs:
        old.graph = graph_with_outputs(old.graph, wanted, settings["seed"])
    frozen = frozen_layers(freeze, old.graph.spec)
    count = len(dataset.y_train)
    return continued(old, settings["epochs"], count, settings["seed"], frozen), dataset


def _samples(samples, schema=None, more=False):
    """Return a data set of pixels or texts. Raises DataError for one that a coder makes bits of."""
    name, train_size, test_size, reading = samples
    dataset = data.load(name, train_size, test_size, reading, schema, more)
    if dataset.schema and dataset.schema.coder:
        raise DataError(
            f"{dataset.name} has no pixels but features with edges of their own; a graph takes "
            f"pictures: leave out --levels, --code and --edges, or use --hidden"
        )
    own_data.tell(dataset.notes)
    return dataset


def check_data(code, spec, classes, dataset):
    """Raise DataError unless a network can train and test on a data set that ``code`` cuts."""
    if spec.words:
        check_words(dataset.x_train, spec.words)
        check_words(dataset.x_test, spec.words)
    else:
        code.check(spec.sample, dataset.x_train, dataset.name)
    for name, labels in (("training", dataset.y_train), ("test", dataset.y_test)):
        check_labels(labels, len(labels), classes, f"{name} set: labels")


def _new(settings, threshold, freeze, dataset, size):
    """Return a run that has not begun. size: of the engine that it is for, or None."""
    spec, seed, constants, width = settings["network"], settings["seed"], Constants(), BITS
    if size is not None:
        width = size.accumulator_bits
        constants = replace(
            constants, batch=min(constants.batch, size.batch), counted=not size.uncounted
        )
    frozen = frozen_layers(freeze, spec)
    spec = spec if frozen is None else spec.frozen(frozen)
    code = _levels(spec, threshold)
    check_data(code, spec, spec.output.outputs, dataset)
    bits = code(dataset.x_train[:PICTURES])
    initial = start(
        spec,
        constants,
        int(256 * np.count_nonzero(bits) / bits.size),
        bits=width,
    )
    graph = fastest(spec, initial, seed, width, bits, dataset.y_train)
    if not constants.counted:  # what no governor moves begins in its place
        calibrate(graph, constants, bits)
    return GraphTrainer(graph, constants, settings["epochs"], len(dataset.y_train), seed, code)


def _levels(spec, threshold):
    """Return the Levels of a sample's planes; one plane has the threshold of the command line.

    So have the inputs of a chain.
    """
    sample = spec.sample
    if sample.planes == 1 or spec.is_chain:
        return Levels((threshold,))
    if given(["threshold"]):
        raise ConfigError(
            f"--threshold is for one plane; {sample} takes {sample.planes} levels at equal "
            f"distances: leave it out"
        )
    return Levels.spread(sample.planes)


def _check_origin(trainer, name, dataset, resume):
    """Note which samples a run trains on. Raises DataError if it trained on others before."""
    bits = trainer.code(dataset.x_train)
    if trainer.graph.spec.words:
        bits, level = np.unpackbits(bits.astype("<i4").view(np.uint8), axis=1), 0
    else:
        level = trainer.code.levels[0]
    origin = Origin.of(name, level, bits, dataset.y_train)
    if resume is not None and trainer.origin:
        trainer.origin.check(origin, resume)
    trainer.origin = origin


def _run(trainer, dataset, checkpoint, log, backend):
    """Train the epochs that are left, saving after each; return their EpochStats."""

    def read():
        if backend.device:
            trainer.graph.read()

    def save():
        if checkpoint is not None:
            graphs.save(checkpoint, trainer)

    samples = dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test
    with resumable(trainer, checkpoint):
        return run_epochs(trainer, samples, log, save, read)


def load_graph(path, threshold):
    """Return the run of a graph, its pixels cut at a threshold that may be None.

    Raises ConfigError for a threshold of several levels or of words.
    """
    trainer = graphs.load(path)
    if threshold is not None:
        if trainer.graph.spec.words:
            raise ConfigError(f"{path} has words and no pixels; leave out --threshold")
        if len(trainer.code.levels) > 1:
            raise ConfigError(f"{path} has several levels a pixel; leave out --threshold")
        trainer.code = Levels((threshold,))
    return trainer


def evaluate_graph(path, backend, samples, threshold):
    """Return the result of ``boldhw eval`` of a graph. Raises ConfigError and DataError.

    backend: a Backend.  samples: name and test size of the data set, and its Reading.
    """
    trainer = load_graph(path, threshold)
    name, size, reading = samples
    dataset = load_to_test(name, size, reading, own_data.schema_of(trainer))
    own_data.tell(dataset.notes)
    check_data(trainer.code, trainer.graph.spec, trainer.graph.classes, dataset)
    with backend.inferring(trainer.graph) as trainer.graph:
        accuracy = trainer.accuracy(dataset.x_test, dataset.y_test)
    options.say_if_nothing_learned(accuracy, dataset.y_test, advice(trainer))
    return {
        "network": str(trainer.graph.spec),
        "epochs": trainer.epoch,
        "test_accuracy": accuracy,
        "majority_share": majority_share(dataset.y_test),
        "samples": len(dataset.y_test),
    }
