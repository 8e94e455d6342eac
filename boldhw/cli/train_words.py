"""``boldhw train`` on texts: a network over their words, on the golden model."""

from dataclasses import replace

from boldhw import data
from boldhw.cli import own_data
from boldhw.cli.saving import given
from boldhw.cli.source import frozen_layers
from boldhw.data import sequences
from boldhw.errors import ConfigError
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network

BITS = 16  # of an accumulator
CODE = 64  # bits of a word, of a network that nothing is said of
EACH = 8  # its outputs of a class
CHANGE = sequences.dropped  # in training, an eighth of the words is left out


def has_words(settings, samples):
    """Return whether a run without a checkpoint is one on texts.

    Raises ConfigError for a network over words without texts.
    """
    column = samples[3].columns.text
    if settings["network"].words and column is None:
        raise ConfigError(
            "the network takes words: say with --text which column of --data holds the texts"
        )
    return column is not None


def begin(settings, freeze, samples):
    """Return (run that has not begun, data set).

    samples: name, training and test size of the data set, and its Reading.  Without ``--network``
    the scores are random sums of the words' codes, which learn. Raises ConfigError and DataError.
    """
    name, train_size, test_size, reading = samples
    network = settings["network"] if given(["network"]) else None
    if network is not None and not network.words:
        raise ConfigError(
            f"--network {network.label} takes no words, and --text gives texts; leave one of them "
            f"out, or write a network over words as JSON (docs/rule.md)"
        )
    if given(["threshold"]):
        raise ConfigError("--threshold is for pixels, and texts have none; leave it out")
    reading = replace(reading, words=network and network.words)
    dataset = data.load(name, train_size, test_size, reading)
    own_data.tell(dataset.notes)
    schema = dataset.schema
    assert schema
    classes = len(schema.classes)
    spec = network or _usual(schema.vocabulary, classes)
    frozen = frozen_layers(freeze, spec)
    spec = spec if frozen is None else spec.frozen(frozen)
    outputs, constants, seed = spec.output.outputs, Constants(), settings["seed"]
    if outputs % classes or spec.head.kind not in ("summed", "last"):
        raise ConfigError(
            f"{name} has {classes} classes, and the last layer has {outputs} outputs and a head of "
            f"{spec.head.kind}; give it outputs that {classes} classes share evenly, and the head "
            f"summed or last"
        )
    initial = start(
        spec, constants, 0, zero_true=[False] * len(spec.layers), bits=BITS,
        outputs_per_class=outputs // classes,
    )  # fmt: skip
    graph = fastest(spec, initial, seed, BITS, dataset.x_train, dataset.y_train)
    count = len(dataset.y_train)
    trainer = GraphTrainer(graph, constants, settings["epochs"], count, seed, change=CHANGE)
    return trainer, dataset


def _usual(words, classes):
    """Return the network of texts that nothing is said of. words: their Vocabulary."""
    layers = [
        {"name": "codes", "kind": "embedding", "outputs": CODE, "taps": [{"source": "input"}]},
        {"name": "scores", "kind": "conv", "kernel": {"side": 1}, "outputs": classes * EACH,
         "taps": [{"source": "codes"}], "learns": False},
    ]  # fmt: skip
    inputs = {"words": words.longest, "vocabulary": 1 + len(words.words)}
    return Network.from_dict({"inputs": inputs, "layers": layers, "head": {"kind": "summed"}})
