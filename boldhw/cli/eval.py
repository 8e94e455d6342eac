"""``boldhw eval``."""

import click

from boldhw.cli import arrays, options, own_data
from boldhw.cli.graph_backend import Backend
from boldhw.cli.output import verb
from boldhw.cli.train_graph import evaluate_graph, is_graph
from boldhw.data.majority import majority_share
from boldhw.data.sources import load_to_test
from boldhw.golden import checkpoint as checkpoints
from boldhw.golden.fastest import compiled


@verb(name="eval")
@options.backend("golden")
@click.option("--checkpoint", type=options.FILE, required=True, help="Written by boldhw train.")
@options.samples
@own_data.reading()
@options.threshold(None, "Pixels above it are T.  [default: the threshold of the run]")
@arrays.of_graph
def evaluate(backend, checkpoint, data_name, reading, threshold, train_size, test_size, choice):
    """Print the accuracy of a checkpoint on the test samples of a data set.

    Of data that come in one piece these are the samples that the run did not train on; data that it
    does not know are tested as a whole.
    """
    if is_graph(checkpoint):
        backend = Backend(backend, choice)
        return evaluate_graph(checkpoint, backend, (data_name, test_size, reading), threshold)
    arrays.refuse_board(choice, checkpoint)
    trainer = checkpoints.load(checkpoint)
    dataset = load_to_test(data_name, test_size, reading, own_data.schema_of(trainer))
    own_data.tell(dataset.notes)
    _, _, bits, labels = dataset.samples(own_data.threshold_of(trainer, threshold))
    network = trainer.network
    if backend == "golden":
        trainer.backend = compiled(network, bits, None)
        accuracy = trainer.accuracy(bits, labels)
    else:
        with options.open_device(backend, network.config) as device:
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
