"""What ``boldhw train`` says at the end: what was learned, and if nothing was, what to try."""

from dataclasses import asdict

from boldhw.cli.options import ADVICE, say_if_nothing_learned
from boldhw.cli.output import key_values, say, table
from boldhw.cli.own_data import schema_of
from boldhw.data.majority import majority_share
from boldhw.golden.diagnosis import figures
from boldhw.golden.trainer import share_right
from boldhw.report.epochs import MOST_CLASSES, has_frozen

GRAPH_ADVICE = (
    "try more epochs, more levels of a pixel (such as 28x28x3 for 28x28), more outputs a layer, or "
    "another --seed"
)
WORD_ADVICE = "try more epochs, more texts, another network or another --seed"
TABLES = ("classes", "layers", "confusion")  # keys of the result that people get as tables
COLUMNS = ["layer", "T", "gated", "signals", "flips", "theta", "saturated", "units", "never T",
           "always T"]  # fmt: skip


def advice(trainer):
    """Return what to try with a run that learned nothing."""
    if hasattr(trainer, "hyper"):
        return ADVICE
    return WORD_ADVICE if trainer.graph.spec.words else GRAPH_ADVICE


def result_of(network, trainer, epochs, test, labels, seconds):
    """Return the JSON object of epochs trained now, a list of EpochStats that may be empty.

    network: as it is written there.  test, labels: the test samples, as the trainer takes them.
    Says on stderr if nothing was learned, or if nothing moves any more.
    """
    counts = epochs[-1].confusion if epochs else trainer.confusion(test, labels)
    accuracy = share_right(counts)
    say_if_nothing_learned(accuracy, labels, advice(trainer))
    if epochs and _stands_still(epochs[-1]):
        say(f"boldhw: warning: no weight flipped in epoch {trainer.epoch}; {_thaw(trainer)}")
    trained = sum(stats.samples for stats in epochs)
    layers = figures(trainer.layer_states(), epochs[-1].flips) if epochs else []
    return {
        "network": network,
        "epochs": trainer.epoch,
        "test_accuracy": accuracy,
        "majority_share": majority_share(labels),
        "train_active_fraction": sum(stats.active for stats in epochs) / max(trained, 1),
        "flips": [sum(layer) for layer in zip(*(s.flips for s in epochs), strict=True)],
        "updates": sum(stats.updates for stats in epochs),
        "samples": trained,
        "seconds": round(seconds, 3),
        "classes": list(schema_of(trainer).classes),
        "layers": [asdict(layer) for layer in layers],
        "confusion": [list(row) for row in counts] if len(counts) <= MOST_CLASSES else None,
    }


def _stands_still(stats):
    return has_frozen(stats.updates, stats.flips, stats.active / stats.samples)


def _thaw(trainer):
    """Return what gets training going again."""
    hyper = getattr(trainer, "hyper", None)
    if hyper is None:
        return "training has frozen: try more samples, or a shorter run with fewer --epochs"
    if hyper.theta is not None:
        return "training has frozen: leave out --theta, or try a smaller one"
    scale = f"{hyper.theta_scale / 4:.2g}"
    return f"training has frozen: try a smaller theta, such as --theta-scale {scale}"


def text_of(result):
    """Return the words of a result: its figures, a line a layer, and who was taken for whom."""
    parts = [key_values({k: value for k, value in result.items() if k not in TABLES})]
    if result["layers"]:
        parts.append(table([_row(layer) for layer in result["layers"]], COLUMNS))
    if result["confusion"]:
        parts.append(confusion_text(result["confusion"], result["classes"]))
    return "\n\n".join(parts)


def _row(layer):
    low, high = layer["saturated_low"], layer["saturated_high"]
    values = (
        layer["name"], *(_percent(layer[f"{name}_share"]) for name in ("true", "gated", "signal")),
        layer["flips"], layer["theta"], f"{_percent(low)} + {_percent(high)}", layer["units"],
        *("" if layer[name] is None else layer[name] for name in ("never", "always")),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _percent(share):
    return "" if share is None else f"{100 * share:.1f} %"


def confusion_text(counts, classes):
    """Return a confusion matrix as lines: a label each, its answers by number, and their share.

    counts: lists of int, row the label, column the answer.  classes: names of those that have one.
    """
    names = [*classes, *(f"output {index}" for index in range(len(classes), len(counts)))]
    width = max(len(str(max(map(max, counts)))), len(str(len(counts) - 1)))
    heads = [f"{index} {name}" for index, name in enumerate(names)]
    first = max(map(len, heads))
    lines = [" ".join([f"{'answer':>{first}}", *(f"{i:>{width}}" for i in range(len(counts)))])]
    for index, (head, row) in enumerate(zip(heads, counts, strict=True)):
        cells = " ".join(f"{count or '.':>{width}}" for count in row)
        right = f"  {100 * row[index] / sum(row):.1f} % right" if sum(row) else "  no sample"
        lines.append(f"{head:<{first}} {cells}{right}")
    return "\n".join(lines)
