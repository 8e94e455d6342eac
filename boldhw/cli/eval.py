"""``boldhw eval``."""

import click

from boldhw.cli import options
from boldhw.cli.output import verb
from boldhw.cli.train_graph import evaluate_graph, is_graph
from boldhw.data.majority import majority_share
from boldhw.errors import ConfigError
from boldhw.golden import checkpoint as checkpoints


@verb(name="eval")
@options.backend("golden")
@click.option("--checkpoint", type=options.FILE, required=True, help="Written by boldhw train.")
@options.samples
@options.threshold(None, "Pixels above it are T.  [default: the threshold of the run]")
def evaluate(backend, checkpoint, data_name, threshold, train_size, test_size):
    """Print the accuracy of a checkpoint on the test samples of a data set."""
    if is_graph(checkpoint):
        if backend != "golden":
            raise ConfigError(f"no device runs the graph in {checkpoint}; leave out --backend")
        return evaluate_graph(checkpoint, (data_name, train_size, test_size), threshold)
    trainer = checkpoints.load(checkpoint)
    threshold = options.run_threshold(trainer) if threshold is None else threshold
    _, _, bits, labels = options.load_bits(data_name, threshold, train_size, test_size)
    network = trainer.network
    if backend == "golden":
        accuracy = trainer.accuracy(bits, labels)
    else:
        with options.open_device(backend, network.engine) as device:
            device.load(network)
            trainer.backend = device
            accuracy = trainer.accuracy(bits, labels)
    options.say_if_nothing_learned(accuracy, labels)
    return {
        "network": list(network.widths),
        "epochs": trainer.epoch,
        "test_accuracy": accuracy,
        "majority_share": majority_share(labels),
        "samples": len(labels),
    }
