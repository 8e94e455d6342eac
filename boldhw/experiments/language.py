"""Boolean embeddings, word windows and attention: sentiment, word order, recall and induction.

    sentiment   the labels of sentences
    order       sentences against the same ones with their words shuffled
    recall      a value that was beside a key, in made sequences
    induction   the word that followed a word, in made sequences

Settings are chosen on the part ``dev``, on which rows that choose are tested; other rows are tested
once on ``test``, after the last epoch. Made sequences are drawn from the seed of a run.
"""

from typing import Any

import numpy as np

from boldhw.data import sequences
from boldhw.data.sentences import Corpus, read_corpus
from boldhw.errors import ConfigError
from boldhw.experiments import training
from boldhw.experiments.bags import logistic, majority
from boldhw.experiments.experiment import Experiment
from boldhw.golden.graph.constants import Constants
from boldhw.golden.graph.fastest import fastest
from boldhw.golden.graph.start import start
from boldhw.golden.graph.trainer import GraphTrainer
from boldhw.spec.network import Network

LEAST, LONGEST = 2, 56  # of a word in the training part; words of a sentence
EACH = 8  # outputs of a class
SENTENCES, MADE = (600, 200), (8000, 2000)  # of the quick form; sequences: to train, to test
KEYS, VALUES, PAIRS = 16, 8, 8  # of recall
WORDS, LENGTH = 16, 10  # of induction
TOP = {"heads": 1, "top": 1}
BITS = 16  # of an accumulator


def settings(task, label, seed, epochs, *, bits=64, choose=False, window=False, attention=None,
             learned=True, last=True, quick=False, **constants):  # fmt: skip
    """Return the settings of a run; ``constants`` are those that are not the usual ones.

    bits: of a word's code.  choose: test on ``dev``.  attention: as JSON has it, None for none.
    learned: query and key learn.  last: the last layer learns.
    """
    return {"task": task, "label": f"{task}: {label}", "seed": seed, "epochs": epochs, "bits": bits,
            "choose": choose, "window": window, "attention": attention, "learned": learned,
            "last": last, "quick": quick, "constants": constants}  # fmt: skip


def reference(task, label, choose=False):
    """Return the settings of a model in floating point, or of none."""
    return {"task": task, "label": f"{task}: {label}", "seed": 0, "choose": choose,
            "reference": label}  # fmt: skip


REFERENCES = ("majority", "logistic regression, words", "logistic regression, words and bigrams")
CODES: dict[str, Any] = {"epochs": 30, "last": False}
ORDER: dict[str, Any] = {"epochs": 15, "bits": 128}
MATCH: dict[str, Any] = {"epochs": 15, "attention": TOP}
ROWS: dict[tuple[str, str], dict[str, Any]] = {
    ("sentiment", "codes"): CODES,
    ("sentiment", "codes of 128 bits"): CODES | {"bits": 128},
    ("order", "codes"): ORDER,
    ("order", "codes and window"): ORDER | {"window": True},
    ("recall", "attention, top 1"): MATCH,
    ("recall", "query and key frozen"): MATCH | {"learned": False},
    ("induction", "window and attention, top 1"): MATCH | {"bits": 128, "window": True},
    ("induction", "query and key frozen"): MATCH | {"bits": 128, "window": True, "learned": False},
}  # fmt: skip
# What was tried beside these, tested on ``dev``.
TRIALS: dict[tuple[str, str], dict[str, Any]] = {
    ("sentiment", "codes"): CODES,
    ("sentiment", "codes of 128 bits"): CODES | {"bits": 128},
    ("sentiment", "codes, margin 2.1 all along"): CODES | {"margin_first": 34, "margin_last": 34},
    ("sentiment", "codes, flips twice as often"):
        CODES | {"flips_first": 3575, "flips_last": 4682},
    ("sentiment", "codes, 32 sentences an update"): CODES | {"batch": 32},
    ("sentiment", "codes, fewer flips at the end"): CODES | {"flips_last": 5706},
    ("sentiment", "codes, last layer learns"): CODES | {"last": True},
    ("sentiment", "codes and window"): CODES | {"window": True},
    ("sentiment", "codes, window and attention, top 2"):
        CODES | {"window": True, "attention": {"heads": 1, "top": 2}},
    ("order", "codes and window"): ORDER | {"window": True},
    ("order", "codes of 64 bits and window"): ORDER | {"bits": 64, "window": True},
}  # fmt: skip
QUICK: dict[tuple[str, str], dict[str, Any]] = {
    ("sentiment", "codes"): {"epochs": 4, "last": False},
    ("order", "codes and window"): {"epochs": 2, "window": True},
    ("recall", "attention, top 1"): {"epochs": 2, "attention": TOP},
}


def runs(seeds, quick):
    """Return the settings of all runs."""
    if quick:
        return [settings(*row, 1, quick=True, **own) for row, own in QUICK.items()]
    tests = [
        settings(*row, seed, **own) for seed in range(1, seeds + 1) for row, own in ROWS.items()
    ]
    trials = [
        settings(*row, seed, choose=True, **own)
        for seed in range(1, min(seeds, 3) + 1) for row, own in TRIALS.items()
    ]  # fmt: skip
    return tests + trials + [reference("sentiment", label) for label in REFERENCES]


def load(name, quick):
    """Return a Corpus; of a quick form without data, made sentences. Raises ConfigError."""
    if name is None and quick:
        generator = np.random.default_rng(1)
        train, test = SENTENCES
        parts = {part: sequences.made_sentences(count, generator)
                 for part, count in (("train", train), ("dev", test), ("test", test))}  # fmt: skip
        return Corpus.of(parts, LEAST, 12)
    if name is None:
        raise ConfigError(
            "language needs sentences: give --data a folder with train.tsv, dev.tsv and test.tsv, "
            "each line words, a tab and a label"
        )
    return Corpus.of(read_corpus(name), LEAST, LONGEST)


