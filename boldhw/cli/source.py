"""``--from``: a new run that begins with the network of an earlier one."""

from dataclasses import replace

import click

from boldhw.cli.options import FILE, HYPER_HELP
from boldhw.cli.own_data import CODE
from boldhw.cli.saving import flag, given
from boldhw.errors import ConfigError
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph.checkpoint import is_graph
from boldhw.golden.trainer import Trainer

# What the earlier run fixes.
FIXED = ("network", "hidden", "config", "board", "store", "threshold", *CODE)

source = click.option(
    "--from",
    "source",
    type=FILE,
    help="Begin with the network saved here, on new data of the same features and classes.",
)


def from_run(path, resume, settings):
    """Return a Trainer of a new run that begins with the network saved at ``path``.

    Its code, its classes and its engine stay, and theta is what it was at the end. Raises
    ConfigError for options that do not go with that, DataError for what is no checkpoint.
    """
    if resume is not None:
        raise ConfigError(
            "--resume goes on with a run, --from begins a new one with its network; leave one out"
        )
    if found := given(FIXED):
        raise ConfigError(
            f"{flag(found[0])} cannot change, the network in {path} fixes it; leave it out or "
            f"start a new run without --from"
        )
    if is_graph(path):
        raise ConfigError(f"{path} holds a graph, and --from is for chains of dense layers alone")
    old = checkpoints.load(path)
    hyper = grown(old.hyper)
    changes = {name: getattr(settings["hyper"], name) for name in given(HYPER_HELP)}
    hyper = replace(hyper, **changes)
    trainer = Trainer(old.network, hyper, settings["epochs"], settings["seed"], stored=old.stored)
    trainer.origin, trainer.schema = old.origin, old.schema
    return trainer


def grown(hyper):
    """Return the hyper-parameters whose theta is, from the first epoch, that of the last one.

    The low theta of a first epoch flips most of the weights that an earlier run has found.
    """
    theta = None if hyper.theta is None else round(hyper.theta * hyper.grow)
    return replace(hyper, theta=theta, theta_scale=hyper.theta_scale * hyper.grow, grow=1.0)
