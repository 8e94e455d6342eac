"""``--from``: a new run that begins with the network of an earlier one; ``--freeze``."""

from dataclasses import replace

import click

from boldhw.cli.options import FILE, HYPER_HELP, stacked
from boldhw.cli.own_data import CODE, schema_of
from boldhw.cli.saving import flag, given
from boldhw.data.rows import listed
from boldhw.errors import ConfigError, DataError
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.trainer import Trainer
from boldhw.golden.transfer import with_outputs

# What the earlier run fixes.
FIXED = ("network", "hidden", "config", "board", "store", "threshold", *CODE)

source = stacked(
    click.option(
        "--from",
        "source",
        type=FILE,
        help="Begin with the network saved here, on new data of the same features and classes.",
    ),
    click.option(
        "--add-class",
        is_flag=True,
        help="With --from: classes that the network does not know get outputs of their own.",
    ),
    click.option(
        "--freeze",
        metavar="LAYER,...|none",
        help="Layers that do not learn, by name or number from 1; all others do.",
    ),
)


def check_source(path, resume, add_class):
    """Raise ConfigError for options that do not go with a network that is there already."""
    if path is None:
        if add_class:
            raise ConfigError("--add-class adds classes to the network of --from; give it, too")
        return
    if resume is not None:
        raise ConfigError(
            "--resume goes on with a run, --from begins a new one with its network; leave one out"
        )
    if found := given(FIXED):
        raise ConfigError(
            f"{flag(found[0])} cannot change, the network in {path} fixes it; leave it out or "
            f"start a new run without --from"
        )


def frozen_layers(text, network):
    """Return the names of the layers in ``--freeze``, None without it. Raises ConfigError."""
    if text is None:
        return None
    if text == "none":
        return ()
    names = {str(number): layer.name for number, layer in enumerate(network.layers, 1)}
    names |= {layer.name: layer.name for layer in network.layers}
    parts = [part.strip() for part in text.split(",")]
    if unknown := [part for part in parts if part not in names]:
        raise ConfigError(
            f"--freeze {unknown[0]!r} is no layer of the network; its layers are "
            f"{', '.join(layer.name for layer in network.layers)}, or 1 to {len(network.layers)}"
        )
    return tuple(dict.fromkeys(names[part] for part in parts))


def from_run(path, settings, freeze):
    """Return a Trainer of a new run that begins with the network saved at ``path``.

    Its code, its classes and its engine stay, and theta is what it was at the end; so do frozen
    layers, unless ``freeze`` says others. Raises ConfigError for layers and hyper-parameters that
    do not fit, DataError for what is no checkpoint.
    """
    old = checkpoints.load(path)
    network, frozen = old.network, frozen_layers(freeze, old.network.graph)
    frozen = old.frozen if frozen is None else frozen
    for layer, accumulators in zip(network.graph.layers, network.accumulators, strict=True):
        if layer.name in old.frozen and layer.name not in frozen:
            accumulators[...] = 0  # they went to their ends while nothing flipped
    hyper = grown(old.hyper)
    changes = {name: getattr(settings["hyper"], name) for name in given(HYPER_HELP)}
    trainer = Trainer(
        network, replace(hyper, **changes), settings["epochs"], settings["seed"],
        stored=old.stored, frozen=frozen,
    )  # fmt: skip
    trainer.origin, trainer.schema = old.origin, old.schema
    return trainer


def grown(hyper):
    """Return the hyper-parameters whose theta is, from the first epoch, that of the last one.

    The low theta of a first epoch flips most of the weights that an earlier run has found.
    """
    theta = None if hyper.theta is None else round(hyper.theta * hyper.grow)
    return replace(hyper, theta=theta, theta_scale=hyper.theta_scale * hyper.grow, grow=1.0)


def check_classes(dataset, classes, path):
    """Raise DataError, by name, for classes of a data set that a network has no outputs for.

    classes: that the network of the run at ``path`` has outputs for.
    """
    if dataset.classes > classes:
        names = [*dataset.schema.classes, *map(str, range(len(dataset.schema.classes), 256))]
        raise DataError(
            f"{dataset.name} has the classes {listed(names[classes : dataset.classes])}, which the "
            f"network in {path} has no outputs for; add them with --add-class, or leave their "
            f"samples out"
        )


def with_classes(trainer, count):
    """Return a trainer whose network tells ``count`` classes apart: it, or one with more outputs.

    The outputs there are keep their weights.
    """
    per_class = trainer.hyper.outputs_per_class
    if count * per_class <= trainer.network.graph.output.outputs:
        return trainer
    network = with_outputs(trainer.network, count * per_class, trainer.seed)
    new = Trainer(
        network, trainer.hyper, trainer.epochs, trainer.seed, stored=trainer.stored,
        frozen=trainer.frozen,
    )  # fmt: skip
    new.origin, new.schema = trainer.origin, trainer.schema
    return new


def known_classes(trainer):
    """Return how many classes the network of a Trainer has outputs for."""
    return max(len(schema_of(trainer).classes), trainer.settings(None).classes)