def network(settings, words, vocabulary, classes):
    """Return the network of a run: codes, then what it has of window and attention, then scores.

    The query, the key and the value of an attention are 64 bits each; the value is the base, too.
    """

    def conv(name, sources, outputs, **fields):
        taps = [dict(zip(("source", "dx"), source, strict=False)) for source in sources]
        return {"name": name, "kind": "conv", "kernel": {"side": 1}, "taps": taps,
                "outputs": outputs, **fields}  # fmt: skip

    bits, made = settings["bits"], is_made(settings)
    layers = [{"name": "codes", "kind": "embedding", "outputs": bits, "learns": not made,
               "taps": [{"source": "input"}]}]  # fmt: skip
    if settings["window"]:
        near = [("codes", dx) for dx in (-1, 0, 1)]
        layers.append(conv("window", near, bits))
    if settings["attention"]:
        source = layers[-1]["name"]
        layers += [conv(name, [(source,)], 64, learns=settings["learned"] or name == "value")
                   for name in ("query", "key", "value")]  # fmt: skip
        roles = ("query", "key", "value", "value")
        layers.append({"name": "context", "kind": "attention", "outputs": 64,
                       "attention": settings["attention"],
                       "taps": [{"source": role} for role in roles]})  # fmt: skip
    read = [(layer["name"],) for layer in layers if layer["name"] not in ("query", "key", "value")]
    layers.append(conv("scores", read, classes * EACH, learns=settings["last"]))
    return Network.from_dict({
        "inputs": {"words": words, "vocabulary": vocabulary},
        "layers": layers,
        "head": {"kind": "last" if made else "summed"},
    })  # fmt: skip


def is_made(settings):
    """Return whether the sequences of a task are made."""
    return settings["task"] in ("recall", "induction")


def run(settings, dataset):
    """Train a network, or fit a reference; return lists with one entry per epoch."""
    if "reference" in settings:
        fit = majority if settings["reference"] == REFERENCES[0] else logistic
        bigrams = settings["reference"] == REFERENCES[2]
        return {"accuracy": [fit(dataset, bigrams)], "active": [0], "flips": [], "samples": 0}
    (words, labels, test, test_labels), codes = _samples(settings, dataset)
    vocabulary = len(codes) if codes is not None else len(dataset.vocabulary)
    spec = network(settings, words.shape[1], vocabulary, int(labels.max()) + 1)
    constants = Constants(**settings["constants"])
    initial = start(
        spec, constants, 0, zero_true=[False] * len(spec.layers), outputs_per_class=EACH
    )
    graph = fastest(spec, initial, settings["seed"], BITS, words, labels)
    if codes is not None:
        graph.layers[0].weights[...] = codes
    change = sequences.dropped if settings["task"] == "sentiment" else None
    trainer = GraphTrainer(
        graph, constants, settings["epochs"], len(labels), settings["seed"], change=change
    )
    epochs = list(trainer.run(words, labels, test, test_labels))
    return {
        "accuracy": [epoch.test_accuracy for epoch in epochs],
        "active": [epoch.active / epoch.samples for epoch in epochs],
        "flips": [epoch.flips for epoch in epochs],
        "samples": len(labels),
        "weights": sum(layer.weights for layer in spec.layers if layer.learns),
    }


def _samples(settings, dataset):
    """Return (words and labels to train on, and to test on), and codes of the words or None."""
    generator = np.random.default_rng([settings["seed"], 1])
    counts = [count // 8 for count in MADE] if settings["quick"] else MADE
    if settings["task"] == "recall":
        codes = sequences.recall_codes(settings["bits"], generator, KEYS, VALUES)
        parts = [sequences.recall(n, generator, KEYS, VALUES, PAIRS) for n in counts]
    elif settings["task"] == "induction":
        codes = generator.random((WORDS, settings["bits"])) < 0.5
        parts = [sequences.induction(n, generator, WORDS, LENGTH) for n in counts]
    else:
        codes, test = None, "dev" if settings["choose"] else "test"
        parts = [(dataset.x[part], dataset.y[part]) for part in ("train", test)]
        if settings["task"] == "order":
            parts = [sequences.shuffled(words, generator) for words, _ in parts]
    return [array for part in parts for array in part], codes


def cost(settings):
    """Return about how many samples go by, more of them where layers are many."""
    return settings.get("epochs", 1) * (1 + 3 * bool(settings.get("attention")))


def report(records):
    """Return the tables."""
    tested = [record for record in records if not record["settings"]["choose"]]
    chosen = [record for record in records if record["settings"]["choose"]]
    text = _table("test", tested)
    if chosen:
        text += f"\n\nTested on the part ``dev``:\n\n{_table('dev', chosen)}"
    return text, {}


def _table(what, records):
    rows = [
        [
            label,
            f"{group[0]['result'].get('weights', 0):,}",
            group[0]["settings"].get("epochs", ""),
            len(group),
            training.spread(training.final(group)),
            f"{np.mean([record['seconds'] for record in group]):.0f}",
        ]
        for label, group in training.by_label(records).items()
    ]
    heading = ["task: network", "weights that learn", "epochs", "seeds", f"{what} % (least)",
               "s"]  # fmt: skip
    return training.markdown(heading, rows)


EXPERIMENT = Experiment(
    title="Words: embeddings, windows and attention", runs=runs, run=run, report=report, load=load,
    cost=cost,
)  # fmt: skip
