"""Measured tables and plots, each by one command: ``boldhw experiment NAME``."""

from importlib import import_module

from boldhw.errors import ConfigError

# Name of an experiment -> the module that holds it as EXPERIMENT.
EXPERIMENTS = {
    "eta": "boldhw.experiments.eta",
    "accumulators": "boldhw.experiments.accumulators",
    "chain-tables": "boldhw.experiments.chain_tables",
    "cifar10": "boldhw.experiments.cifar10",
    "collapse": "boldhw.experiments.collapse",
    "convolution": "boldhw.experiments.convolution",
    "fashion": "boldhw.experiments.fashion",
    "faults": "boldhw.experiments.faults",
    "flipped": "boldhw.experiments.flipped",
    "governed": "boldhw.experiments.governed",
    "ideas": "boldhw.experiments.ideas",
    "language": "boldhw.experiments.language",
    "memory": "boldhw.experiments.memory",
    "mnist-conv": "boldhw.experiments.mnist_conv",
    "networks": "boldhw.experiments.networks",
    "paper": "boldhw.experiments.paper",
    "paper-tasks": "boldhw.experiments.paper_tasks",
    "planes": "boldhw.experiments.planes",
    "segmentation": "boldhw.experiments.segmentation",
    "shuffling": "boldhw.experiments.shuffling",
    "superres": "boldhw.experiments.superres",
    "tables": "boldhw.experiments.tables",
    "tuning": "boldhw.experiments.tuning",
    "variance": "boldhw.experiments.variance",
}


def find(name):
    """Return the Experiment called ``name``. Raises ConfigError if there is none."""
    if name not in EXPERIMENTS:
        raise ConfigError(f"there is no experiment {name!r}; try {', '.join(EXPERIMENTS)}")
    return import_module(EXPERIMENTS[name]).EXPERIMENT
