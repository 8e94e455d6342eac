"""Where a run is saved, and how to go on with it: what verbs that train have in common."""

import os
import shlex
from contextlib import contextmanager

import click
from click.core import ParameterSource

from boldhw.cli.output import say
from boldhw.data.files import check_writable
from boldhw.errors import ConfigError, DataError
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.graph import checkpoint as graphs

# Options that have to be said again to resume.
REPEATED = {
    "data_name": "--data",
    "train_size": "--train-size",
    "test_size": "--test-size",
    "backend": "--backend",
}


def given(names):
    """Return those of the options that were given on the command line."""
    source = click.get_current_context().get_parameter_source
    return [name for name in names if source(name) is ParameterSource.COMMANDLINE]


def flag(name):
    """Return how an option is written."""
    return {"ignored": "--ignore", "source": "--from"}.get(name, f"--{name.replace('_', '-')}")


def refuse_fixed(path, names):
    """Raise ConfigError for an option that the run saved at ``path`` fixes."""
    if found := given(names):
        raise ConfigError(
            f"{flag(found[0])} cannot change in a resumed run, {path} fixes it; "
            f"leave it out or start a new run without --resume"
        )


def check_place(path, resumed, force):
    """Raise DataError unless the run can be saved at ``path``, and takes the place of no other."""
    check_writable(path)
    there = os.path.exists(path) and os.path.getsize(path) > 0
    if there and not force and not (resumed and os.path.samefile(path, resumed)):
        raise DataError(f"{_found(path)}, or replace it with --force")


def _found(path):
    """Return what a file holds that ``--checkpoint`` names, and what to do instead."""
    try:
        if graphs.is_graph(path):
            graph_run = graphs.load(path)
            network, done, of = graph_run.graph.spec, graph_run.epoch, graph_run.epochs
        else:
            run = checkpoints.load(path)
            network, done, of = run.network.graph, run.epoch, run.epochs
    except DataError:
        return f"{path} is there already and no checkpoint; save the run in another file"
    text = f"{path} holds a run of {network} that has done {done} of {of} epochs"
    if done < of:
        return f"{text}; go on with: {again(path)}; save this run in another file"
    return f"{text}; save this run in another file"


def again(path):
    """Return the command that resumes this run."""
    context = click.get_current_context()
    words = ["boldhw", "train", "--resume", path]
    for name, flag in REPEATED.items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            words += [flag, str(context.params[name])]
    return shlex.join(words)


@contextmanager
def resumable(trainer, checkpoint):
    """Say how to go on with a run that is interrupted in this context, if it is saved."""
    try:
        yield
    except KeyboardInterrupt:
        if checkpoint is not None:
            say(f"interrupted after epoch {trainer.epoch}; go on with: {again(checkpoint)}")
        raise
