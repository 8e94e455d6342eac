"""``boldhw train``."""

import time
from contextlib import nullcontext

import click
from boldhost import Device
from boldhost.link import Link
from boldhost.stored import StoredDevice

from boldhw.cli import arrays, options, own_data
from boldhw.cli.epochs import open_log, run_epochs
from boldhw.cli.outcome import result_of, text_of
from boldhw.cli.output import verb
from boldhw.cli.reporting import check_report, write_run_report
from boldhw.cli.saving import check_place, refuse_fixed, resumable
from boldhw.cli.source import (
    check_classes,
    check_source,
    from_run,
    frozen_layers,
    known_classes,
    source,
    with_classes,
)
from boldhw.cli.store import fill
from boldhw.cli.train_graph import is_graph, train_graph
from boldhw.data.datasets import Origin
from boldhw.errors import ConfigError
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.fastest import compiled
from boldhw.golden.network import REFERENCE, Network
from boldhw.golden.trainer import Trainer
from boldhw.spec import packing
from boldhw.spec.layout import Layout

# What a checkpoint fixes.
FIXED = ("network", "epochs", "seed", "config", "board", "store", "threshold", "freeze",
         *options.HYPER_HELP, *own_data.FIXED)  # fmt: skip


@verb(text=text_of)
@options.backend("golden")
@options.network
@own_data.hidden
@options.samples
@own_data.reading(code=True)
@options.threshold()
@click.option("--epochs", type=int, default=10, show_default=True)
@options.seed
@arrays.flag
@options.config
@options.store
@click.option("--checkpoint", type=options.FILE, help="Save the run here after every epoch.")
@click.option("--resume", type=options.FILE, help="Go on with the run saved here.")
@source
@click.option("--force", is_flag=True, help="Replace the run that is saved at --checkpoint.")
@click.option("--report", type=options.FILE, help="Write a report of the run here, as HTML.")
@options.hyper
def train(
    backend, data_name, reading, threshold, train_size, test_size, checkpoint, resume, source,
    add_class, freeze, force, hidden, report, **settings,
):  # fmt: skip
    """Train a network and print its accuracy on held-out samples.

    Hyper-parameters that are not given are tuned to pictures, as shown below, or to rows of
    features: those of a table, and of an .npz file with arrays (samples, features).

    A network with convolutions, or a graph, trains with governors and has no hyper-parameters; so
    do a network over the words of texts (--text), and a chain with --ops.

    The totals are those of the epochs trained now; train_active_fraction is the share of their
    samples that were active.
    """
    check_source(source, resume, add_class)
    choice = settings["choice"]
    is_chain = not choice.runs_ops and reading.columns.text is None
    if not is_chain or is_graph(resume) or is_graph(source):
        own_data.check_graph(hidden)
        return train_graph(
            settings | {"backend": backend}, (checkpoint, report), resume,
            (source, add_class, freeze), force, threshold,
            (data_name, train_size, test_size, reading),
        )  # fmt: skip
    if source is not None:
        trainer = from_run(source, settings, freeze)
    else:
        trainer = None if resume is None else _resumed(resume)
    checkpoint = resume if checkpoint is None else checkpoint
    if checkpoint is not None:
        check_place(checkpoint, resume, force)
    check_report(report)
    if trainer:
        threshold = options.run_threshold(trainer)
    dataset = own_data.load(data_name, (train_size, test_size), reading, trainer, add_class)
    if add_class:
        trainer = with_classes(trainer, len(dataset.schema.classes))
    elif source is not None:
        check_classes(dataset, known_classes(trainer), source)
    samples = dataset.samples(threshold)
    settings["hyper"] = options.suited(settings["hyper"], dataset)
    settings["network"] = own_data.network_of(
        settings["network"], hidden, dataset, len(samples[0][0]),
        settings["hyper"].outputs_per_class,
    )  # fmt: skip
    origin = Origin.of(data_name, threshold, *samples[:2])
    if resume is not None and trainer.origin:
        trainer.origin.check(origin, resume)
    with _device(backend, trainer, samples, **settings) as device:
        trainer = trainer or _new(device, freeze, **settings)
        trainer.origin, trainer.schema = origin, dataset.schema
        trainer.check(*samples)
        if not device:
            trainer.network = trainer.backend = compiled(trainer.network, *samples[:2])
        if device:
            device.load(trainer.network)
            trainer.backend = device
        if device and trainer.stored:
            fill(device, *samples[:2])
        log = open_log(checkpoint or report, trainer, resume)
        start = time.perf_counter()
        with resumable(trainer, checkpoint):
            epochs = _run(trainer, device, samples, checkpoint, log)
        seconds = time.perf_counter() - start
        if report is not None:
            write_run_report(trainer, log.entries, report)
        return _result(trainer, device, epochs, samples, seconds)


def _resumed(path):
    """Return the Trainer in a checkpoint. Raises ConfigError for options that it fixes."""
    refuse_fixed(path, FIXED)
    return checkpoints.load(path)


def _device(backend, trainer, samples, config, clock_hz, store, network, **settings):
    """Return a context manager of the device, of None for the golden model."""
    if backend == "golden":
        return nullcontext()
    if trainer:
        config, store, network = trainer.network.config, trainer.stored, trainer.network.graph
    if store and backend == "sim":
        return _simulated(config, clock_hz, network, samples)
    return options.open_device(backend, config, StoredDevice if store else Device, clock_hz)


def _simulated(config, clock_hz, network, samples):
    """Return a simulated board with a store; the samples are in its flash, if it has one."""
    from boldhw.cosim.transport import SimTransport

    if not (config and config.has_store):
        raise ConfigError(
            "the simulated board has no store; choose one that has: --board tang_nano_20k"
        )
    image = None
    if config.store == "flash":
        image = packing.pack_store(Layout(config, network), *samples[:2])
    return StoredDevice(Link(SimTransport(config, clock_hz=clock_hz, flash=image)), config)


def _new(device, freeze, *, network, epochs, seed, config, hyper, store, **_):
    config = device.config if device else config or REFERENCE
    model, frozen = Network(network, config, seed), frozen_layers(freeze, network) or ()
    return Trainer(model, hyper.fitting(config), epochs, seed, stored=store, frozen=frozen)


def _run(trainer, device, samples, checkpoint, log):
    """Train the epochs that are left, saving after each; return their EpochStats."""

    def read():
        if device and log:
            device.read_into(trainer.network)

    def save():
        if checkpoint is not None:
            checkpoints.save(checkpoint, trainer)

    epochs = run_epochs(trainer, samples, log, save, read)
    if device and not log:  # for what is said of accumulators at the end
        device.read_into(trainer.network)
    return epochs


def _result(trainer, device, epochs, samples, seconds):
    """Return the JSON object of the verb."""
    network, (_, _, bits, labels) = list(trainer.network.widths), samples
    result = result_of(network, trainer, epochs, bits, labels, seconds)
    result["state_crc"] = _state_crc(device or trainer.network)
    if device:
        result["cycles"] = sum(device.cycles.values())
    return result


def _state_crc(backend):
    """Return the checksums, None for a golden network larger than the engine's memories."""
    try:
        return backend.state_crc()
    except ConfigError:
        return None
